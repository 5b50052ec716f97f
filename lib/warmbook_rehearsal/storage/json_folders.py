"""JSON API: managed folders, and folders, of which there are none apart from objects' names."""

from __future__ import annotations

from datetime import datetime, timezone

from aiohttp import web

from .buckets import Bucket
from .errors import StorageError, conflict, invalid
from .listing import ListQuery, is_true, list_names
from .objects import checked_name, timestamp
from .request import Call, json_response, no_content


async def list_folders(call: Call) -> web.Response:
    """Folders: list. There are none: only objects have names here."""
    call.bucket("storage.folders.list")
    return json_response({"kind": "storage#folders"})


async def list_managed(call: Call) -> web.Response:
    """ManagedFolders: list."""
    bucket = call.bucket("storage.managedFolders.list")
    page = list_names({name: name for name in bucket.folders}, ListQuery.of_query(call.query))
    answer: dict[str, object] = {"kind": "storage#managedFolders"}
    if page.items:
        answer["items"] = [_resource(call, bucket, name) for name in page.items]
    return json_response(answer | ({"nextPageToken": page.next_token} if page.next_token else {}))


async def insert_managed(call: Call) -> web.Response:
    """ManagedFolders: insert."""
    bucket = call.bucket("storage.managedFolders.create")
    name = checked_name((await call.document()).get("name")).rstrip("/") + "/"
    if not bucket.uniform:
        raise invalid("Managed folders need uniform bucket-level access.")
    if name in bucket.folders:
        raise conflict("The managed folder already exists.")
    bucket.folders[name] = datetime.now(timezone.utc)
    return json_response(_resource(call, bucket, name))


async def get_managed(call: Call) -> web.Response:
    """ManagedFolders: get."""
    bucket = call.bucket("storage.managedFolders.get")
    return json_response(_resource(call, bucket, _named(call, bucket)))


async def delete_managed(call: Call) -> web.Response:
    """ManagedFolders: delete, if no object is in it; with allowNonEmpty the objects stay."""
    bucket = call.bucket("storage.managedFolders.delete")
    full_too = is_true(call.query, "allowNonEmpty")
    if full_too:  # Cloud Storage, "IAM permissions for JSON methods", footnote 10
        call.bucket("storage.managedFolders.setIamPolicy")
    name = _named(call, bucket)
    used = any(one.startswith(name) for one in bucket.objects)
    if used and not full_too:
        raise conflict("The managed folder you tried to delete is not empty.")
    del bucket.folders[name]
    return no_content()


def _named(call: Call, bucket: Bucket) -> str:
    name = call.path["folder"].rstrip("/") + "/"
    if name not in bucket.folders:
        raise StorageError(404, "notFound", "The managed folder does not exist.")
    return name


def _resource(call: Call, bucket: Bucket, name: str) -> dict[str, object]:
    created = timestamp(bucket.folders[name])
    return {
        "kind": "storage#managedFolder",
        "id": f"{bucket.name}/{name}",
        "bucket": bucket.name,
        "name": name,
        "metageneration": "1",
        "createTime": created,
        "updateTime": created,
    }
