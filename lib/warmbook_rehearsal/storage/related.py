"""A multipart/related body as it streams in: a JSON document, then one content; stores neither."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from email.parser import BytesHeaderParser
from typing import Any

from .errors import invalid

_BOUNDARY = re.compile(r"""boundary=(?:"([^"]+)"|'([^']+)'|([^;\s]+))""")
_MAX_HEAD_BYTES = 2**20


class RelatedBody:
    """Reads the two parts in turn: `head`, then `content`.

    Lines may end in CRLF (the Python client) or LF (gcloud), as the first one does.
    """

    def __init__(self, content_type: str, pieces: AsyncIterator[bytes]) -> None:
        match = _BOUNDARY.search(content_type)
        if match is None:
            raise invalid("The multipart request has no boundary.")
        self._delimiter = b"--" + next(filter(None, match.groups())).encode(
            errors="surrogateescape"  # so the header was decoded
        )
        self._pieces, self._buffer, self._line_end = pieces, b"", b"\r\n"

    async def head(self) -> tuple[dict[str, Any], str | None]:
        """Return the document, and the media type given with the content.

        Raises:
            StorageError: 400, the body is malformed.
        """
        await self._until(self._delimiter)
        while len(self._buffer) < len(b"\r\n"):
            await self._more()
        self._line_end = b"\r\n" if self._buffer.startswith(b"\r\n") else b"\n"
        await self._headers()
        document = _document(await self._until(self._line_end + self._delimiter))
        return document, await self._headers()

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the content in pieces.

        Raises:
            StorageError: 400, the body ends before the closing boundary.
        """
        end = self._line_end + self._delimiter
        while (at := self._buffer.find(end)) < 0:
            # the last bytes may be the first ones of the boundary
            kept = max(0, len(self._buffer) - len(end) + 1)
            if kept:
                yield self._buffer[:kept]
            self._buffer = self._buffer[kept:]
            await self._more()
        yield self._buffer[:at]
        async for _ in self._pieces:
            pass

    async def _headers(self) -> str | None:
        block = await self._until(self._line_end * 2)
        return BytesHeaderParser().parsebytes(block.lstrip()).get("content-type")

    async def _until(self, mark: bytes) -> bytes:
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                raise invalid("The metadata of the multipart request is too large.")
            await self._more()
        before, self._buffer = self._buffer[:at], self._buffer[at + len(mark) :]
        return before

    async def _more(self) -> None:
        async for piece in self._pieces:
            self._buffer += piece
            return
        raise invalid("The multipart request ends before its boundary.")


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid("Parse Error") from None
    if not isinstance(document, dict):
        raise invalid("The metadata must be a JSON object.")
    return document
