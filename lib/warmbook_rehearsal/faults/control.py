"""What a rehearsal that is up is asked about itself, and where faults are staged; by token."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from .fault import FAULTS, Fault, Target, UnknownFaultError, named


def application(rehearsal: Target) -> web.Application:
    """Return the server: GET /faults lists, POST /staged/NAME stages, GET /staged tells.

    GET /servers names the other servers, so that a client can tell whether its environment is of
    this rehearsal alone.
    """

    @web.middleware
    async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        # a fault may have ended the sign-in, and a new one begun
        accepted = {f"Bearer {token}" for token in (rehearsal.token, rehearsal.callers.token)}
        if request.headers.get("Authorization") not in accepted:
            raise web.HTTPUnauthorized(text="The rehearsal's token is missing or wrong.")
        return await handler(request)

    async def servers(request: web.Request) -> web.Response:
        return web.json_response(rehearsal.servers())

    async def list_faults(request: web.Request) -> web.Response:
        return web.json_response(list(map(_as_json, FAULTS.values())))

    async def staged(request: web.Request) -> web.Response:
        return web.json_response(list(map(_as_json, rehearsal.staged)))

    async def stage(request: web.Request) -> web.Response:
        try:
            (fault,) = named([request.match_info["name"]])
        except UnknownFaultError as error:
            raise web.HTTPNotFound(text=str(error)) from None
        rehearsal.stage(fault)
        return web.json_response(_as_json(fault), status=201)

    app = web.Application(middlewares=[signed_in])
    app.router.add_get("/servers", servers)
    app.router.add_get("/faults", list_faults)
    app.router.add_get("/staged", staged)
    app.router.add_post("/staged/{name}", stage)
    return app


def _as_json(fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "what": fault.what,
        "pitfall": fault.pitfall,
        "passes": fault.passes,
        "ahead": fault.ahead,
        "unseen": fault.unseen,
        "choices": dict(fault.choices),
    }
