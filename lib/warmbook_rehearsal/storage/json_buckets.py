"""JSON API: buckets, their layout and their IAM policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .acls import BUCKET_ROLES, OBJECT_ROLES, checked_entries, described
from .buckets import Bucket
from .errors import invalid
from .listing import ListQuery, is_true, list_names, list_versions
from .preconditions import whole_number
from .request import Call, json_response, no_content


async def list_buckets(call: Call) -> web.Response:
    """Buckets: list."""
    call.require_on_project("storage.buckets.list")
    query = ListQuery.of_query(call.query)
    if is_true(call.query, "softDeleted"):
        deleted: dict[str, list[Bucket]] = {}
        for bucket in call.storage.deleted_buckets():
            deleted.setdefault(bucket.name, []).append(bucket)
        page = list_versions(deleted, query)
    else:
        page = list_names({bucket.name: bucket for bucket in call.storage.buckets()}, query)
    answer = {
        "kind": "storage#buckets",
        "items": [_resource(call, bucket) for bucket in page.items],
    }
    return json_response(answer | ({"nextPageToken": page.next_token} if page.next_token else {}))


async def insert_bucket(call: Call) -> web.Response:
    """Buckets: insert."""
    retaining = is_true(call.query, "enableObjectRetention")
    call.require_on_project("storage.buckets.create")
    if retaining:
        call.require_on_project("storage.buckets.enableObjectRetention")
    document = await call.document()
    name, location = document.get("name"), document.get("location") or "US"
    if not isinstance(name, str) or not isinstance(location, str):
        raise invalid("The name and location of a bucket must be strings.")
    bucket = call.storage.create_bucket(
        name,
        location,
        uniform_access=False,
        object_retention=retaining,
        settings=document,
    )
    return json_response(_resource(call, bucket))


async def get_bucket(call: Call) -> web.Response:
    """Buckets: get."""
    if is_true(call.query, "softDeleted"):
        call.require_on_project("storage.buckets.get")
        return json_response(_resource(call, call.storage.deleted_bucket(*_generation(call))))
    bucket = call.bucket("storage.buckets.get")
    call.preconditions.check_read(bucket.version)
    return json_response(_resource(call, bucket))


async def patch_bucket(call: Call) -> web.Response:
    """Buckets: patch."""
    bucket, document = await _to_change(call)
    bucket.change(document)
    _set_acls(call, bucket, document)
    return json_response(_resource(call, bucket))


async def update_bucket(call: Call) -> web.Response:
    """Buckets: update: what the body does not name is removed."""
    bucket, document = await _to_change(call)
    bucket.update(document)
    _set_acls(call, bucket, document)
    return json_response(_resource(call, bucket))


async def lock_retention(call: Call) -> web.Response:
    """Buckets: lockRetentionPolicy, of the metageneration that must be named."""
    bucket = call.bucket("storage.buckets.update")
    if not call.query.get("ifMetagenerationMatch"):
        raise invalid("Required parameter: ifMetagenerationMatch")
    call.preconditions.check(bucket.version)
    bucket.lock_retention()
    return json_response(_resource(call, bucket))


async def delete_bucket(call: Call) -> web.Response:
    """Buckets: delete."""
    bucket = call.bucket("storage.buckets.delete")
    call.preconditions.check(bucket.version)
    call.storage.delete_bucket(bucket.name)
    return no_content()


async def restore_bucket(call: Call) -> web.Response:
    """Buckets: restore: take back a soft deletion."""
    call.require_on_project("storage.buckets.restore")
    bucket = call.storage.restore_bucket(*_generation(call))
    return json_response(_resource(call, bucket))


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
    call.storage.permissions.set_policy(bucket, document)
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


async def _to_change(call: Call) -> tuple[Bucket, dict[str, Any]]:
    """Return the bucket and what to change of it.

    Source: Cloud Storage, "IAM permissions for JSON methods", with its footnotes.
    """
    bucket = call.bucket("storage.buckets.update")
    document = await call.document()
    access = document.get("iamConfiguration")
    opens = isinstance(access, dict) and "publicAccessPrevention" in access
    if opens or document.get("acl") or document.get("defaultObjectAcl"):
        call.bucket("storage.buckets.setIamPolicy")
    call.preconditions.check(bucket.version)
    for name, roles in (("acl", BUCKET_ROLES), ("defaultObjectAcl", OBJECT_ROLES)):
        if document.get(name):
            bucket.check_acl(checked_entries(document[name], roles))
    return bucket, document


def _generation(call: Call) -> tuple[str, int]:
    generation = whole_number(call.query, "generation")
    if generation is None:
        raise invalid("Required parameter: generation")
    return call.path["bucket"], generation


def _set_acls(call: Call, bucket: Bucket, document: Mapping[str, Any]) -> None:
    if document.get("acl"):
        listed = checked_entries(document["acl"], BUCKET_ROLES)
        call.storage.permissions.set_bucket_acl(bucket, listed)
    if document.get("defaultObjectAcl"):
        listed = checked_entries(document["defaultObjectAcl"], OBJECT_ROLES)
        bucket.set_default_acl(listed)


def _resource(call: Call, bucket: Bucket) -> dict[str, object]:
    told: dict[str, object] = bucket.as_json(call.base_url, call.storage.project_number)
    if call.shows_acls(bucket):
        permissions = call.storage.permissions
        own, default = permissions.bucket_acl(bucket), permissions.default_acl(bucket)
        told["acl"] = [described(entry, "bucket", bucket.name) for entry in own]
        told["defaultObjectAcl"] = [described(entry, "object", bucket.name) for entry in default]
    return told
