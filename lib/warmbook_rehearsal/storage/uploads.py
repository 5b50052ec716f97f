"""JSON API, Objects: insert: an upload in one request; resumable ones are only handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web

from .blobs import Content
from .errors import invalid
from .objects import checked_name, merged, settable
from .permissions import needed_to_write
from .related import RelatedBody
from .request import Call, json_response
from .resumable import append, begin
from .verify import check_expected, expected_of_document, expected_of_headers


async def insert(call: Call) -> web.Response:
    """Objects: insert, or the next chunk of a resumable upload: gcsfs sends chunks by POST."""
    if "upload_id" in call.query:
        return await append(call)
    kind = call.query.get("uploadType")
    if kind == "resumable":
        return await begin(call)
    if kind == "multipart":
        return await _multipart(call)
    if kind == "media":
        return await _media(call)
    raise invalid(f"Invalid value for uploadType: {kind!r}")


async def received(call: Call, pieces: AsyncIterator[bytes]) -> Content:
    """Store the bytes as they come, and return them as a content."""
    writer = call.storage.blobs.writer()
    try:
        async for piece in pieces:
            await writer.write(piece)
        return await writer.finish()
    except BaseException:
        await writer.discard()
        raise


async def _media(call: Call) -> web.Response:
    fields = {"contentType": call.headers.get("Content-Type")}
    return await _inserted(call, {}, fields, call.request.content.iter_any())


async def _multipart(call: Call) -> web.Response:
    pieces = call.request.content.iter_any()
    body = RelatedBody(call.headers.get("Content-Type", ""), pieces)
    document, content_type = await body.head()
    return await _inserted(call, document, {"contentType": content_type}, body.content())


async def _inserted(
    call: Call,
    document: Mapping[str, Any],
    defaults: Mapping[str, Any],
    pieces: AsyncIterator[bytes],
) -> web.Response:
    name = checked_name(document.get("name") or call.query.get("name"))
    bucket = call.bucket_to_write(name)
    fields = merged(defaults, settable(document))
    call.bucket(*needed_to_write(fields), about=name)
    call.storage.check(bucket.name, name, call.preconditions)
    expected = expected_of_headers(call.request) + expected_of_document(document)
    content = await received(call, pieces)
    check_expected(content, expected)
    meta = call.storage.commit(bucket.name, name, content, fields, call.preconditions)
    return json_response(call.described(meta))
