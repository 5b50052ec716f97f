"""One request: who sent it, what its path names, whether it is allowed; answers nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from warmbook_rehearsal.access import ANONYMOUS, Caller

from .acls import described
from .buckets import Bucket
from .errors import condition_not_met, forbidden, invalid, no_such_bucket, xml_document
from .objects import Meta
from .preconditions import Preconditions, whole_number
from .state import Storage

BUCKET, OBJECT = "Storage bucket", "Storage object"
"""What a 403 says the access was to."""


@dataclass(frozen=True)
class Call:
    """A request with its caller; `path` holds the parts of the URL's path, decoded.

    `paced` yields bytes of an object that an answer sends, in pieces, each when it may leave.
    """

    request: web.Request
    storage: Storage
    caller: Caller
    base_url: str
    path: Mapping[str, str]
    paced: Callable[[Meta, range], AsyncIterator[range]]

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, the first of each name."""
        return self.request.query

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, in any case."""
        return self.request.headers

    @property
    def object_name(self) -> str:
        """The object that the path names."""
        return self.path["name"]

    @property
    def preconditions(self) -> Preconditions:
        """The preconditions in the query, and those on etags in the headers."""
        return Preconditions.of_query(self.query).with_etags(self.headers)

    def bucket(self, *permissions: str, name: str | None = None, about: str = "") -> Bucket:
        """Return the bucket called `name`, or named by the path, if the caller may use it so.

        `about` is the object that the permissions are needed on, "" for the bucket itself.

        Raises:
            StorageError: 403, the caller lacks one of the permissions; 404, it is absent; 412, a
                federated principal asks, and the bucket has no uniform bucket-level access
                (source: grafana/tempo issue 3556).
        """
        bucket = self.storage.find_bucket(self.path["bucket"] if name is None else name)
        if bucket is None and self.caller != ANONYMOUS:
            raise no_such_bucket()
        for permission in permissions:
            if bucket is None or not self.may(permission, bucket, about):
                raise forbidden(self.caller.display, permission, OBJECT if about else BUCKET)
        if bucket is None:
            raise no_such_bucket()
        if self.caller.federated and not bucket.uniform:
            raise condition_not_met()
        return bucket

    def may(self, permission: str, bucket: Bucket, about: str = "") -> bool:
        """Say whether the caller has `permission` on `bucket`, or on its object `about`."""
        return self.storage.permissions.may(self.caller, permission, bucket, about)

    def require_on_project(self, permission: str) -> None:
        """Check that the request means our project, and that the caller has `permission` on it.

        Raises:
            StorageError: 403.
        """
        # the Python client says "<none>" if it has an emulator and no project
        ours = (self.storage.project_id, self.storage.project_number, "<none>", None)
        may = self.storage.permissions.may_in_project(self.caller, permission)
        if self.query.get("project") not in ours or not may:
            raise forbidden(self.caller.display, permission, "project")

    def meta(self, *permissions: str) -> Meta:
        """Return the object (and generation) that the request names, if it may be used so.

        Raises:
            StorageError: 403, or 404.
        """
        bucket = self.bucket(*permissions, about=self.object_name)
        generation = whole_number(self.query, "generation")
        return self.storage.object(bucket.name, self.object_name, generation)

    def shows_acls(self, bucket: Bucket, about: str = "") -> bool:
        """Say whether the answer has the lists of `bucket`, or that of its object `about`.

        Who may not read them gets the rest. Source: Cloud Storage, "IAM permissions for JSON
        methods", footnotes 2, 4 and 6.
        """
        asked = self.query.get("projection") == "full" and not bucket.uniform
        permission = f"storage.{'objects' if about else 'buckets'}.getIamPolicy"
        return asked and self.may(permission, bucket, about)

    def described(self, meta: Meta) -> dict[str, Any]:
        """Return the resource of an object in the JSON API."""
        bucket = self.storage.bucket(meta.bucket)
        told = bucket.object_as_json(meta, self.base_url)
        if self.shows_acls(bucket, meta.name):
            entries = self.storage.permissions.object_acl(meta)
            told["acl"] = [described(entry, "object", bucket.name) for entry in entries]
        return told

    def delete(self, meta: Meta) -> None:
        """Delete an object; the generation that the query names, if it does, for good."""
        if self.query.get("generation"):
            self.storage.purge_object(meta)
        else:
            self.storage.delete_object(meta)

    def bucket_to_write(self, name: str, *, bucket: str | None = None) -> Bucket:
        """Return the bucket if the caller may create `name` there, or replace it if it exists."""
        found = self.bucket("storage.objects.create", name=bucket, about=name)
        if name in found.objects:
            self.bucket("storage.objects.delete", name=found.name, about=name)
        return found

    async def document(self) -> dict[str, Any]:
        """Return the JSON object in the body, {} if the body is empty.

        Raises:
            StorageError: 400, it is anything else.
        """
        body = await self.request.read()
        try:
            document = json.loads(body) if body.strip() else {}
        except (ValueError, RecursionError):
            raise invalid("Parse Error") from None
        if not isinstance(document, dict):
            raise invalid("The body must be a JSON object.")
        return document


Endpoint = Callable[[Call], Awaitable[web.StreamResponse]]
"""Answers one kind of request."""


def json_response(document: Mapping[str, Any]) -> web.Response:
    """Return a 200 with a JSON body, and with the etag of what it describes as a header."""
    headers = {"ETag": document["etag"]} if "etag" in document else None
    return web.json_response(document, headers=headers)


def xml_response(text: str) -> web.Response:
    """Return a 200 with an XML body."""
    return web.Response(text=xml_document(text), content_type="application/xml", charset="UTF-8")


def no_content() -> web.Response:
    """Return a 204."""
    return web.Response(status=204)
