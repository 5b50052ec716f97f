"""Tier 1 goes on: etags, conditions, policies, holds and versions of the run's own buckets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..cloud.iam import of_bucket
from .checks import Facts, check, hold
from .ledger import Entry
from .session import LABEL, Session
from .wire import Wire, named, told

VIEWER = "roles/storage.objectViewer"


@check(1, "stale-etag-bucket")
def policy_that_somebody_else_wrote(session: Session) -> Facts:
    """Write the bucket's policy with an etag that a write in between has made stale."""
    from google.api_core.exceptions import GoogleAPICallError

    member = f"projectViewer:{session.own.project_id}"
    stale, fresh = of_bucket(session.bucket), of_bucket(session.bucket)
    session.ledger.add(Entry("role", VIEWER, member))
    fresh.bindings.append({"role": VIEWER, "members": {member}})
    session.bucket.set_iam_policy(fresh)
    try:
        session.bucket.set_iam_policy(stale)
    except GoogleAPICallError as error:
        return hold(error.code == 412, status=int(error.code or 0), said=str(error)[:300])
    return hold(False, status=200)


@check(1, "conditions-on-writes")
def conditions_on_writes(session: Session) -> Facts:
    """Write over an object with If-None-Match, and delete one with another's If-Match."""
    wire = Wire(session.clients, session.run)
    wire.upload("conditions/there", b"first")
    place = f"/o/{named('conditions/there')}"
    written = wire.upload("conditions/there", b"second", headers={"If-None-Match": "*"})
    by_xml = wire.xml("PUT", "conditions/there", data=b"x", headers={"If-None-Match": "*"})
    deleted = wire.json("DELETE", place, headers={"If-Match": '"other"'})
    both = wire.json("GET", f"{place}?ifGenerationMatch=1&ifGenerationNotMatch=2")
    facts = {
        "written": written.status_code,
        "by_xml": by_xml.status_code,
        "deleted": deleted.status_code,
        "both": both.status_code,
    }
    return hold(facts == {"written": 412, "by_xml": 412, "deleted": 412, "both": 400}, **facts)


@contextmanager
def second_bucket(session: Session, **changes: Any) -> Iterator[Any]:
    """Have another bucket of the run, with its label, for what spoils one."""
    made = session.clients.storage.bucket(f"{session.run}-b")
    made.labels = {LABEL: session.run}
    for name, value in changes.items():
        setattr(made, name, value)
    made.create(location=session.settings.region)
    try:
        yield made
    finally:
        for blob in made.list_blobs(versions=True):
            blob.delete()
        made.delete()


@check(1, "put-resets-bucket")
def what_a_put_removes(session: Session) -> Facts:
    """Put a bucket that names its label alone, and read what is left of its settings."""
    with second_bucket(session) as made:
        made.iam_configuration.uniform_bucket_level_access_enabled = True
        made.iam_configuration.public_access_prevention = "enforced"
        made.patch()
        answer = Wire(session.clients, made.name).json(
            "PUT", "", json={"labels": {LABEL: session.run}}
        )
        left = session.clients.storage.get_bucket(made.name).iam_configuration
        facts = {
            "uniform": bool(left.uniform_bucket_level_access_enabled),
            "prevention": str(left.public_access_prevention),
        }
    removed = not facts["uniform"] and facts["prevention"] != "enforced"
    return hold(answer.status_code == 200 and removed, **told(answer), **facts)


@check(1, "holds-and-versions")
def an_object_that_is_held(session: Session) -> Facts:
    """Delete and replace a held object in a bucket with versioning; copy it."""
    with second_bucket(session, versioning_enabled=True) as made:
        wire = Wire(session.clients, made.name)
        wire.upload("held", b"first")
        blob = made.get_blob("held")
        blob.temporary_hold = True
        blob.patch()
        try:
            deleted, replaced = wire.json("DELETE", "/o/held"), wire.upload("held", b"second")
            copied = wire.json("POST", f"/o/held/copyTo/b/{made.name}/o/copy").json()
        finally:
            for one in made.list_blobs():
                if one.temporary_hold:
                    one.temporary_hold = False
                    one.patch()
    facts = {
        "deleted": deleted.status_code,
        "replaced": replaced.status_code,
        "copy_held": bool(copied.get("temporaryHold")),
    }
    return hold(facts == {"deleted": 403, "replaced": 403, "copy_held": False}, **facts)


@check(1, "move-of-versions")
def move_in_a_bucket_with_versions(session: Session) -> Facts:
    """Move an object, and see whether its source is a noncurrent version then."""
    with second_bucket(session, versioning_enabled=True) as made:
        made.iam_configuration.uniform_bucket_level_access_enabled = True
        made.patch()
        wire = Wire(session.clients, made.name)
        wire.upload("a", b"first")
        answer = wire.json("POST", "/o/a/moveTo/o/b")
        current = sorted(one.name for one in made.list_blobs())
        versions = sorted(one.name for one in made.list_blobs(versions=True))
    facts = {**told(answer), "current": current, "versions": versions}
    return hold(current == ["b"] and versions == ["a", "b"], **facts)


@check(1, "acls-and-folders")
def access_lists_and_managed_folders(session: Session) -> Facts:
    """Ask for access lists under uniform access, a managed folder without it, and the public."""
    wire = Wire(session.clients, session.run)
    wire.upload("acl/there", b"x")
    listed = wire.json("GET", f"/o/{named('acl/there')}/acl")
    with second_bucket(session) as made:
        made.iam_configuration.uniform_bucket_level_access_enabled = False
        made.iam_configuration.public_access_prevention = "enforced"
        made.patch()
        other = Wire(session.clients, made.name)
        folder = other.json("POST", "/managedFolders", json={"name": "f/"})
        public = other.json("POST", "/acl", json={"entity": "allUsers", "role": "READER"})
    facts = {
        "access_list": listed.status_code,
        "folder": folder.status_code,
        "public": public.status_code,
    }
    return hold(facts == {"access_list": 400, "folder": 400, "public": 412}, **facts)
