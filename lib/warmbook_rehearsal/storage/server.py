"""The storage server: its routes, and who calls and what is refused on all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler

from warmbook_rehearsal.access import ANONYMOUS, Callers
from warmbook_rehearsal.network import Shaper
from warmbook_rehearsal.request_faults import Incoming, RequestFaults

from ..http import refusing
from ..peers import ask_strangers
from . import (
    json_acls,
    json_buckets,
    json_caches,
    json_folders,
    json_objects,
    resumable,
    uploads,
    xml_objects,
)
from .encryption import refuse_keys
from .errors import StorageError
from .objects import Meta
from .request import Call, Endpoint
from .state import Storage

MAX_DOCUMENT_BYTES = 8 * 2**20
"""The largest body that is read whole; what is uploaded has no limit."""

RUNNER_OPTIONS: Mapping[str, object] = {"auto_decompress": False, "access_log": None}
"""Pass these to `web.AppRunner`: gzipped uploads must be stored as they come."""

_JSON = "/storage/v1/b"
_BUCKET = _JSON + "/{bucket}"
_OBJECT = _BUCKET + "/o/{name:[^/]+}"
_CACHE = _BUCKET + "/anywhereCaches/{zone}"
_FOLDER = _BUCKET + "/managedFolders/{folder:[^/]+/?}"
_TARGET = "/b/{to_bucket}/o/{to_name:[^/]+}"
_NOT_XML = ("storage", "upload", "download", "resumable", "batch")
_XML_BUCKET = "/{bucket:(?!(?:" + "|".join(_NOT_XML) + ")(?:/|$))[a-z0-9][a-z0-9_.-]+}"
_XML_OBJECT = _XML_BUCKET + "/{name:.+}"

ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", _JSON, json_buckets.list_buckets),
    ("POST", _JSON, json_buckets.insert_bucket),
    ("GET", _BUCKET, json_buckets.get_bucket),
    ("PATCH", _BUCKET, json_buckets.patch_bucket),
    ("PUT", _BUCKET, json_buckets.update_bucket),
    ("DELETE", _BUCKET, json_buckets.delete_bucket),
    ("POST", _BUCKET + "/lockRetentionPolicy", json_buckets.lock_retention),
    ("POST", _BUCKET + "/restore", json_buckets.restore_bucket),
    ("GET", _BUCKET + "/storageLayout", json_buckets.get_layout),
    ("GET", _BUCKET + "/iam", json_buckets.get_policy),
    ("PUT", _BUCKET + "/iam", json_buckets.set_policy),
    ("GET", _BUCKET + "/iam/testPermissions", json_buckets.test_permissions),
    ("GET", _BUCKET + "/folders", json_folders.list_folders),
    ("GET", _BUCKET + "/managedFolders", json_folders.list_managed),
    ("POST", _BUCKET + "/managedFolders", json_folders.insert_managed),
    ("GET", _FOLDER, json_folders.get_managed),
    ("DELETE", _FOLDER, json_folders.delete_managed),
    *(
        (method, path + below, endpoint)
        for lists, path in (
            (json_acls.OF_BUCKETS, _BUCKET + "/acl"),
            (json_acls.OF_NEW_OBJECTS, _BUCKET + "/defaultObjectAcl"),
            (json_acls.OF_OBJECTS, _OBJECT + "/acl"),
        )
        for method, below, endpoint in lists.endpoints()
    ),
    ("GET", _BUCKET + "/anywhereCaches", json_caches.list_),
    ("POST", _BUCKET + "/anywhereCaches", json_caches.insert),
    ("GET", _CACHE, json_caches.get),
    ("PATCH", _CACHE, json_caches.patch),
    ("POST", _CACHE + "/disable", json_caches.disable),
    ("POST", _CACHE + "/pause", json_caches.pause),
    ("POST", _CACHE + "/resume", json_caches.resume),
    ("GET", _BUCKET + "/operations", json_caches.list_operations),
    ("GET", _BUCKET + "/operations/{operation}", json_caches.get_operation),
    ("GET", _BUCKET + "/o", json_objects.list_),
    ("GET", _OBJECT, json_objects.get),
    ("GET", "/download" + _OBJECT, json_objects.get),
    ("PATCH", _OBJECT, json_objects.patch),
    ("PUT", _OBJECT, json_objects.update),
    ("DELETE", _OBJECT, json_objects.delete),
    ("POST", _OBJECT + "/restore", json_objects.restore),
    ("POST", _OBJECT + "/compose", json_objects.compose),
    ("POST", _OBJECT + "/copyTo" + _TARGET, json_objects.copy),
    ("POST", _OBJECT + "/rewriteTo" + _TARGET, json_objects.rewrite),
    ("POST", _OBJECT + "/moveTo/o/{to_name:[^/]+}", json_objects.move),
    *(
        (method, prefix + "/upload" + _BUCKET + "/o", endpoint)
        for prefix in ("", "/resumable")
        for method, endpoint in (
            ("POST", uploads.insert),
            ("PUT", resumable.append),
            ("DELETE", resumable.cancel),
        )
    ),
    ("HEAD", _XML_BUCKET, xml_objects.head_bucket),
    ("GET", _XML_BUCKET, xml_objects.get_bucket),
    ("GET", _XML_BUCKET + "/", xml_objects.get_bucket),
    ("GET", _XML_OBJECT, xml_objects.get),
    ("PUT", _XML_OBJECT, xml_objects.put),
    ("POST", _XML_OBJECT, xml_objects.post),
    ("DELETE", _XML_OBJECT, xml_objects.delete),
)
"""Method, path and endpoint; where GET is answered and HEAD is not named, HEAD is too."""

_NAMED = {(method, path) for method, path, _ in ROUTES}


def application(
    storage: Storage,
    callers: Callers,
    *,
    base_url: Callable[[], str],
    request_faults: RequestFaults | None = None,
    shaper: Shaper | None = None,
) -> web.Application:
    """Return the server of `storage`; `callers` tells who sends a request.

    Links in answers lead to the host that was called, so that a Pod's requests stay the Pod's;
    without a Host header they start with `base_url()`. `shaper` paces what is downloaded.
    """
    network = shaper or Shaper()
    endpoints: dict[object, Endpoint] = {}

    async def paced(address: str, meta: Meta, sent: range) -> AsyncIterator[range]:
        for part, from_cache in storage.traffic.read(address, meta, sent):
            async for piece in network.paced(address, part, from_cache=from_cache):
                yield piece

    def call(request: web.Request, path: Mapping[str, str]) -> Call:
        authorization = request.headers.get("Authorization")
        address = _local_address(request)
        caller = callers.of(authorization, address)
        if authorization and caller == ANONYMOUS:
            raise StorageError(401, "authError", "Invalid Credentials")
        headers, query = request.headers, request.query
        quota_project = headers.get("x-goog-user-project") or query.get("userProject", "")
        storage.permissions.require(caller, quota_project)
        refuse_keys(headers, query)
        url = _called_url(request) or base_url()
        return Call(request, storage, caller, url, path, partial(paced, address))

    def served(endpoint: Endpoint) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await endpoint(call(request, request.match_info))

        endpoints[serve] = endpoint
        return serve

    @web.middleware
    async def interfered(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request_faults is None:
            return await handler(request)
        address = _local_address(request)
        incoming = Incoming("storage", request.method, request.path, request.query_string, address)
        await request_faults.meet(incoming)
        response = await handler(request)
        await request_faults.leave(incoming)
        return response

    @web.middleware
    async def overridden(request: web.Request, handler: Handler) -> web.StreamResponse:
        meant = await _meant(request)
        if meant is None:
            return await handler(request)
        match = await request.app.router.resolve(meant)
        if match.http_exception is not None:
            raise match.http_exception
        return await endpoints[match.handler](call(meant, match))

    strangers = ask_strangers(callers.signed_in, _asked_for_the_token)
    app = web.Application(
        client_max_size=MAX_DOCUMENT_BYTES, middlewares=[refused, strangers, interfered, overridden]
    )
    for method, path, endpoint in ROUTES:
        app.router.add_route(method, path, served(endpoint))
        if method == "GET" and ("HEAD", path) not in _NAMED:
            app.router.add_route("HEAD", path, served(endpoint))
    return app


async def _meant(request: web.Request) -> web.Request | None:
    """Return what a POST with X-HTTP-Method-Override stands for, None if it has none.

    Clients send a GET whose URL is too long that way, with the query as a form.
    """
    method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if request.method != "POST" or method in ("", "POST"):
        return None
    url = request.rel_url
    if method == "GET" and request.content_type == "application/x-www-form-urlencoded":
        # read by a clone: a request whose body was read can't be cloned any more
        form = (await request.clone().read()).decode(errors="replace")
        url = url.with_query(parse_qsl(form, keep_blank_values=True))
    return request.clone(method=method, rel_url=url)


def _asked_for_the_token() -> StorageError:
    told = "This rehearsal belongs to another user of the machine, and asks for its token."
    return StorageError(401, "required", told)


def _rendered(request: web.Request, error: StorageError) -> web.Response:
    if request.path[1:].partition("/")[0] not in _NOT_XML:
        return error.as_xml()
    is_media = request.query.get("alt") == "media" or request.path.startswith("/download/")
    return error.as_text() if is_media else error.as_json()


def _of_aiohttp(error: web.HTTPException) -> StorageError:
    reason = {404: "notFound", 405: "httpMethodNotAllowed"}.get(error.status, "invalid")
    return StorageError(error.status, reason, error.reason)


refused = refusing(
    StorageError,
    of_aiohttp=_of_aiohttp,
    of_a_fault=lambda: StorageError(500, "backendError", "Backend Error"),
    rendered=_rendered,
)
"""Answers errors with the body that Cloud Storage gives them."""


def _local_address(request: web.Request) -> str:
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client is gone")
    return str(transport.get_extra_info("sockname")[0])


def _called_url(request: web.Request) -> str:
    host = request.headers.get("Host")
    return f"{request.scheme}://{host}" if host else ""
