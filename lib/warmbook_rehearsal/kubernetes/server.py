"""The Kubernetes API over HTTP: who may call, which address does what; keeps no state."""

from __future__ import annotations

import asyncio
import hmac
import sys
import traceback
import weakref
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web, web_app

from ..request_faults import Incoming, RequestFaults
from . import deletes, discovery, openapi_v2, reads, watches, writes
from .errors import ApiError, no_such_path
from .kinds import GROUPS, KINDS, Kind
from .objects import Obj
from .request import Call, answer
from .runtime import PodRuntime
from .store import Store
from .streams import execute, logs, port_forward, proxy

Act = Callable[[Call], Awaitable[web.StreamResponse]]

LARGEST_BODY_BYTES = 3 * 1024 * 1024
VERSION = "v1.33.5-gke.1308000"


class ApiServer:
    """Serves the objects of a Store and the Pods of a PodRuntime to official clients."""

    def __init__(
        self,
        store: Store,
        runtime: PodRuntime,
        *,
        token: str,
        version: str = VERSION,
        request_faults: RequestFaults | None = None,
    ) -> None:
        self._store, self._runtime = store, runtime
        self._token, self._version = token, version
        self._interference = request_faults or RequestFaults()
        self._calls: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()

    def application(self) -> web.Application:
        """Return the application; who runs it decides on address and TLS."""
        app = web.Application(
            middlewares=[_refusals, self._signed_in], client_max_size=LARGEST_BODY_BYTES
        )
        app.cleanup_ctx.append(proxy.session)
        app.on_shutdown.append(self._hang_up)
        app.on_cleanup.append(self._forget)
        self._route_discovery(app.router)
        for kind in KINDS.values():
            if kind.stored:
                self._route_kind(app.router, kind)
            else:
                path = f"{kind.path}/{kind.plural}"
                app.router.add_post(path, partial(self._act, kind, writes.review, ""))
        return app

    @web.middleware
    async def _signed_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            raise ApiError(401, "Unauthorized", "Unauthorized")
        incoming = Incoming("kubernetes", request.method, request.path, request.query_string)
        await self._interference.meet(incoming)
        response = await handler(request)
        await self._interference.leave(incoming)
        return response

    def _route_discovery(self, router: web.UrlDispatcher) -> None:
        fixed: dict[str, Callable[[], Obj]] = {
            "/version": partial(discovery.version, self._version),
            "/api": discovery.core_versions,
            "/api/v1": partial(discovery.resource_list, ""),
            "/apis": discovery.group_list,
            "/openapi/v3": discovery.openapi_index,
            "/openapi/v3/api/v1": partial(discovery.openapi, ""),
        }
        for path, body in fixed.items():
            for spelled in (path, f"{path}/"):
                router.add_get(spelled, partial(_said, body))
        router.add_get("/openapi/v2", openapi_v2.answer)
        router.add_get("/apis/{group}", partial(_said_of_group, discovery.group))
        for group, version in GROUPS.items():
            router.add_get(
                f"/apis/{group}/{version}", partial(_said, partial(discovery.resource_list, group))
            )
            router.add_get(
                f"/openapi/v3/apis/{group}/{version}",
                partial(_said, partial(discovery.openapi, group)),
            )
        for path in ("/healthz", "/livez", "/readyz"):
            router.add_get(path, _healthy)

    def _route_kind(self, router: web.UrlDispatcher, kind: Kind) -> None:
        everywhere = f"{kind.path}/{kind.plural}"
        here = (
            f"{kind.path}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else everywhere
        )
        if kind.namespaced:
            router.add_get(everywhere, partial(self._act, kind, _listed, ""))
        router.add_get(here, partial(self._act, kind, _listed, ""))
        router.add_post(here, partial(self._act, kind, writes.create, ""))
        router.add_delete(here, partial(self._act, kind, deletes.delete_all, ""))
        one = f"{here}/{{name}}"
        router.add_delete(one, partial(self._act, kind, deletes.delete, ""))
        self._route_object(router, kind, one, "")
        for name in ("status", "scale"):
            if name in kind.subresources:
                self._route_object(router, kind, f"{one}/{name}", name)
        if kind.kind == "Pod":
            self._route_streams(router, kind, one)

    def _route_object(
        self, router: web.UrlDispatcher, kind: Kind, path: str, subresource: str
    ) -> None:
        router.add_get(path, partial(self._act, kind, _got, subresource))
        router.add_put(path, partial(self._act, kind, writes.replace, subresource))
        router.add_patch(path, partial(self._act, kind, writes.patch, subresource))

    def _route_streams(self, router: web.UrlDispatcher, kind: Kind, pod: str) -> None:
        router.add_get(f"{pod}/log", partial(self._act, kind, logs.log, "log"))
        for name, act in (("exec", execute.execute), ("portforward", port_forward.forward)):
            for verb in ("GET", "POST"):
                router.add_route(verb, f"{pod}/{name}", partial(self._act, kind, act, name))
        for path in (f"{pod}/proxy", f"{pod}/proxy/{{path:.*}}"):
            router.add_route("*", path, partial(self._act, kind, proxy.pass_on, "proxy"))

    async def _act(
        self, kind: Kind, act: Act, subresource: str, request: web.Request
    ) -> web.StreamResponse:
        found = request.match_info
        namespace, name = found.get("namespace"), found.get("name", "")
        call = Call(request, self._store, self._runtime, kind, namespace, name, subresource)
        if task := asyncio.current_task():
            self._calls.add(task)
        return await act(call)

    async def _hang_up(self, _: web.Application) -> None:
        """End watches and other streams, which would go on for as long as their callers."""
        for task in list(self._calls):
            task.cancel()

    async def _forget(self, _: web.Application) -> None:
        """Let go of the cluster, or each that ever ran would stay in memory.

        aiohttp (since 3.11, with no public way to it) keeps what it built for a request in one
        cache of the process, and with that the application and all of its routes.
        """
        del self._store, self._runtime
        if kept := getattr(web_app, "_cached_build_middleware", None):
            kept.cache_clear()


async def _listed(call: Call) -> web.StreamResponse:
    return await (watches.watch(call) if call.flag("watch") else reads.list_(call))


async def _got(call: Call) -> web.StreamResponse:
    return await (watches.watch(call) if call.flag("watch") else reads.get(call))


async def _said(body: Callable[[], Obj], request: web.Request) -> web.StreamResponse:
    return answer(body())


async def _said_of_group(body: Callable[[str], Obj], request: web.Request) -> web.StreamResponse:
    return answer(body(request.match_info["group"]))


async def _healthy(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn every refusal into a Status; an unforeseen error is a bug and is told on stderr."""
    try:
        return await handler(request)
    except ApiError as error:
        refused = answer(error.status(), error.code)
        if (pause_s := error.details.get("retryAfterSeconds")) is not None:
            refused.headers["Retry-After"] = str(pause_s)
        return refused
    except web.HTTPException as error:
        refusal = _status_of(error)
        return answer(refusal.status(), refusal.code)
    except ConnectionError:
        raise
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        bug = ApiError(500, "InternalError", f"Internal error occurred: {error!r}")
        return answer(bug.status(), 500)


def _status_of(error: web.HTTPException) -> ApiError:
    match error.status:
        case 404:
            return no_such_path()
        case 405:
            said = "the server does not allow this method on the requested resource"
            return ApiError(405, "MethodNotAllowed", said)
        case 413:
            limit = LARGEST_BODY_BYTES
            said = f"Request entity too large: limit is {limit}"
            return ApiError(413, "RequestEntityTooLarge", said)
    return ApiError(error.status, "BadRequest", error.reason)
