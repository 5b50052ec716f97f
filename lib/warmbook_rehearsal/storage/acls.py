"""Access control lists: their entries, and what they mean as bindings of IAM; stores none.

A bucket's list is another view of its policy's legacy roles. Source: Cloud Storage, "Access
control lists" and "IAM roles for Cloud Storage", legacy roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from warmbook_rehearsal.access import Binding

from .errors import StorageError, invalid

Entry = Mapping[str, str]
"""One `entity` and its `role`."""

Names = tuple[str, str]
"""A project's id and number."""

BUCKET_ROLES = {
    "OWNER": "roles/storage.legacyBucketOwner",
    "WRITER": "roles/storage.legacyBucketWriter",
    "READER": "roles/storage.legacyBucketReader",
}
OBJECT_ROLES = {
    "OWNER": "roles/storage.legacyObjectOwner",
    "READER": "roles/storage.legacyObjectReader",
}
PUBLIC = ("allUsers", "allAuthenticatedUsers")
_TEAMS = {"projectOwner": "owners", "projectEditor": "editors", "projectViewer": "viewers"}
_KINDS = {"user": "user", "serviceAccount": "user", "group": "group", "domain": "domain"}


def project_entries(number: str) -> list[Entry]:
    """Return the entries that a list has if nothing else is said: those of the project's teams."""
    roles = {"owners": "OWNER", "editors": "OWNER", "viewers": "READER"}
    return [{"entity": f"project-{team}-{number}", "role": role} for team, role in roles.items()]


def checked_entries(document: object, roles: Iterable[str]) -> list[Entry]:
    """Return the entries of a client's `document`, each entity once.

    Raises:
        StorageError: 400, it is no list of entities with one of these roles.
    """
    if not isinstance(document, list):
        raise invalid("An access control list must be a list.")
    entries = [checked_entry(entry, roles) for entry in document]
    return list({entry["entity"]: entry for entry in entries}.values())


def checked_entry(entry: object, roles: Iterable[str]) -> Entry:
    """Return one entry; raises StorageError 400 if it is none."""
    given = entry if isinstance(entry, dict) else {}
    entity, role = given.get("entity"), given.get("role")
    if not isinstance(entity, str) or member_of(entity, ("", "")) is None:
        raise invalid(f"Could not parse the entity of an access control: {entity!r}")
    if role not in tuple(roles):
        raise invalid(f"Invalid role of an access control: {role!r}")
    return {"entity": entity, "role": str(role)}


def without_public(bindings: Iterable[Binding]) -> list[Binding]:
    """Return what is left of bindings where public access is prevented.

    What was granted to the public before stays written, and gives nothing. Source: Cloud Storage,
    "Public access prevention".
    """
    return [
        {**one, "members": [name for name in one["members"] if name not in PUBLIC]}
        for one in bindings
    ]


def check_not_public(entities: Iterable[str]) -> None:
    """Check that none of the entities, or members, is the public; raises StorageError 412."""
    if set(entities) & set(PUBLIC):
        raise StorageError(
            412,
            "conditionNotMet",
            "The member bindings allUsers and allAuthenticatedUsers are not allowed since public "
            "access prevention is enforced.",
        )


def entries_of(bindings: Sequence[Binding], project: Names) -> list[Entry]:
    """Return a bucket's list: what its policy's legacy roles say of members that have entities."""
    return [
        {"entity": entity, "role": role}
        for role, name in BUCKET_ROLES.items()
        for binding in bindings
        if binding["role"] == name and not binding.get("condition")
        for member in binding["members"]
        if (entity := _entity_of(member, project))
    ]


def bindings_with(
    bindings: Sequence[Binding], entries: Iterable[Entry], project: Names
) -> list[Binding]:
    """Return a policy's bindings with those of a bucket's list in the place of its legacy roles."""
    listed = set(BUCKET_ROLES.values())
    kept = [one for one in bindings if one["role"] not in listed or one.get("condition")]
    members = {one["role"]: one["members"] for one in bindings_of(entries, BUCKET_ROLES, project)}
    for one in (one for one in bindings if one not in kept):
        strangers = [name for name in one["members"] if not _entity_of(name, project)]
        if strangers:
            members[one["role"]] = [*members.get(one["role"], []), *strangers]
    return [*({"role": role, "members": names} for role, names in members.items()), *kept]


def bindings_of(
    entries: Iterable[Entry], roles: Mapping[str, str], project: Names
) -> list[Binding]:
    """Return what the entries mean in a policy, by these roles."""
    members: dict[str, list[str]] = {}
    for entry in entries:
        if member := member_of(entry["entity"], project):
            members.setdefault(roles[entry["role"]], []).append(member)
    return [{"role": role, "members": names} for role, names in members.items()]


def member_of(entity: str, project: Names) -> str | None:
    """Return the member that an entity stands for in a policy, None if it is no entity."""
    if entity in PUBLIC:
        return entity
    kind, _, name = entity.partition("-")
    if kind == "project":
        teams = {team: member for member, team in _TEAMS.items()}
        team, _, of = name.partition("-")
        return f"{teams[team]}:{project[0] if of in project else of}" if team in teams else None
    if not name or kind not in ("user", "group", "domain"):
        return None
    is_account = kind == "user" and name.endswith(".gserviceaccount.com")
    return f"{'serviceAccount' if is_account else kind}:{name}"


def _entity_of(member: str, project: Names) -> str | None:
    if member in PUBLIC:
        return member
    kind, _, name = member.partition(":")
    if kind in _TEAMS:
        return f"project-{_TEAMS[kind]}-{project[1] if name in project else name}"
    return f"{_KINDS[kind]}-{name}" if kind in _KINDS else None


def described(entry: Entry, kind: str, bucket: str) -> dict[str, Any]:
    """Return the resource of an entry; `kind` is "bucket" or "object"."""
    entity = entry["entity"]
    told: dict[str, Any] = {"kind": f"storage#{kind}AccessControl", "bucket": bucket, **entry}
    first, _, rest = entity.partition("-")
    if first == "project":
        team, _, number = rest.partition("-")
        told["projectTeam"] = {"projectNumber": number, "team": team}
    elif first in ("user", "group") and "@" in rest:
        told["email"] = rest
    elif first == "domain":
        told["domain"] = rest
    return told
