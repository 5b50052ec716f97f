"""GET on the API server: one object, a list in pages, as JSON or as a Table."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from . import tables
from .call import Call, answer
from .errors import ApiError, bad_request
from .objects import Obj, name_of, namespace_of
from .scale import scale_of

Shape = Callable[[list[Obj], Obj], Obj]
"""Makes the answer of objects and the list's metadata."""


async def get(call: Call) -> web.StreamResponse:
    """Answer with one object, or its scale."""
    _not_from_the_future(call)
    found = call.store.get(call.kind.kind, call.namespace, call.name)
    if call.subresource == "scale":
        return answer(scale_of(found))
    metadata = {"resourceVersion": found["metadata"]["resourceVersion"]}
    form = wanted_form(call)
    if form == "Table":
        return answer(tables.table(call.kind, [found], metadata, included(call)))
    return answer(tables.partial(found) if form else found)


async def list_(call: Call) -> web.StreamResponse:
    """Answer with the objects that fit, `limit` of them from where `continue` says.

    Pages are cut from the objects as they are now, not from a snapshot.
    """
    _not_from_the_future(call)
    fitting = call.store.list(
        call.kind.kind,
        call.namespace,
        labels=call.option("labelSelector"),
        fields=call.option("fieldSelector"),
    )
    if after := call.option("continue"):
        start = _position(after)
        fitting = [obj for obj in fitting if _key(obj) > start]
    page = fitting
    metadata: Obj = {"resourceVersion": str(call.store.version)}
    limit = call.number("limit") or 0
    if 0 < limit < len(fitting):
        page = fitting[:limit]
        metadata["continue"] = _token(page[-1])
        if not call.option("labelSelector") and not call.option("fieldSelector"):
            metadata["remainingItemCount"] = len(fitting) - limit
    return answer(_list_body(call, page, metadata))


def _list_body(call: Call, objects: list[Obj], metadata: Obj) -> Obj:
    form = wanted_form(call)
    if form == "Table":
        return tables.table(call.kind, objects, metadata, included(call))
    if form:
        items = [tables.partial(obj) for obj in objects]
        meta = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return {**meta, "metadata": metadata, "items": items}
    return object_list(call, objects, metadata)


def object_list(call: Call, objects: list[Obj], metadata: Obj) -> Obj:
    """Return objects as the list of their kind."""
    told = ("kind", "apiVersion")
    return {
        "kind": f"{call.kind.kind}List",
        "apiVersion": call.kind.api_version,
        "metadata": metadata,
        "items": [{key: value for key, value in obj.items() if key not in told} for obj in objects],
    }


def wanted_form(call: Call) -> str:
    """Return what the caller wants instead of objects: Table, PartialObjectMetadata or ""."""
    first = call.request.headers.get("Accept", "").partition(",")[0]
    for parameter in first.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name == "as" and value in ("Table", "PartialObjectMetadata"):
            return value
        if name == "as" and value == "PartialObjectMetadataList":
            return "PartialObjectMetadata"
    return ""


def included(call: Call) -> tables.Include:
    """Return what rows of a Table carry of their objects."""
    match call.option("includeObject"):
        case "None":
            return "None"
        case "Object":
            return "Object"
    return "Metadata"


def _not_from_the_future(call: Call) -> None:
    asked = call.number("resourceVersion") or 0
    if asked > call.store.version:
        said = f"Too large resource version: {asked}, current: {call.store.version}"
        details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": said}]}
        raise ApiError(504, "Timeout", f"Timeout: {said}", details=details)


def _key(obj: Obj) -> tuple[str, str]:
    return namespace_of(obj) or "", name_of(obj)


def _token(last: Obj) -> str:
    return base64.urlsafe_b64encode(json.dumps(_key(last)).encode()).decode()


def _position(token: str) -> tuple[str, str]:
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(token.encode()))
        namespace, name = found
        return str(namespace), str(name)
    except (ValueError, TypeError, binascii.Error):
        raise bad_request("continue key is not valid") from None
