"""The REST face: one aiohttp application over the table of methods, for the reader's token."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from ..access import ANONYMOUS, Caller, Callers
from ..request_faults import Incoming, RequestFaults
from .errors import GoogleError, invalid, unauthenticated
from .methods import service_of
from .strict_json import parse
from .transcoding import Route, as_json

_log = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 10 * 2**20
"""Source: the message with which Google's front end refuses a larger one."""

GCLOUD = "google-cloud-sdk"
"""What gcloud's own User-Agent begins with. Source: googlecloudsdk/core/transport.py."""


class Rest:
    """Answers a request with the first route that fits it."""

    def __init__(
        self,
        routes: Iterable[Route],
        callers: Callers,
        request_faults: RequestFaults | None = None,
        count: Callable[[Caller, str], None] = lambda caller, service: None,
    ) -> None:
        self._routes, self._callers, self._count = tuple(routes), callers, count
        self._interference = request_faults or RequestFaults()

    def application(self) -> web.Application:
        """Make the application; every path leads to the table of methods."""
        application = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[_refusals])
        application.router.add_route("*", r"/{path:[\s\S]*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            return _response(200, await self._call(request))
        except GoogleError as error:
            return _response(error.http_status, error.body())
        except web.HTTPException:
            raise
        except Exception:
            _log.exception("%s %s", request.method, request.rel_url)
            internal = GoogleError("INTERNAL", "Internal error encountered.")
            return _response(internal.http_status, internal.body())

    async def _call(self, request: web.Request) -> Any:
        caller = self._authenticate(request)
        incoming = Incoming(
            "google",
            request.method,
            request.path,
            request.query_string,
            quota_project=caller.quota_project,
        )
        await self._interference.meet(incoming)
        self._count(caller, service_of(request.path))
        route, path = self._find(request.method, request.rel_url.raw_path)
        body = parse(await _read(request)) if route.body else None
        query = {name: request.query.getall(name) for name in request.query}
        message = route.message(path, query, body)
        numeric = "enum-encoding=int" in request.query.get("$alt", "")
        answer = as_json(route.answer(message, caller), numeric_enums=numeric)
        await self._interference.leave(incoming)
        return answer

    def _authenticate(self, request: web.Request) -> Caller:
        authorization = request.headers.get("Authorization")
        caller = self._callers.of(authorization, "")
        if caller == ANONYMOUS:
            raise unauthenticated(sent=authorization is not None)
        return replace(
            caller,
            quota_project=request.headers.get("x-goog-user-project", ""),
            is_gcloud=GCLOUD in request.headers.get("User-Agent", ""),
        )

    def _find(self, verb: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        for route in self._routes:
            path = route.match(verb, raw_path)
            if path is not None:
                return route, path
        raise _no_method(verb, raw_path)


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.RequestPayloadError as error:
        raise invalid("The body is not in the Content-Encoding that it claims.") from error


def _no_method(verb: str, raw_path: str) -> GoogleError:
    return GoogleError("NOT_FOUND", f"Method not found: {verb} {raw_path[:200]}.")


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put what the HTTP server refuses by itself into Google's form."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        limit = f"Request payload size exceeds the limit: {LARGEST_BODY_BYTES} bytes."
        error = invalid(limit)
    except web.HTTPNotFound:  # OPTIONS *: a path that doesn't begin with "/"
        error = _no_method(request.method, request.rel_url.raw_path)
    return _response(error.http_status, error.body())


def _response(status: int, body: Any) -> web.Response:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)
