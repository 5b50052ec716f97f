"""The Hub's server: what a repository is, what it holds, and its bytes, whole or a range.

Source: huggingface_hub, the requests of `HfApi`, `hf_hub_download` and `HfFileSystem`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from ..http import refusing
from ..peers import ask_strangers
from .errors import (
    HubError,
    another_user,
    gated,
    no_such_entry,
    no_such_repository,
    no_such_revision,
    too_many,
    unknown_token,
)
from .listing import described, listed, siblings
from .media import byte_range, disposition, send_bytes
from .repositories import TOKENS, Entry, Repository

MAX_BODY_BYTES = 2**20
MOST_PATHS = 1000
CDN = "/cdn/"
CDN_HOST = "127.0.0.2"
"""Where large files come from; the application must answer there too, on the Hub's port.

The name localhost would do as another origin, but not every machine knows it.
"""

_NAME = r"{owner:[\w.-]+}/{repo:[\w.-]+}"
_API = f"/api/models/{_NAME}"

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Hub:
    """The state of the server; `limited` more requests for files are answered with 429."""

    repositories: Mapping[str, Repository]
    base_url: Callable[[], str]
    limited: int = 0
    wait_s: int = 0
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def routes(self) -> tuple[tuple[str, str, Endpoint], ...]:
        """Return method, path and endpoint of what is answered."""
        return (
            ("GET", "/api/whoami-v2", self.whoami),
            ("GET", _API, self.model),
            ("GET", _API + "/auth-check", self.auth_check),
            ("GET", _API + "/revision/{revision:.+}", self.model),
            ("GET", _API + "/tree/{revision:[^/]+}", self.tree),
            ("GET", _API + "/tree/{revision:[^/]+}/{path:.*}", self.tree),
            ("POST", _API + "/paths-info/{revision:.+}", self.paths_info),
            ("GET", f"/{_NAME}/resolve/{{revision:[^/]+}}/{{path:.+}}", self.resolve),
            ("GET", CDN + "{digest:[0-9a-f]{64}}", self.content),
        )

    async def whoami(self, request: web.Request) -> web.Response:
        """Say whose token it is."""
        token = _token(request)
        if not token:
            raise HubError(401, "", "Invalid username or password.")
        if token not in TOKENS:
            raise unknown_token()
        name = token.removeprefix("hf_").replace("_", "-")
        auth = {"type": "access_token", "accessToken": {"displayName": name, "role": "read"}}
        told = {"type": "user", "id": name, "name": name, "fullname": name, "orgs": []}
        return web.json_response({**told, "auth": auth})

    async def model(self, request: web.Request) -> web.Response:
        """Describe a repository at a revision, with its files."""
        repository = self._repository(request)
        self._known(repository, request.match_info.get("revision", "main"))
        blobs = request.query.get("blobs", "").lower() in ("true", "1")
        told = await asyncio.to_thread(siblings, repository, blobs=blobs)
        return web.json_response(
            {
                "_id": repository.commit[:24],
                "id": repository.name,
                "modelId": repository.name,
                "author": repository.name.partition("/")[0],
                "sha": repository.commit,
                "private": False,
                "gated": "manual" if repository.gated else False,
                "disabled": False,
                "library_name": "transformers",
                "tags": ["transformers", "safetensors", "license:apache-2.0"],
                "siblings": told,
            }
        )

    async def auth_check(self, request: web.Request) -> web.Response:
        """Say whether the caller may have the files."""
        self._granted(request, self._repository(request))
        return web.json_response({})

    async def tree(self, request: web.Request) -> web.Response:
        """List files and folders at a place, or all that lies below it."""
        repository = self._repository(request)
        self._known(repository, request.match_info["revision"])
        place = request.match_info.get("path", "").strip("/")
        recursive = request.query.get("recursive", "").lower() in ("true", "1")
        told = await asyncio.to_thread(listed, repository, place, recursive=recursive)
        if place and not told:
            raise no_such_entry(repository.commit)
        return web.json_response(told)

    async def paths_info(self, request: web.Request) -> web.Response:
        """Describe the files and folders that are named; others are left out."""
        repository = self._repository(request)
        self._known(repository, request.match_info["revision"])
        paths = [path.strip("/") for path in await _asked_paths(request)]
        return web.json_response(await asyncio.to_thread(described, repository, paths))

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        """Give a small file, or the address of a large one."""
        if self.limited:
            self.limited -= 1
            raise too_many(self.wait_s)
        repository = self._repository(request)
        self._known(repository, request.match_info["revision"])
        self._granted(request, repository)
        entry = repository.entries.get(request.match_info["path"])
        if entry is None:
            raise no_such_entry(repository.commit)
        etag = await asyncio.to_thread(lambda: entry.etag)
        headers = {"X-Repo-Commit": repository.commit, "Accept-Ranges": "bytes"}
        if entry.in_lfs:
            linked = {"X-Linked-ETag": f'"{etag}"', "X-Linked-Size": str(entry.size_bytes)}
            address = f"{self._cdn_url()}{CDN}{etag}?Signature={self._signature(etag)}"
            return web.Response(status=302, headers={**headers, **linked, "Location": address})
        return send_bytes(request, entry, {**headers, "ETag": f'"{etag}"'})

    async def content(self, request: web.Request) -> web.StreamResponse:
        """Give the bytes of a large file to who was sent here, and to nobody else."""
        if "Authorization" in request.headers:
            # as object storage does: a signed address and a token at once are refused
            raise HubError(400, "", "Only one auth mechanism allowed")
        digest = request.match_info["digest"]
        signed = request.query.get("Signature", "").encode(errors="replace")
        if not hmac.compare_digest(signed, self._signature(digest).encode()):
            raise HubError(403, "", "Access denied")
        entry = await asyncio.to_thread(self._by_digest, digest)
        if entry is None:
            raise HubError(404, "", "Not found")
        byte_range(request, entry.size_bytes)
        return web.FileResponse(entry.path, headers={"Content-Disposition": disposition(entry)})

    def _by_digest(self, digest: str) -> Entry | None:
        found = (repository.by_sha256(digest) for repository in self.repositories.values())
        return next((entry for entry in found if entry), None)

    def _cdn_url(self) -> str:
        """Return another origin than the Hub's own, so that clients keep their token back."""
        return self.base_url().replace("127.0.0.1", CDN_HOST)

    def _signature(self, digest: str) -> str:
        return hmac.new(self._key, digest.encode(), hashlib.sha256).hexdigest()

    def _repository(self, request: web.Request) -> Repository:
        token = _token(request)
        if token and token not in TOKENS:
            raise unknown_token()
        name = f"{request.match_info['owner']}/{request.match_info['repo']}"
        if (found := self.repositories.get(name)) is None:
            raise no_such_repository(anonymous=not token)
        return found

    def _known(self, repository: Repository, revision: str) -> None:
        if not repository.has(revision):
            raise no_such_revision(revision)

    def _granted(self, request: web.Request, repository: Repository) -> None:
        token = _token(request)
        if repository.gated and not TOKENS.get(token, False):
            raise gated(repository.name, anonymous=not token)


def application(hub: Hub) -> web.Application:
    """Return the server of `hub`."""
    # its clients can't send the rehearsal's token: they have the Hub's, or none
    strangers = ask_strangers(lambda authorization: False, another_user)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[refused, strangers])
    for method, path, endpoint in hub.routes():
        app.router.add_route(method, path, endpoint)
        if method == "GET":
            app.router.add_route("HEAD", path, endpoint)
    return app


refused = refusing(
    HubError,
    of_aiohttp=lambda error: HubError(error.status, "", error.reason),
    of_a_fault=lambda: HubError(500, "", "Internal Error"),
    rendered=lambda request, error: error.response(),
)
"""Answers errors with the body and the headers that the Hub gives them."""


def _token(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _asked_paths(request: web.Request) -> list[str]:
    """Return the paths in a form or in JSON; clients send either."""
    try:
        if request.content_type == "application/json":
            asked = (await request.json())["paths"]
        else:
            asked = [str(path) for path in (await request.post()).getall("paths", [])]
    except (ValueError, KeyError, TypeError, RecursionError, LookupError):
        asked = None
    if not isinstance(asked, list) or not all(isinstance(path, str) for path in asked):
        raise HubError(400, "", "paths must be a list of strings")
    if len(asked) > MOST_PATHS:
        raise HubError(413, "", f"at most {MOST_PATHS} paths")
    return asked
