"""The bytes of a file, whole or a range."""

from __future__ import annotations

import re
from urllib.parse import quote

from aiohttp import web

from ..http import span
from .errors import range_not_satisfiable
from .repositories import Entry

_RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?", re.ASCII)


def byte_range(request: web.Request, size_bytes: int) -> range | None:
    """Return the bytes that are asked for, None for all.

    Raises:
        HubError: 416, there are no such bytes.
    """
    header = request.headers.get("Range")
    if header is None:
        return None
    match = _RANGE.fullmatch(header.strip())
    asked = span(match[1], match[2], size_bytes) if match else range(0)
    if not asked:
        raise range_not_satisfiable(size_bytes)
    return asked


def send_bytes(request: web.Request, entry: Entry, headers: dict[str, str]) -> web.Response:
    """Answer with a small file, or with those of its bytes that are asked for."""
    data = entry.path.read_bytes()
    headers["Content-Disposition"] = disposition(entry)
    asked = byte_range(request, len(data))
    if asked is None:
        return web.Response(body=data, headers=headers, content_type="text/plain")
    headers["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{len(data)}"
    part = data[asked.start : asked.stop]
    return web.Response(status=206, body=part, headers=headers, content_type="text/plain")


def disposition(entry: Entry) -> str:
    """Return the header that tells a file's name."""
    return f"inline; filename*=UTF-8''{quote(entry.path.name)}"
