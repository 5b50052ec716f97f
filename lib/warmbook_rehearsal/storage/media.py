"""Send an object's bytes, whole or a range, from the file to the socket without a copy here.

Only a fault that changes what a range holds has it read here, a MiB at a time.
"""

from __future__ import annotations

import asyncio
import re
import string
from collections.abc import Iterator
from email.utils import format_datetime
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import web

from ..http import span
from .errors import range_not_satisfiable
from .objects import Meta
from .request import Call

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PRINTABLE = string.punctuation + " "

_READ_BYTES = 2**20
"""What is in memory at a time where bytes are not sent as the file holds them."""


async def send_media(call: Call, meta: Meta) -> web.StreamResponse:
    """Answer with the object's bytes, or with those that the Range header asks for.

    Raises:
        StorageError: 416, there are no such bytes.
    """
    request, size_bytes = call.request, meta.content.size_bytes
    asked = byte_range(request.headers.get("Range"), size_bytes)
    sent = range(size_bytes) if asked is None else asked
    response = web.StreamResponse(status=200 if asked is None else 206, headers=media_headers(meta))
    response.content_length = len(sent)
    if asked is not None:
        response.headers["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{size_bytes}"
    read_part = None if asked is None else call.storage.read_part
    # opened before the first await: from here on a delete or overwrite does no harm
    with meta.content.path.open("rb") as file:
        await response.prepare(request)
        if sent and request.method != "HEAD":
            async for piece in call.paced(meta, sent):
                if read_part is None:
                    await _send(request, file, piece)
                else:
                    for part in _parts(piece):
                        await response.write(read_part(meta, file, part))
    await response.write_eof()
    return response


def byte_range(header: str | None, size_bytes: int) -> range | None:
    """Return the bytes a Range header asks for, None for all (no header, or another unit).

    Raises:
        StorageError: 416, it is malformed, holds several ranges, or lies past the end.
    """
    if header is None or not header.strip().startswith("bytes"):
        return None
    match = _RANGE.fullmatch(header)
    asked = span(match[1], match[2], size_bytes) if match else range(0)
    if not asked:
        raise range_not_satisfiable(size_bytes)
    return asked


def media_headers(meta: Meta) -> dict[str, str]:
    """Return the headers that describe an object in both APIs."""
    content, fields = meta.content, meta.fields
    md5 = f",md5={content.md5}" if content.md5 else ""
    headers = {
        "Content-Type": meta.content_type,
        "Accept-Ranges": "bytes",
        "ETag": f'"{meta.etag}"',
        "Last-Modified": format_datetime(meta.updated, usegmt=True),
        "X-Goog-Generation": str(meta.generation),
        "X-Goog-Metageneration": str(meta.metageneration),
        "X-Goog-Hash": f"crc32c={content.crc32c}{md5}",
        "X-Goog-Storage-Class": str(fields.get("storageClass", "STANDARD")),
        "X-Goog-Stored-Content-Length": str(content.size_bytes),
        "X-Goog-Stored-Content-Encoding": str(fields.get("contentEncoding", "identity")),
    }
    for field, header in (
        ("cacheControl", "Cache-Control"),
        ("contentDisposition", "Content-Disposition"),
        ("contentEncoding", "Content-Encoding"),
        ("contentLanguage", "Content-Language"),
    ):
        if field in fields:
            headers[header] = str(fields[field])
    for key, text in (fields.get("metadata") or {}).items():
        if _TOKEN.fullmatch(key):
            headers[f"X-Goog-Meta-{key}"] = quote(text, safe=_PRINTABLE, errors="replace")
    return headers


def _parts(sent: range) -> Iterator[range]:
    for start in range(sent.start, sent.stop, _READ_BYTES):
        yield range(start, min(start + _READ_BYTES, sent.stop))


async def _send(request: web.Request, file: BinaryIO, sent: range) -> None:
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client is gone")
    loop = asyncio.get_running_loop()
    try:
        await loop.sendfile(transport, file, sent.start, len(sent))
    except (OSError, RuntimeError) as error:
        # the headers are out: all that is left is to drop the connection
        transport.abort()
        raise ConnectionResetError(f"the transfer broke off: {error}") from error
