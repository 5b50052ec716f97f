"""A storage server in a thread of its own, and the official client in the reader's name."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage as gcs
from google.oauth2.credentials import Credentials
from hypothesis import settings

from warmbook_rehearsal.access import Caller, Callers
from warmbook_rehearsal.propagation import Propagation
from warmbook_rehearsal.storage import RUNNER_OPTIONS, Storage, application
from warmbook_rehearsal.time_scale import TimeScale

settings.register_profile("wire", settings.get_profile("same"), max_examples=60)
settings.load_profile("wire")

PROJECT, NUMBER, TOKEN = "demo-proj", "123456789012", "the-readers-token"
READER = Caller("user:you@example.com", "you@example.com")
REGIONS = ("us-central1", "us-east1", "europe-west4")
POD_ADDRESS = "127.0.0.9"
POD = Caller(
    f"principal://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/"
    f"{PROJECT}.svc.id.goog/subject/ns/ns/sa/ksa",
    "ns/ksa",
)


class Server:
    """The server, listening on 127.0.0.1 and on a Pod's address, on one port."""

    def __init__(
        self, folder: Path, time_scale: TimeScale, propagation: Propagation | None = None
    ) -> None:
        self.callers = Callers(TOKEN, READER)
        self.callers.register(POD_ADDRESS, POD)
        self.loop = asyncio.new_event_loop()
        self.project_bindings = [
            {"role": role, "members": [READER.member]}
            for role in ("roles/owner", "roles/storage.admin")
        ]
        self.storage = Storage(
            folder,
            project_id=PROJECT,
            project_number=NUMBER,
            time_scale=time_scale,
            project_bindings=lambda: self.project_bindings,
            zones=lambda region: [f"{region}-{z}" for z in "abc"] if region in REGIONS else [],
            propagation=propagation,
        )
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(10)

    def stop(self) -> None:
        assert self._runner
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function on the server's loop, as the rest of the rehearsal does."""

        async def called() -> Any:
            return function(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(10)

    async def _listen(self) -> None:
        app = application(self.storage, self.callers, base_url=lambda: self.url)
        self._runner = web.AppRunner(app, shutdown_timeout=1, **RUNNER_OPTIONS)  # type: ignore[arg-type]
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        await web.TCPSite(self._runner, POD_ADDRESS, self.port).start()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[TimeScale], Server]]:
    """Start a server whose cloud minutes last as the given pace says."""
    servers: list[Server] = []

    def started(time_scale: TimeScale) -> Server:
        servers.append(Server(tmp_path_factory.mktemp("blobs"), time_scale))
        servers[-1].start()
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(serve: Callable[[TimeScale], Server]) -> Server:
    return serve(TimeScale(minute_s=3600))


@pytest.fixture(scope="session")
def client(server: Server) -> gcs.Client:
    return gcs.Client(PROJECT, Credentials(TOKEN), client_options={"api_endpoint": server.url})


@pytest.fixture(scope="session")
def at_address(server: Server) -> Callable[[str], gcs.Client]:
    """Return the client of whoever calls the given address, without any credentials."""

    def client(address: str) -> gcs.Client:
        endpoint = {"api_endpoint": f"http://{address}:{server.port}"}
        return gcs.Client(PROJECT, AnonymousCredentials(), client_options=endpoint)

    return client


@pytest.fixture(scope="session")
def pod(at_address: Callable[[str], gcs.Client]) -> gcs.Client:
    return at_address(POD_ADDRESS)


_names = (f"bucket-{number}" for number in itertools.count())


@pytest.fixture
def bucket(client: gcs.Client) -> gcs.Bucket:
    wanted = client.bucket(next(_names))
    wanted.iam_configuration.uniform_bucket_level_access_enabled = True
    return client.create_bucket(wanted, location="us-central1")


@pytest.fixture(scope="module")
def shared_bucket(client: gcs.Client) -> gcs.Bucket:
    """A bucket for property tests, which make many examples in one test."""
    return client.create_bucket(next(_names), location="us-central1")


class LocalSession(requests.Session):
    """Plain HTTP in the reader's name, for what the client never sends; URLs begin with "/"."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._base_url = server.url
        self.headers["Authorization"] = f"Bearer {TOKEN}"

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        return super().request(method, self._base_url + url, *args, **kwargs)


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[requests.Session]:
    with LocalSession(server) as session:
        yield session


@pytest.fixture(scope="session")
def quick_http(serve: Callable[[TimeScale], Server]) -> Iterator[requests.Session]:
    """The same to a server whose cloud hour lasts a second."""
    with LocalSession(serve(TimeScale(minute_s=1 / 60))) as session:
        yield session


@pytest.fixture(scope="session")
def pod_principal() -> str:
    return POD.member
