"""One rehearsal: its servers, its clusters, its state folder; nothing of it outlives it."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from aiohttp import web

from .access import Caller, Callers
from .clusters import Clusters
from .faults import Changes, Fault, Staging
from .faults import application as fault_desk
from .google import Cloud
from .google.api_hosts import api_host
from .google.capacity import zones_of
from .hub import CDN_HOST, Hub, repositories
from .hub import application as hub_application
from .listener import HOST, Listener
from .network import UNSHAPED, Network, Shaper
from .node import EngineError, Image, Model
from .peers import can_tell
from .propagation import Propagation
from .recording import Recording
from .request_faults import RequestFaults
from .state_folder import PREFIX, sweep
from .storage import Storage, application
from .time_scale import TimeScale

PROJECT_ID = "rehearsal-project"
PROJECT_NUMBER = "415104041262"
ACCOUNT = "you@example.com"
NODES_ACCOUNT = f"{PROJECT_NUMBER}-compute@developer.gserviceaccount.com"
LOCATION = "us-central1"
STORAGE_HOST = "storage.googleapis.com"


class Rehearsal:
    """A rehearsal as an async context: up when entered, gone without a trace when left."""

    def __init__(
        self,
        image: Image,
        model: Model,
        *,
        engine: str,
        time_scale: TimeScale,
        network: Network = UNSHAPED,
        staged: Sequence[Fault] = (),
        propagation_s: float = 0.0,
        record: Path | None = None,
    ) -> None:
        self.image, self.model, self.engine, self.time_scale = image, model, engine, time_scale
        self.shaper = Shaper(network)
        self._staged_first = tuple(staged)
        self.propagation = Propagation(propagation_s)
        self._recording = Recording(record) if record else None
        self.request_faults = RequestFaults()
        if network.latency_ms:
            self.request_faults.add(self.shaper.meet)
        self.changes = Changes()
        self.round: dict[str, Any] = {}
        self.request_faults.add_on_leaving(self.changes.note)
        self.pod_hooks: list[Callable[[dict[str, Any]], None]] = []
        """Called with each Pod before its first process."""
        self.token = secrets.token_urlsafe(24)
        self.callers = Callers(self.token, Caller(f"user:{ACCOUNT}", ACCOUNT))
        self.model_uri = f"gs://{PROJECT_ID}-models/{model.folder.name}"

    async def __aenter__(self) -> Rehearsal:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        (self.folder / "pid").write_text(str(os.getpid()))
        self._addresses = pod_addresses()
        self.storage = Storage(
            self.folder / "storage",
            project_id=PROJECT_ID,
            project_number=PROJECT_NUMBER,
            time_scale=self.time_scale,
            project_bindings=lambda: self.cloud.bindings(),
            zones=zones_of,
            propagation=self.propagation,
            is_on=lambda: self.cloud.project.answers("storage.googleapis.com"),
        )
        self.storage_listener = Listener(self._storage_server())
        await self.storage_listener.start()
        self.clusters = Clusters(
            folder=self.folder,
            token=self.token,
            image=self.image,
            engine=self.engine,
            time_scale=self.time_scale,
            addresses=self._addresses,
            pods=self,
            request_faults=self.request_faults,
        )
        self.cloud = Cloud(
            project_id=PROJECT_ID,
            project_number=PROJECT_NUMBER,
            callers=self.callers,
            time_scale=self.time_scale,
            clusters=self.clusters,
            storage=self.storage,
            traffic=self.storage.traffic,
            request_faults=self.request_faults,
            propagation=self.propagation,
        )
        self.google_listener = Listener(self._recorded(self.cloud.rest(), api_host))
        await self.google_listener.start()
        self.hub = Hub(
            repositories(self.folder / "hub", (file.path for file in self.model.files)),
            base_url=lambda: self.hub_listener.url,
        )
        self.hub_listener = Listener(hub_application(self.hub))
        await self.hub_listener.start()
        await self.hub_listener.open(CDN_HOST)
        self._grpc = self.cloud.grpc_server()
        self._grpc_port = self._grpc.add_insecure_port(f"{HOST}:0")
        await self._grpc.start()
        self.fault_listener = Listener(fault_desk(self))
        await self.fault_listener.start()
        self._seed()
        self._staging = Staging(self)
        for fault in self._staged_first:
            await self.stage(fault)
        return self

    def _storage_server(self) -> web.Application:
        server = application(
            self.storage,
            self.callers,
            base_url=lambda: self.storage_listener.url,
            request_faults=self.request_faults,
            shaper=self.shaper,
        )
        return self._recorded(server, lambda _: STORAGE_HOST)

    def _recorded(self, server: web.Application, host_of: Callable[[str], str]) -> web.Application:
        """Return a server whose exchanges are written down, if that was asked for."""
        if self._recording:
            self._recording.listen(server, host_of)
        return server

    def servers(self) -> dict[str, str]:
        """Return the addresses of the servers that the workbook calls."""
        return {
            "google": self.google_listener.url,
            "storage": self.storage_listener.url,
            "caches": f"{HOST}:{self._grpc_port}",
        }

    @property
    def staged(self) -> list[Fault]:
        """The faults that are staged, the last one last."""
        return self._staging.faults

    async def stage(self, fault: Fault) -> bool:
        """Let something go wrong from now on; return whether it was not staged before."""
        return await self._staging.stage(fault)

    async def unstage(self, fault: Fault) -> None:
        """Let it go wrong no more, and put back what it has changed."""
        await self._staging.unstage(fault)

    def held(self) -> AbstractContextManager[None]:
        """Return a context in which nothing that the guide does repairs a fault."""
        return self._staging.held()

    async def __aexit__(self, *_: object) -> None:
        """Stop every Pod, every server, and remove the state folder."""
        await self.clusters.stop_all()
        await self._grpc.stop(grace=None)
        await self.fault_listener.stop()
        await self.hub_listener.stop()
        await self.google_listener.stop()
        await self.storage_listener.stop()
        if self._recording:
            self._recording.close()
        self.remove_files()

    def remove_files(self) -> None:
        """Remove the state folder, as far as it is there."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _seed(self) -> None:
        """Put the model into a bucket, as the guide presumes it is."""
        bucket, _, path = self.model_uri.removeprefix("gs://").partition("/")
        self.storage.create_bucket(bucket, location=LOCATION.upper())
        for file in self.model.files:
            self.storage.adopt_file(
                bucket, f"{path}/{file.name}", file.path, crc32c=file.crc32c, md5=file.md5
            )

    async def pod_starts(self, pod: dict[str, Any], address: str) -> None:
        """Let the Pod at `address` reach the storage server as its service account."""
        for hook in tuple(self.pod_hooks):
            hook(pod)
        self.callers.register(address, self._identity(pod))
        node = pod["spec"].get("nodeName", "")
        self.shaper.place(address, machine=node or address)
        self.storage.traffic.place(address, zone=self.clusters.zone_of(node))
        await self.storage_listener.open(address)

    def _identity(self, pod: dict[str, Any]) -> Caller:
        """Return who a Pod is: its service account, or its node's where GKE does not say who.

        One with the annotation `iam.gke.io/gcp-service-account` is that Google account; whether
        the account lets it is not asked. Source: GKE, "Workload Identity Federation".
        """
        if not self.cloud.cluster_registry.serves_metadata(pod["spec"].get("nodeName", "")):
            return Caller(f"serviceAccount:{NODES_ACCOUNT}", NODES_ACCOUNT)
        account = pod["spec"].get("serviceAccountName", "default")
        namespace = pod["metadata"]["namespace"]
        if google := self.clusters.google_account(pod, namespace, account):
            return Caller(f"serviceAccount:{google}", google)
        subject = f"ns/{namespace}/sa/{account}"
        member = (
            f"principal://iam.googleapis.com/projects/{PROJECT_NUMBER}/locations/global/"
            f"workloadIdentityPools/{PROJECT_ID}.svc.id.goog/subject/{subject}"
        )
        return Caller(member, member.removeprefix("principal:"))

    async def pod_ends(self, address: str) -> None:
        """Let `address` be nobody's again."""
        self.callers.forget(address)
        await self.storage_listener.close(address)

    def pod_environment(self, address: str) -> dict[str, str]:
        """Return what points the streamer in a Pod at the rehearsal's storage."""
        url = f"http://{address}:{self.storage_listener.port}"
        return {
            "STORAGE_EMULATOR_HOST": url,
            "CLOUD_STORAGE_EMULATOR_ENDPOINT": url,
            "RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS": "true",
            "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
            # how long notebook 05's probe waits for the roles that it was just given
            "WARMBOOK_PROPAGATION_S": str(self.propagation.delay_s),
        }


def pod_addresses() -> Iterator[str]:
    """Yield loopback addresses for Pods; two rehearsals at a time begin at different places."""
    second, first = random.randint(64, 250), random.randrange(254)
    for at in range(first, first + 254):
        third = 1 + at % 254
        for fourth in range(2, 255):
            yield f"127.{second}.{third}.{fourth}"


def check_connections() -> None:
    """Refuse to start where no Pod's requests could be told from another user's.

    Raises:
        EngineError: The kernel does not say whose a connection is.
    """
    if not can_tell():
        raise EngineError(
            "This machine does not tell whose a connection is, so the rehearsal could not keep "
            "other users out.\n  → Let it read /proc/net/tcp, or use another machine or container."
        )
