"""JSON API: buckets, their layout and their IAM policy."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .buckets import Bucket
from .errors import invalid
from .listing import ListQuery, list_names
from .preconditions import whole_number
from .request import Call, json_response, no_content


async def list_buckets(call: Call) -> web.Response:
    """Buckets: list."""
    call.require_on_project("storage.buckets.list")
    buckets = {bucket.name: bucket for bucket in call.storage.buckets()}
    page = list_names(buckets, ListQuery.of_query(call.query))
    answer = {
        "kind": "storage#buckets",
        "items": [_resource(call, bucket) for bucket in page.items],
    }
    return json_response(answer | ({"nextPageToken": page.next_token} if page.next_token else {}))


async def insert_bucket(call: Call) -> web.Response:
    """Buckets: insert."""
    call.require_on_project("storage.buckets.create")
    document = await call.document()
    name, location = document.get("name"), document.get("location") or "US"
    if not isinstance(name, str) or not isinstance(location, str):
        raise invalid("The name and location of a bucket must be strings.")
    bucket = call.storage.create_bucket(name, location, uniform_access=False, settings=document)
    return json_response(_resource(call, bucket))


async def get_bucket(call: Call) -> web.Response:
    """Buckets: get."""
    bucket = call.bucket("storage.buckets.get")
    call.preconditions.check_read(bucket.version)
    return json_response(_resource(call, bucket))


async def patch_bucket(call: Call) -> web.Response:
    """Buckets: patch."""
    bucket, document = await _to_change(call)
    bucket.change(document)
    return json_response(_resource(call, bucket))


async def update_bucket(call: Call) -> web.Response:
    """Buckets: update: what the body does not name is removed."""
    bucket, document = await _to_change(call)
    bucket.update(document)
    return json_response(_resource(call, bucket))


async def delete_bucket(call: Call) -> web.Response:
    """Buckets: delete."""
    bucket = call.bucket("storage.buckets.delete")
    call.preconditions.check(bucket.version)
    call.storage.delete_bucket(bucket.name)
    return no_content()


async def get_layout(call: Call) -> web.Response:
    """Buckets: getStorageLayout."""
    return json_response(call.bucket("storage.objects.list").layout_as_json())


async def get_policy(call: Call) -> web.Response:
    """Buckets: getIamPolicy."""
    bucket = call.bucket("storage.buckets.getIamPolicy")
    if whole_number(call.query, "optionsRequestedPolicyVersion") not in (None, 1, 3):
        raise invalid("Invalid policy version.")
    return json_response(bucket.policy.as_json(bucket.name))


async def set_policy(call: Call) -> web.Response:
    """Buckets: setIamPolicy."""
    bucket = call.bucket("storage.buckets.setIamPolicy")
    document = await call.document()
    # no await from here on: the etag is compared and changed in one step
    call.storage.set_policy(bucket, document)
    return json_response(bucket.policy.as_json(bucket.name))


async def test_permissions(call: Call) -> web.Response:
    """Buckets: testIamPermissions; needs none."""
    bucket = call.storage.bucket(call.path["bucket"])
    asked = call.request.query.getall("permissions", [])
    return json_response(
        {
            "kind": "storage#testIamPermissionsResponse",
            "permissions": [name for name in asked if call.may(name, bucket)],
        }
    )


async def list_folders(call: Call) -> web.Response:
    """Folders: list. There are none: only objects have names here."""
    call.bucket("storage.folders.list")
    return json_response({"kind": "storage#folders"})


async def list_managed_folders(call: Call) -> web.Response:
    """ManagedFolders: list. There are none."""
    call.bucket("storage.managedFolders.list")
    return json_response({"kind": "storage#managedFolders"})


async def _to_change(call: Call) -> tuple[Bucket, dict[str, Any]]:
    """Return the bucket and what to change of it.

    Source: Cloud Storage, "IAM permissions for JSON methods", with its footnotes.
    """
    bucket = call.bucket("storage.buckets.update")
    document = await call.document()
    access = document.get("iamConfiguration")
    if isinstance(access, dict) and "publicAccessPrevention" in access:
        call.bucket("storage.buckets.setIamPolicy")
    call.preconditions.check(bucket.version)
    return bucket, document


def _resource(call: Call, bucket: Bucket) -> dict[str, object]:
    return bucket.as_json(call.base_url, call.storage.project_number)
