"""Who gets what: grants that hold later, teams of projects, and the public where it is kept out."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import requests

from warmbook_rehearsal.access import Caller
from warmbook_rehearsal.propagation import Propagation
from warmbook_rehearsal.storage.permissions import needed_to_change, needed_to_write
from warmbook_rehearsal.time_scale import TimeScale

from .conftest import NUMBER, POD, POD_ADDRESS, PROJECT, Server

VIEWER = "roles/storage.objectViewer"
PASSER_BY = Caller("user:passer-by@example.com", "passer-by@example.com")
ANYBODY = "127.0.0.1"
ELSEWHERE = "999999999999"


# ── grants hold later ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def now():
    """The time of a server's propagation, in a list."""
    return [0.0]


@pytest.fixture
def late(tmp_path, now):
    """A server where what is granted holds ten seconds later."""
    propagation = Propagation(10.0, clock=lambda: now[0])
    server = Server(tmp_path, TimeScale(1.0), propagation)
    server.start()
    yield server
    server.stop()


def made(server, *, uniform):
    return server.call(
        server.storage.create_bucket, "late-models", "us-central1", uniform_access=uniform
    )


def grant(server, bucket, *members):
    """Let the bucket's policy give its viewers' role to these and nobody else."""
    document = {"bindings": [{"role": VIEWER, "members": list(members)}]}
    server.call(server.storage.permissions.set_policy, bucket, document)


def listed(server, address=POD_ADDRESS):
    """Return the status of a request for the bucket's objects that arrives at an address."""
    url = f"http://{address}:{server.port}/storage/v1/b/late-models/o"
    return requests.get(url, timeout=10).status_code


def test_a_new_role_lets_a_pod_list_when_it_holds_and_no_longer_than_it_is_there(late, now):
    bucket = made(late, uniform=True)
    grant(late, bucket, POD.member)
    assert listed(late) == 403
    now[0] = 9.9
    assert listed(late) == 403
    now[0] = 10.0
    assert listed(late) == 200
    grant(late, bucket)
    assert listed(late) == 403


def test_an_entry_of_a_buckets_list_holds_later_too(late, now):
    late.callers.register(ANYBODY, PASSER_BY)
    entries = [{"entity": "user-passer-by@example.com", "role": "READER"}]
    late.call(late.storage.permissions.set_bucket_acl, made(late, uniform=False), entries)
    assert listed(late, ANYBODY) == 403
    now[0] = 10.0
    assert listed(late, ANYBODY) == 200


# ── access control lists and the public ─────────────────────────────────────────────────────────


@pytest.fixture
def lists(client, request):
    """A bucket with lists, whose policy gives nobody anything, and objects `x` and `y`."""
    bucket = client.create_bucket(f"permissions-{abs(hash(request.node.name))}")
    for name in "xy":
        bucket.blob(name).upload_from_string(name)
    policy = bucket.get_iam_policy()
    for role in list(policy):
        del policy[role]
    bucket.set_iam_policy(policy)
    return bucket


@contextmanager
def calling(server, address, role):
    """Let who calls `address` hold a role on the project."""
    server.callers.register(address, PASSER_BY)
    server.project_bindings.append({"role": role, "members": [PASSER_BY.member]})
    yield
    server.project_bindings.pop()
    server.callers.forget(address)


@pytest.mark.parametrize(
    ("team", "role"),
    [
        ("owners", "roles/owner"),
        ("editors", "roles/editor"),
        ("viewers", "roles/viewer"),
    ],
)
def test_a_projects_team_reads_the_object_whose_list_names_it(server, http, lists, team, role):
    for name, number in (("x", NUMBER), ("y", ELSEWHERE)):
        only(http, lists, name, f"project-{team}-{number}")
    assert statuses(server, lists) == [403, 403]
    with calling(server, ANYBODY, role):
        assert statuses(server, lists) == [200, 403]
    another = "roles/viewer" if team == "owners" else "roles/owner"
    with calling(server, ANYBODY, another):
        assert statuses(server, lists) == [403, 403]


def test_a_team_may_be_named_by_the_projects_id(server, http, lists):
    only(http, lists, "x", f"project-viewers-{PROJECT}")
    with calling(server, ANYBODY, "roles/viewer"):
        assert statuses(server, lists)[0] == 200


def only(http, bucket, name, entity):
    """Let an object's list have one entry."""
    path = f"/storage/v1/b/{bucket.name}/o/{name}"
    body = {"acl": [{"entity": entity, "role": "READER"}]}
    assert http.patch(path, json=body).status_code == 200


def statuses(server, bucket):
    """Return what reading `x` and `y` without credentials is answered with."""
    paths = (f"{server.url}/storage/v1/b/{bucket.name}/o/{name}" for name in "xy")
    return [requests.get(path, timeout=10).status_code for path in paths]


def test_a_team_of_another_project_in_a_policy_is_not_ours(server, http, lists):
    bindings = [{"role": VIEWER, "members": [f"projectViewer:{ELSEWHERE}"]}]
    path = f"/storage/v1/b/{lists.name}/iam"
    assert http.put(path, json={"bindings": bindings}).status_code == 200
    with calling(server, ANYBODY, "roles/viewer"):
        assert listing(server, lists) == 403


def listing(server, bucket):
    return requests.get(f"{server.url}/storage/v1/b/{bucket.name}/o", timeout=10).status_code


@pytest.mark.parametrize("public", ["allUsers", "allAuthenticatedUsers"])
def test_what_was_public_before_is_not_where_public_access_is_prevented(
    server, http, lists, public
):
    grant_to(http, lists, public)
    only(http, lists, "x", public)
    signed_in = public == "allAuthenticatedUsers"
    with calling(server, ANYBODY, "roles/browser") if signed_in else nobody():
        assert (listing(server, lists), statuses(server, lists)) == (200, [200, 200])
        prevent(http, lists, "enforced")
        assert (listing(server, lists), statuses(server, lists)) == (403, [403, 403])
        prevent(http, lists, "inherited")
        assert (listing(server, lists), statuses(server, lists)) == (200, [200, 200])


@contextmanager
def nobody():
    """Let nobody in particular call."""
    yield


def grant_to(http, bucket, member):
    bindings = [{"role": VIEWER, "members": [member]}]
    path = f"/storage/v1/b/{bucket.name}/iam"
    assert http.put(path, json={"bindings": bindings}).status_code == 200


def prevent(http, bucket, value):
    setting = {"iamConfiguration": {"publicAccessPrevention": value}}
    assert http.patch(f"/storage/v1/b/{bucket.name}", json=setting).status_code == 200


# ── what fields need ────────────────────────────────────────────────────────────────────────────


EACH = {"createContext", "updateContext", "deleteContext"}


def custom(**values):
    return {"contexts": {"custom": {key: {"value": value} for key, value in values.items()}}}


def test_a_new_object_needs_more_for_its_retention_and_contexts():
    assert [*needed_to_write({"contentType": "text/plain"})] == []
    both = {"retention": {"mode": "Locked"}, **custom(a="1")}
    assert [*needed_to_write(both)] == [
        "storage.objects.setRetention",
        "storage.objects.createContext",
    ]


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        ({}, custom(a="1"), {"createContext"}),
        (custom(a="1"), custom(a="2"), {"updateContext"}),
        (custom(a="1"), {}, {"deleteContext"}),
        (custom(a="1", b="1"), custom(b="2", c="3"), EACH),
        (custom(a="1"), custom(a="1"), set()),
    ],
)
def test_contexts_are_added_changed_and_removed_by_a_permission_each(before, after, needed):
    found = set(needed_to_change(before, after, (), replaces=False))
    assert found == {f"storage.objects.{name}" for name in needed}


def test_an_update_of_a_retained_object_needs_what_its_retention_does():
    before = {"retention": {"mode": "Unlocked"}}
    needed = [*needed_to_change(before, {}, (), replaces=True)]
    assert needed == ["storage.objects.setRetention"]
    assert [*needed_to_change(before, before, (), replaces=False)] == []
