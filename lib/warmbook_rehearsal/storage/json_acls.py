"""JSON API: access control lists of buckets, of objects, and of objects to come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .acls import BUCKET_ROLES, OBJECT_ROLES, Entry, checked_entry, described
from .errors import StorageError
from .request import Call, Endpoint, json_response, no_content

Read = Callable[[Call, str], Sequence[Entry]]
"""Returns a list, if the caller may `get` or `set` it."""

Write = Callable[[Call, Sequence[Entry]], None]


@dataclass(frozen=True)
class Lists:
    """One kind of lists: how they are called and described, read and written."""

    kind: str
    roles: Sequence[str]
    read: Read
    write: Write

    def endpoints(self) -> tuple[tuple[str, str, Endpoint], ...]:
        """Return method, path below the list's, and endpoint."""
        return (
            ("GET", "", self.list_),
            ("POST", "", self.insert),
            ("GET", "/{entity}", self.get),
            ("PUT", "/{entity}", self.put),
            ("PATCH", "/{entity}", self.put),
            ("DELETE", "/{entity}", self.delete),
        )

    async def list_(self, call: Call) -> web.Response:
        """AccessControls: list."""
        items = [self._described(call, entry) for entry in self.read(call, "get")]
        return json_response({"kind": f"storage#{self.kind}AccessControls", "items": items})

    async def get(self, call: Call) -> web.Response:
        """AccessControls: get."""
        return json_response(self._described(call, _one(call, self.read(call, "get"))))

    async def insert(self, call: Call) -> web.Response:
        """AccessControls: insert: an entity that is there gets the new role."""
        return self._set(call, checked_entry(await call.document(), self.roles))

    async def put(self, call: Call) -> web.Response:
        """AccessControls: update and patch."""
        role = (await call.document()).get("role")
        there = _one(call, self.read(call, "set"))
        return self._set(call, checked_entry({**there, "role": role}, self.roles))

    async def delete(self, call: Call) -> web.Response:
        """AccessControls: delete."""
        entries = self.read(call, "set")
        gone = _one(call, entries)
        self.write(call, [entry for entry in entries if entry != gone])
        return no_content()

    def _set(self, call: Call, entry: Entry) -> web.Response:
        entries = {one["entity"]: one for one in self.read(call, "set")}
        self.write(call, list((entries | {entry["entity"]: entry}).values()))
        return json_response(self._described(call, entry))

    def _described(self, call: Call, entry: Entry) -> dict[str, Any]:
        return described(entry, self.kind, call.path["bucket"])


def _one(call: Call, entries: Sequence[Entry]) -> Entry:
    entity = call.path["entity"]
    found = next((entry for entry in entries if entry["entity"] == entity), None)
    if found is None:
        raise StorageError(404, "notFound", f"There is no access control for {entity}.")
    return found


def _needed(kind: str, verb: str) -> tuple[str, ...]:
    """Return what it needs to `get` a list of "buckets" or "objects", or to `set` one.

    Source: Cloud Storage, "IAM permissions for JSON methods", "ACL-related methods".
    """
    to_get, to_set = ("get", "getIamPolicy"), ("setIamPolicy", "update")
    return tuple(f"storage.{kind}.{one}" for one in to_get + (to_set if verb == "set" else ()))


def _of_bucket(call: Call, verb: str) -> Sequence[Entry]:
    bucket = call.bucket(*_needed("buckets", verb))
    bucket.check_has_acls()
    return call.storage.permissions.bucket_acl(bucket)


def _set_of_bucket(call: Call, entries: Sequence[Entry]) -> None:
    bucket = call.storage.bucket(call.path["bucket"])
    call.storage.permissions.set_bucket_acl(bucket, entries)


def _of_new_objects(call: Call, verb: str) -> Sequence[Entry]:
    bucket = call.bucket(*_needed("buckets", verb))
    bucket.check_has_acls()
    return call.storage.permissions.default_acl(bucket)


def _set_of_new_objects(call: Call, entries: Sequence[Entry]) -> None:
    call.storage.bucket(call.path["bucket"]).set_default_acl(entries)


def _of_object(call: Call, verb: str) -> Sequence[Entry]:
    meta = call.meta(*_needed("objects", verb))
    call.storage.bucket(meta.bucket).check_has_acls()
    return call.storage.permissions.object_acl(meta)


def _set_of_object(call: Call, entries: Sequence[Entry]) -> None:
    meta = call.meta()
    call.storage.update_object(meta, {**meta.fields, "acl": list(entries)})


OF_BUCKETS = Lists("bucket", tuple(BUCKET_ROLES), _of_bucket, _set_of_bucket)
OF_NEW_OBJECTS = Lists("object", tuple(OBJECT_ROLES), _of_new_objects, _set_of_new_objects)
OF_OBJECTS = Lists("object", tuple(OBJECT_ROLES), _of_object, _set_of_object)
