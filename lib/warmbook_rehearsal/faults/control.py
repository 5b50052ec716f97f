"""What a rehearsal that is up is asked about itself, and where faults are staged; by token."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from ..access import Callers
from .changes import Changes
from .fault import FAULTS, ConflictError, Fault, UnknownFaultError, named
from .staging import NotStagedError


class Rehearsal(Protocol):
    """What the server needs of a rehearsal that is up."""

    token: str
    callers: Callers
    changes: Changes
    round: dict[str, Any]
    """What the gym keeps here of its round; the rehearsal reads nothing of it."""

    @property
    def staged(self) -> list[Fault]:
        """The faults that are staged."""

    async def stage(self, fault: Fault) -> bool:
        """Let a fault begin; return whether it was not staged before."""

    async def unstage(self, fault: Fault) -> None:
        """Take a fault back."""

    def held(self) -> AbstractContextManager[None]:
        """Return a context in which nothing that the guide does repairs a fault."""

    def servers(self) -> Mapping[str, str]:
        """Return the addresses of the servers that the workbook calls."""


def application(rehearsal: Rehearsal) -> web.Application:
    """Return the server: GET /faults lists, POST and DELETE /staged/NAME stage and take back.

    GET /staged tells what is staged, GET /changes how many requests have changed something. GET
    /servers names the other servers, so that a client can tell whether its environment is of
    this rehearsal alone. A fault that can't be staged beside another is refused with 409. PUT
    /round keeps an object of JSON for as long as the rehearsal runs, GET /round returns it. POST
    /hold answers at once and holds the faults until the body of the request or its connection
    ends; then the answer ends.
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
        fault = _named(request)
        try:
            new = await rehearsal.stage(fault)
        except ConflictError as error:
            raise web.HTTPConflict(text=str(error)) from None
        return web.json_response(_as_json(fault), status=201 if new else 200)

    async def unstage(request: web.Request) -> web.Response:
        fault = _named(request)
        try:
            await rehearsal.unstage(fault)
        except NotStagedError as error:
            raise web.HTTPNotFound(text=str(error)) from None
        return web.json_response(_as_json(fault))

    async def changes(request: web.Request) -> web.Response:
        told = {"count": rehearsal.changes.count, "first": rehearsal.changes.first}
        return web.json_response(told)

    async def kept_round(request: web.Request) -> web.Response:
        return web.json_response(rehearsal.round)

    async def keep_round(request: web.Request) -> web.Response:
        rehearsal.round = await _object(request)
        return web.json_response(rehearsal.round)

    async def hold(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        with rehearsal.held():
            await response.prepare(request)
            with suppress(ConnectionError):  # whoever held them has ended
                async for _ in request.content.iter_any():
                    pass
        return response

    app = web.Application(middlewares=[signed_in])
    app.router.add_get("/servers", servers)
    app.router.add_get("/faults", list_faults)
    app.router.add_get("/staged", staged)
    app.router.add_post("/staged/{name}", stage)
    app.router.add_delete("/staged/{name}", unstage)
    app.router.add_get("/changes", changes)
    app.router.add_post("/hold", hold)
    app.router.add_get("/round", kept_round)
    app.router.add_put("/round", keep_round)
    return app


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        told = await request.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise web.HTTPBadRequest(text="The body must be an object of JSON.")
    return told


def _named(request: web.Request) -> Fault:
    try:
        (fault,) = named([request.match_info["name"]])
    except UnknownFaultError as error:
        raise web.HTTPNotFound(text=str(error)) from None
    return fault


def _as_json(fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "what": fault.what,
        "pitfall": fault.pitfall,
        "passes": fault.passes,
        "ahead": fault.ahead,
        "unseen": fault.unseen,
        "waits": fault.waits,
        "choices": dict(fault.choices),
        "mendable": fault.mendable,
        "takes_gcloud": bool(fault.mend and fault.mend.takes_gcloud),
        "beyond": fault.beyond,
    }
