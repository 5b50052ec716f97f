"""GET on the API server: one object, a list in pages, as JSON or as a Table."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

from aiohttp import web

from . import go_json, tables
from .errors import ApiError, bad_request
from .index import Place, place_of
from .objects import Obj
from .request import Call, answer, answer_text
from .scale import scale_of

PORTION = 200
"""Objects of a list that are sent at a time."""


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
    kind, labels, fields = (
        call.kind.kind,
        call.option("labelSelector"),
        call.option("fieldSelector"),
    )
    after = _position(token) if (token := call.option("continue")) else None
    limit = max(0, call.number("limit") or 0)
    page = call.store.list(
        *(kind, call.namespace),
        labels=labels,
        fields=fields,
        after=after,
        most=limit + 1 if limit else None,
    )
    metadata: Obj = {"resourceVersion": str(call.store.history.version)}
    if 0 < limit < len(page):
        last = place_of(page[limit - 1])
        metadata["continue"] = _token(last)
        if not labels and not fields:
            metadata["remainingItemCount"] = call.store.count(kind, call.namespace, last)
    return await _answer_list(call, page[: limit or None], metadata)


async def _answer_list(call: Call, objects: list[Obj], metadata: Obj) -> web.StreamResponse:
    form = wanted_form(call)
    if form == "Table":
        return await _answer_table(call, objects, metadata)
    if form:
        body = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        whole = {**body, "metadata": metadata}
        return await _put_together(call, whole, "items", _partials(call, objects))
    return await object_list(call, objects, metadata)


async def object_list(call: Call, objects: list[Obj], metadata: Obj) -> web.StreamResponse:
    """Answer with objects as the list of their kind."""
    body = {"kind": f"{call.kind.kind}List", "apiVersion": call.kind.api_version}
    items = (call.store.written(call.kind.kind, obj).item for obj in objects)
    return await _put_together(call, {**body, "metadata": metadata}, "items", items)


async def _answer_table(call: Call, objects: list[Obj], metadata: Obj) -> web.StreamResponse:
    include = included(call)
    if include != "Metadata":
        return answer(tables.table(call.kind, objects, metadata, include))
    body = tables.table(call.kind, (), metadata, include)
    del body["rows"]
    rows = (
        f'{{"cells":{go_json.dumps(tables.cells(call.kind, obj))},"object":{partial}}}'
        for obj, partial in zip(objects, _partials(call, objects), strict=True)
    )
    return await _put_together(call, body, "rows", rows)


def _partials(call: Call, objects: Iterable[Obj]) -> Iterable[str]:
    """Yield the JSON of the objects' metadata alone."""
    head = go_json.dumps(tables.partial({"metadata": {}}))[: -len("{}}")]
    for obj in objects:
        yield f"{head}{call.store.written(call.kind.kind, obj).metadata}}}"


async def _put_together(
    call: Call, body: Obj, name: str, things: Iterable[str]
) -> web.StreamResponse:
    """Answer with `body` and in it, as `name`, things that are JSON already.

    Many go out in portions: others are served while the caller reads, no text gets too large.
    """
    start, rest = f'{go_json.dumps(body)[:-1]},"{name}":[', iter(things)
    at_once = PORTION if call.request.method == "GET" else None  # HEAD tells the whole length
    portion = start + ",".join(islice(rest, at_once))
    first_of_next = next(rest, None)
    if first_of_next is None:
        return answer_text(f"{portion}]}}\n")
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    try:
        while first_of_next is not None:
            await response.write(f"{portion},".encode())
            portion = ",".join([first_of_next, *islice(rest, PORTION - 1)])
            first_of_next = next(rest, None)
        await response.write(f"{portion}]}}\n".encode())
    except ConnectionError:  # the caller is gone
        pass
    return response


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
    if asked > call.store.history.version:
        said = f"Too large resource version: {asked}, current: {call.store.history.version}"
        details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": said}]}
        raise ApiError(504, "Timeout", f"Timeout: {said}", details=details)


def _token(last: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def _position(token: str) -> Place:
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(token.encode()))
        namespace, name = found
        return str(namespace), str(name)
    except (ValueError, TypeError, binascii.Error):
        raise bad_request("continue key is not valid") from None
