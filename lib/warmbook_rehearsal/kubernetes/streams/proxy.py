"""The Pod's own HTTP server through the API server: request and answer pass unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from ..errors import ApiError, bad_request
from ..objects import Obj
from ..request import Call
from .pods import address_of

_SESSION = web.AppKey("session", aiohttp.ClientSession)
_NOT_PASSED = {
    *("authorization", "connection", "host", "keep-alive", "te", "trailer"),
    *("proxy-authorization", "transfer-encoding", "upgrade", "accept-encoding"),
}
_CHUNK = 64 * 1024


async def session(app: web.Application) -> AsyncIterator[None]:
    """Keep one client session for as long as the server runs."""
    timeout = aiohttp.ClientTimeout(total=None, connect=10)
    app[_SESSION] = aiohttp.ClientSession(timeout=timeout, auto_decompress=False)
    yield
    await app[_SESSION].close()


async def pass_on(call: Call) -> web.StreamResponse:
    """Pass a request on to `NAME:PORT` and stream the answer back, whatever its status."""
    name, port = _target(call.name)
    pod = call.store.get("Pod", call.namespace, name)
    place = f"{address_of(call, pod)}:{port or _first_port(pod)}"
    request = call.request
    try:
        upstream = await request.app[_SESSION].request(
            request.method,
            _url(place, request),
            headers=_passed(request.headers),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        )
    except (aiohttp.ClientError, OSError) as error:
        said = f"error trying to reach service: dial tcp {place}: {error}"
        raise ApiError(503, "ServiceUnavailable", said) from None
    return await _answered(call, upstream)


async def _answered(call: Call, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
    async with upstream:
        response = web.StreamResponse(
            status=upstream.status, reason=upstream.reason, headers=_passed(upstream.headers)
        )
        await response.prepare(call.request)
        try:
            async for data in upstream.content.iter_chunked(_CHUNK):
                await response.write(data)
            await response.write_eof()
        except (aiohttp.ClientError, RuntimeError) as error:
            raise ConnectionError(str(error)) from None
    return response


def _target(text: str) -> tuple[str, int | None]:
    """Read NAME, NAME:PORT or http:NAME:PORT."""
    name, _, port = text.removeprefix("http:").partition(":")
    if not port:
        return name, None
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise bad_request(f'invalid pod request "{text}"')
    return name, int(port)


def _first_port(pod: Obj) -> int:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            return int(port["containerPort"])
    return 80


def _url(place: str, request: web.Request) -> URL:
    """Return the address of the Pod's server: what follows `proxy/`, spelled as it came."""
    rest = request.rel_url.raw_path.split("/", 8)[8:]
    query = request.rel_url.raw_query_string
    return URL(f"http://{place}/{''.join(rest)}{'?' * bool(query)}{query}", encoded=True)


def _passed(headers: Mapping[str, str]) -> CIMultiDict[str]:
    kept = [(name, value) for name, value in headers.items() if name.lower() not in _NOT_PASSED]
    return CIMultiDict(kept)
