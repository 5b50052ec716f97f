"""JSON API: Anywhere Caches, and the operations on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .caches import POLICIES, Cache, Operation
from .errors import invalid
from .objects import timestamp
from .request import Call, json_response

_TTL = re.compile(r"(\d{1,9})(?:\.0+)?s", re.ASCII)
_TYPE = "type.googleapis.com/google.storage.control.v2."


async def insert(call: Call) -> web.Response:
    """AnywhereCaches: create."""
    bucket = call.bucket("storage.anywhereCaches.create")
    document = await call.document()
    cache = call.storage.caches.create(
        bucket.name,
        _text(document, "zone") or "",
        _ttl_s(document),
        _text(document, "admissionPolicy") or POLICIES[0],
        _flag(document, "ingestOnWrite") or False,
    )
    return _operation_response(call, call.storage.caches.begin_operation("Create", cache))


async def patch(call: Call) -> web.Response:
    """AnywhereCaches: update."""
    bucket = call.bucket("storage.anywhereCaches.update")
    document = await call.document()
    cache = call.storage.caches.update(
        bucket.name,
        call.path["zone"],
        _ttl_s(document),
        _text(document, "admissionPolicy"),
        _flag(document, "ingestOnWrite"),
    )
    return _operation_response(call, call.storage.caches.begin_operation("Update", cache))


async def get(call: Call) -> web.Response:
    """AnywhereCaches: get."""
    bucket = call.bucket("storage.anywhereCaches.get")
    return json_response(_resource(call, call.storage.caches.get(bucket.name, call.path["zone"])))


async def list_(call: Call) -> web.Response:
    """AnywhereCaches: list; one page, since a bucket has few."""
    bucket = call.bucket("storage.anywhereCaches.list")
    items = [_resource(call, cache) for cache in call.storage.caches.of(bucket.name)]
    return json_response({"kind": "storage#anywhereCaches", "items": items})


async def disable(call: Call) -> web.Response:
    """AnywhereCaches: disable."""
    bucket = call.bucket("storage.anywhereCaches.disable")
    cache = call.storage.caches.disable(bucket.name, call.path["zone"])
    return json_response(_resource(call, cache))


async def pause(call: Call) -> web.Response:
    """AnywhereCaches: pause."""
    bucket = call.bucket("storage.anywhereCaches.pause")
    return json_response(_resource(call, call.storage.caches.pause(bucket.name, call.path["zone"])))


async def resume(call: Call) -> web.Response:
    """AnywhereCaches: resume."""
    bucket = call.bucket("storage.anywhereCaches.resume")
    cache = call.storage.caches.resume(bucket.name, call.path["zone"])
    return json_response(_resource(call, cache))


async def get_operation(call: Call) -> web.Response:
    """Operations: get."""
    bucket = call.bucket("storage.bucketOperations.get")
    return _operation_response(
        call, call.storage.caches.operation(bucket.name, call.path["operation"])
    )


async def list_operations(call: Call) -> web.Response:
    """Operations: list."""
    bucket = call.bucket("storage.bucketOperations.list")
    operations = call.storage.caches.operations(bucket.name)
    return json_response(
        {
            "kind": "storage#operations",
            "operations": [_operation(call, operation) for operation in operations],
        }
    )


def _operation_response(call: Call, operation: Operation) -> web.Response:
    return json_response(_operation(call, operation))


def _operation(call: Call, operation: Operation) -> dict[str, Any]:
    caches = call.storage.caches.of(operation.bucket)
    cache = next((cache for cache in caches if cache.zone == operation.zone), None)
    path = f"b/{operation.bucket}/operations/{operation.name}"
    document: dict[str, Any] = {
        "kind": "storage#operation",
        "name": f"projects/_/buckets/{operation.bucket}/operations/{operation.name}",
        "selfLink": f"{call.base_url}/storage/v1/{path}",
        "metadata": {
            "@type": f"{_TYPE}{operation.kind}AnywhereCacheMetadata",
            "anywhereCacheId": operation.zone,
            "zone": operation.zone,
        },
        "done": cache is None or cache.state != "creating",
    }
    if cache and document["done"]:
        document["response"] = {"@type": f"{_TYPE}AnywhereCache", **_resource(call, cache)}
    return document


def _resource(call: Call, cache: Cache) -> dict[str, Any]:
    path = f"b/{cache.bucket}/anywhereCaches/{cache.zone}"
    return {
        "kind": "storage#anywhereCache",
        "id": f"{cache.bucket}/{cache.zone}",
        "selfLink": f"{call.base_url}/storage/v1/{path}",
        "bucket": cache.bucket,
        "anywhereCacheId": cache.zone,
        "zone": cache.zone,
        "state": cache.state,
        "ttl": f"{cache.ttl_s}s",
        "admissionPolicy": cache.admission_policy,
        "ingestOnWrite": cache.ingest_on_write,
        "createTime": timestamp(cache.create_time),
        "updateTime": timestamp(cache.update_time),
        "pendingUpdate": False,
    }


def _ttl_s(document: Mapping[str, Any]) -> int | None:
    text = _text(document, "ttl")
    if text is None:
        return None
    match = _TTL.fullmatch(text)
    if match is None:
        raise invalid(f"Invalid ttl: '{text}'.")
    return int(match[1])


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"Invalid value for {name}: {value!r}")
    return value


def _flag(document: Mapping[str, Any], name: str) -> bool | None:
    value = document.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"Invalid value for {name}: {value!r}")
    return value
