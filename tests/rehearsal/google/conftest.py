"""A cloud on loopback for the tests: the real faces, a host and caches kept in memory."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
import requests
from aiohttp import web
from google.cloud import (
    billing_v1,
    container_v1,
    resourcemanager_v3,
    service_usage_v1,
    storage_control_v2,
)
from google.oauth2.credentials import Credentials

from warmbook_rehearsal.access import Caller, Callers
from warmbook_rehearsal.google import Cloud, Endpoint
from warmbook_rehearsal.time_scale import TimeScale

TOKEN = "reader-token"
PROJECT_ID, PROJECT_NUMBER = "demo-project", "123456789012"


class Host:
    """Notes what it was asked to do."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.broken = False

    async def start(self, cluster: container_v1.Cluster) -> Endpoint:
        self.calls.append(("start", cluster.name))
        if self.broken:
            raise OSError("no port is free")
        return Endpoint("127.0.0.1:6443", b"-----BEGIN CERTIFICATE-----")

    def add_pool(self, cluster: container_v1.Cluster, pool: container_v1.NodePool) -> None:
        self.calls.append(("add_pool", cluster.name, pool.name))

    def remove_pool(self, cluster: container_v1.Cluster, pool: container_v1.NodePool) -> None:
        self.calls.append(("remove_pool", cluster.name, pool.name))

    async def stop(self, cluster: container_v1.Cluster) -> None:
        self.calls.append(("stop", cluster.name))


class RefusedError(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


@dataclass(frozen=True)
class Cache:
    bucket: str
    zone: str
    state: str = "creating"
    ttl_s: int = 86_400
    admission_policy: str = "admit-on-first-miss"
    ingest_on_write: bool = False
    create_time: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    update_time: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


class Caches:
    """One bucket, its permissions and its caches; a cache runs from the second look at it."""

    def __init__(self) -> None:
        self.permissions = self.caches = self
        self.kept: dict[str, Cache] = {}
        self.denied: set[str] = set()

    def may(self, caller: Caller, permission: str, bucket: Any) -> bool:
        return permission not in self.denied

    def bucket(self, name: str) -> Any:
        if name != "models":
            raise RefusedError(404, "notFound", "The specified bucket does not exist.")
        place = SimpleNamespace(name="US-CENTRAL1", kind="region")
        return SimpleNamespace(location=place, hierarchical=True)

    def create(self, bucket: str, zone: str, ttl_s: int | None = None, **more: Any) -> Cache:
        self.bucket(bucket)
        if zone in self.kept:
            raise RefusedError(409, "conflict", "The requested anywhere cache already exists.")
        if ttl_s is not None and ttl_s < 3600:
            raise RefusedError(400, "invalid", "Invalid ttl.")
        self.kept[zone] = Cache(bucket, zone, ttl_s=ttl_s or 86_400, **more)
        return self.kept[zone]

    def get(self, bucket: str, zone: str) -> Cache:
        self.bucket(bucket)
        if zone not in self.kept:
            raise RefusedError(404, "notFound", "The specified anywhere cache does not exist.")
        seen = self.kept[zone]
        if seen.state == "creating":
            self.kept[zone] = replace(seen, state="running")
        return seen

    def of(self, bucket: str) -> list[Cache]:
        self.bucket(bucket)
        return list(self.kept.values())

    def update(self, bucket: str, zone: str, **given: Any) -> Cache:
        self.kept[zone] = replace(self.get(bucket, zone), **given)
        return self.kept[zone]

    def disable(self, bucket: str, zone: str) -> Cache:
        return self._turn(bucket, zone, "disabled")

    def pause(self, bucket: str, zone: str) -> Cache:
        return self._turn(bucket, zone, "paused")

    def resume(self, bucket: str, zone: str) -> Cache:
        return self._turn(bucket, zone, "running")

    def _turn(self, bucket: str, zone: str, state: str) -> Cache:
        if self.get(bucket, zone).state == "creating":
            raise RefusedError(400, "failedPrecondition", "The cache is creating.")
        self.kept[zone] = replace(self.kept[zone], state=state)
        return self.kept[zone]


@dataclass(frozen=True)
class Sent:
    moment: datetime
    bucket: str
    zone: str
    size_bytes: int
    from_cache: bool


class Traffic:
    """What a test says was read."""

    def __init__(self) -> None:
        self.all: list[Sent] = []

    def sent(self, since: datetime, until: datetime) -> list[Sent]:
        return [one for one in self.all if since < one.moment <= until]


@dataclass
class Running:
    """A cloud that answers, and official clients for it."""

    cloud: Cloud
    host: Host
    caches: Caches
    traffic: Traffic
    url: str
    grpc_address: str
    reader: Caller

    def client(self, service: Callable[..., Any], token: str = TOKEN) -> Any:
        return service(
            transport="rest",
            credentials=Credentials(token=token),
            client_options={"api_endpoint": self.url},
        )

    @property
    def clusters(self) -> Any:
        return self.client(container_v1.ClusterManagerClient)

    @property
    def projects(self) -> Any:
        return self.client(resourcemanager_v3.ProjectsClient)

    @property
    def services(self) -> Any:
        return self.client(service_usage_v1.ServiceUsageClient)

    @property
    def billing(self) -> Any:
        return self.client(billing_v1.CloudBillingClient)

    def enable_gke(self) -> None:
        """Turn the Kubernetes Engine API on, as Service Usage would after a while."""
        self.cloud.project.services |= {"container.googleapis.com", "compute.googleapis.com"}

    def allow(self, *roles: str) -> None:
        """Leave the reader these roles on the project and no others."""
        policy = self.cloud.project.policy.read()
        del policy.bindings[:]
        for role in roles:
            policy.bindings.add(role=role, members=[self.reader.member])

    def wait(self, operation: Any) -> Any:
        """Poll a GKE operation until it is done."""
        link = operation.self_link
        for _ in range(500):
            found = self.clusters.get_operation(name=link[link.index("projects/") :])
            if found.status == container_v1.Operation.Status.DONE:
                return found
            time.sleep(0.005)
        raise AssertionError(f"{operation.name} is still running")

    def create_cluster(self, name: str, location: str = "us-central1-a", **fields: Any) -> Any:
        """Begin to create a cluster, Standard with one node unless told otherwise."""
        if "autopilot" not in fields:
            fields.setdefault("initial_node_count", 1)
        cluster = container_v1.Cluster(name=name, **fields)
        return self.clusters.create_cluster(parent=in_location(location), cluster=cluster)

    def get(self, path: str, token: str = TOKEN, **query: str) -> requests.Response:
        """Send a plain GET with the token."""
        return requests.get(self.url + path, params=query, headers=bearer(token), timeout=5)

    def post(self, path: str, body: Any) -> requests.Response:
        """Send JSON, or raw bytes, with the token."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(self.url + path, data=text, headers=bearer(TOKEN), timeout=5)

    def storage_control(self, token: str = TOKEN) -> Any:
        channel = grpc.intercept_channel(grpc.insecure_channel(self.grpc_address), _Bearer(token))
        transport = storage_control_v2.StorageControlClient.get_transport_class("grpc")
        return storage_control_v2.StorageControlClient(transport=transport(channel=channel))


def in_location(location: str) -> str:
    return f"projects/{PROJECT_ID}/locations/{location}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


class _Bearer(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), self._header]
        return continuation(details._replace(metadata=metadata), request)


async def _serve(minute_s: float, ready: Callable[[Running], None], stop: asyncio.Event) -> None:
    reader = Caller("user:reader@example.com", "reader@example.com")
    host, caches, traffic = Host(), Caches(), Traffic()
    cloud = Cloud(
        project_id=PROJECT_ID,
        project_number=PROJECT_NUMBER,
        callers=Callers(TOKEN, reader),
        time_scale=TimeScale(minute_s),
        clusters=host,
        storage=caches,
        traffic=traffic,
    )
    cloud.project.enable(f"cloud{name}.googleapis.com" for name in ("billing", "resourcemanager"))
    runner = web.AppRunner(cloud.rest())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = cloud.grpc_server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    ready(Running(cloud, host, caches, traffic, url, f"127.0.0.1:{port}", reader))
    await stop.wait()
    await server.stop(None)
    await runner.cleanup()


def _run(minute_s: float) -> Iterator[Running]:
    """Serve in a thread, since the official clients block."""
    found: list[Running] = []
    loop, stop, up = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    def ready(running: Running) -> None:
        found.append(running)
        up.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(_serve(minute_s, ready, stop),))
    thread.start()
    assert up.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def running() -> Iterator[Running]:
    """A fresh cloud whose operations end almost at once."""
    yield from _run(minute_s=0.005)


@pytest.fixture
def slow() -> Iterator[Running]:
    """A fresh cloud whose operations don't end during a test."""
    yield from _run(minute_s=1000.0)


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """A cloud for tests that only look."""
    yield from _run(minute_s=0.005)


@pytest.fixture
def gke(running: Running) -> Running:
    """A fresh cloud in which the Kubernetes Engine API is on."""
    running.enable_gke()
    return running


@pytest.fixture
def slow_gke(slow: Running) -> Running:
    """The same, where operations don't end during a test."""
    slow.enable_gke()
    return slow
