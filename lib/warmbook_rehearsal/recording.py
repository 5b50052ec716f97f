"""What clients and Google's HTTP APIs say to each other in a rehearsal, as a file of JSON lines.

A line has `method`, `host` (as Google has it), `path`, `query` (names and values), `request`,
`status` and `response`. A body that is no document of an API, such as an object's bytes, is left
out; `request_bytes` or `response_bytes` tells its length. Headers, and with them credentials, are
not written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from aiohttp import web
from aiohttp.typedefs import Handler

CREDENTIALS = "/v1/token"
"""Where a token is exchanged: both bodies are secrets."""

SECRET_FIELDS = frozenset({"accessToken", "access_token", "clientKey", "password"})
SECRET_PARAMETERS = frozenset({"access_token", "key", "oauth_token", "upload_id"})
LEFT_OUT = "(left out)"

_NO_BODY = 204, 304
_GONE = 499


class Recording:
    """Writes exchanges into a file, which it empties first; only its owner may read a new one."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._file: IO[str] = path.open("w", encoding="utf-8")

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def listen(self, application: web.Application, host_of: Callable[[str], str]) -> None:
        """Write down what `application` is asked from now on; it must not have started.

        `host_of` tells by a path which host Google has it at.
        """

        @web.middleware
        async def recorded(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            if response.status != _GONE and not self._file.closed:
                await self._write(request, response, host_of(request.rel_url.raw_path))
            return response

        application.middlewares.insert(0, recorded)

    async def _write(self, request: web.Request, response: web.StreamResponse, host: str) -> None:
        exchange = {
            "method": request.method,
            "host": host,
            "path": request.rel_url.raw_path,
            "query": [[name, _told(name, value)] for name, value in request.query.items()],
            **_body("request", await _asked(request), request.content_length),
            "status": response.status,
            **_body("response", _answered(request, response), response.content_length),
        }
        self._file.write(json.dumps(exchange) + "\n")
        self._file.flush()


async def _asked(request: web.Request) -> bytes | None:
    """Return the document that a request carries, None where it carries none."""
    begins_upload = request.query.get("uploadType") == "resumable" and not (
        request.method != "POST" or "upload_id" in request.query
    )
    if not (begins_upload or _is_document(request)):
        return None
    try:
        return await request.read()
    except (web.HTTPException, web.RequestPayloadError, ConnectionError):
        return None


def _answered(request: web.Request, response: web.StreamResponse) -> bytes | None:
    """Return the document that an answer carries, None where it carries none."""
    is_upload = request.path.startswith(("/upload/", "/resumable/"))
    if response.status in _NO_BODY or not (is_upload or _is_document(request)):
        return None
    body = response.body if isinstance(response, web.Response) else None
    return body if isinstance(body, bytes) else None


def _is_document(request: web.Request) -> bool:
    """Whether a path of the JSON APIs is meant, and no object's bytes."""
    of_an_api = request.path.startswith(("/storage/v1/", "/compute/v1/", "/v1/", "/v3/"))
    return of_an_api and request.path != CREDENTIALS and request.query.get("alt") != "media"


def _body(name: str, document: bytes | None, length: int | None) -> dict[str, Any]:
    try:
        return {name: without_secrets(json.loads(document)) if document else None} | (
            {f"{name}_bytes": length} if document is None and length else {}
        )
    except ValueError:
        return {name: None, f"{name}_bytes": len(document or b"")}


def _told(parameter: str, value: str) -> str:
    return LEFT_OUT if parameter in SECRET_PARAMETERS else value


def without_secrets(document: Any) -> Any:
    """Return a JSON value without the values of fields that are secrets."""
    if isinstance(document, list):
        return [without_secrets(one) for one in document]
    if not isinstance(document, dict):
        return document
    return {
        name: LEFT_OUT if value and name in SECRET_FIELDS else without_secrets(value)
        for name, value in document.items()
    }
