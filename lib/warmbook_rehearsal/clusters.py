"""The clusters of a rehearsal: for each a Kubernetes API, its controllers and its node."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from aiohttp import web

from .google import Endpoint
from .google.certificates import Authority, server_context
from .kubernetes import ApiServer, Store, add_node, node_object, run_controllers, scale_pods
from .kubernetes.controllers.nodes import GPU, POOL, ZONE
from .node import Image, Kubelet
from .request_faults import RequestFaults
from .time_scale import TimeScale

HOST = "127.0.0.1"
GOOGLE_ACCOUNT = "iam.gke.io/gcp-service-account"
"""Annotation that links a Kubernetes service account to a Google one."""

NO_DRIVER = "disabled"
"""How nodes are labelled whose GPU driver GKE does not install; they offer no GPU."""


class Pods(Protocol):
    """What a Pod needs of the rehearsal around it."""

    async def pod_starts(self, pod: dict[str, Any], address: str) -> None:
        """Give the Pod at `address` the identity of its service account."""

    async def pod_ends(self, address: str) -> None:
        """Take the identity of `address` back."""

    def pod_environment(self, address: str) -> dict[str, str]:
        """Return the variables that point the Pod at its services."""


@dataclass
class Running:
    """One cluster's moving parts."""

    store: Store
    kubelet: Kubelet
    runner: web.AppRunner
    tasks: list[asyncio.Task[Any]]
    endpoint: Endpoint
    ssl_context: ssl.SSLContext

    async def fall_silent(self) -> None:
        """Answer no request any more, as an API server that is down; the Pods go on."""
        for site in tuple(self.runner.sites):
            await site.stop()
        if server := self.runner.server:
            server.pre_shutdown()  # closes the connections that clients keep open

    async def answer_again(self) -> None:
        """Answer where it did before it fell silent."""
        if not self.runner.sites:
            host, _, port = self.endpoint.host.rpartition(":")
            await web.TCPSite(self.runner, host, int(port), ssl_context=self.ssl_context).start()


class Clusters:
    """Starts and stops clusters as GKE asks for them."""

    def __init__(
        self,
        *,
        folder: Path,
        token: str,
        image: Image,
        engine: str,
        time_scale: TimeScale,
        addresses: Iterator[str],
        pods: Pods,
        request_faults: RequestFaults,
    ) -> None:
        self._folder, self._token, self._image = folder, token, image
        self._engine, self._pace, self._addresses, self._pods = engine, time_scale, addresses, pods
        self._certificate = (authority := Authority("warmbook rehearsal")).issue(HOST)
        self._ca_pem = authority.ca_pem
        self._interference = request_faults
        self._running: dict[tuple[str, str], Running] = {}
        self._hooks: list[Callable[[Running], None]] = []
        self.kubeconfig = folder / "kubeconfig"

    async def start(self, cluster: Any) -> Endpoint:
        """Start the cluster's Kubernetes API and what moves behind it."""
        store = Store()
        kubelet = Kubelet(
            store,
            folder=self._folder / "pods",
            image=self._image,
            engine=self._engine,
            addresses=self._addresses,
            environment=lambda pod, address: self._pods.pod_environment(address),
            on_start=self._pods.pod_starts,
            on_stop=self._pods.pod_ends,
            time_scale=self._pace,
        )
        version = f"v{cluster.current_master_version}"
        app = ApiServer(
            store, kubelet, token=self._token, version=version, request_faults=self._interference
        ).application()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        context = server_context(self._certificate)
        site = web.TCPSite(runner, HOST, 0, ssl_context=context)
        await site.start()
        server: Any = site._server
        endpoint = Endpoint(f"{HOST}:{server.sockets[0].getsockname()[1]}", self._ca_pem)
        mode = "autopilot" if cluster.autopilot.enabled else "standard"
        tasks = [
            asyncio.create_task(
                run_controllers(store, self._pace, mode=mode, zones=_zones(cluster))
            ),
            asyncio.create_task(kubelet.run()),
            asyncio.create_task(scale_pods(store, self._pace)),
        ]
        self._running[_key(cluster)] = running = Running(
            *(store, kubelet, runner, tasks, endpoint, context)
        )
        for hook in tuple(self._hooks):
            hook(running)
        self._write_kubeconfig(cluster.name, endpoint)
        if not cluster.autopilot.enabled:
            for pool in cluster.node_pools:
                self.add_pool(cluster, pool)
        return endpoint

    def add_pool(self, cluster: Any, pool: Any) -> None:
        """Add the nodes of a Standard pool."""
        running = self._running[_key(cluster)]
        gpus = {a.accelerator_type: a.accelerator_count for a in pool.config.accelerators}
        for number in range(pool.initial_node_count):
            node = node_object(
                name=f"gke-{cluster.name}-{pool.name}-{number}",
                pool=pool.name,
                zone=cluster.location,
                machine_type=pool.config.machine_type,
                gpus=gpus,
                driver=(driver := _driver(pool)),
                spot=pool.config.spot,
                disk_gb=pool.config.disk_size_gb,
            )
            if driver == NO_DRIVER:
                for resources in (node["status"]["capacity"], node["status"]["allocatable"]):
                    resources.pop(GPU, None)
            add_node(running.store, node)

    def remove_pool(self, cluster: Any, pool: Any) -> None:
        """Remove the nodes of a pool, and with them their Pods."""
        store = self._running[_key(cluster)].store
        for node in store.list("Node", labels=f"{POOL}={pool.name}"):
            store.delete("Node", None, node["metadata"]["name"])

    def zone_of(self, node: str) -> str:
        """Return the zone of a node, "" if there is none of that name."""
        for running in self.running:
            for found in running.store.list("Node"):
                if found["metadata"]["name"] == node:
                    return str(found["metadata"]["labels"].get(ZONE, ""))
        return ""

    def google_account(self, pod: dict[str, Any], namespace: str, account: str) -> str:
        """Return the Google account that a Pod's service account is linked to, "" if to none."""
        for running in self.running:
            here = running.store.find("Pod", namespace, pod["metadata"]["name"])
            found = running.store.find("ServiceAccount", namespace, account)
            if here is not None and found is not None:
                annotations = found["metadata"].get("annotations") or {}
                return str(annotations.get(GOOGLE_ACCOUNT, ""))
        return ""

    @property
    def running(self) -> list[Running]:
        """The clusters that run now."""
        return list(self._running.values())

    def each(self, hook: Callable[[Running], None]) -> None:
        """Call `hook` with every cluster: those that run now, and each that starts later."""
        self._hooks.append(hook)
        for running in self.running:
            hook(running)

    def no_more(self, hook: Callable[[Running], None]) -> None:
        """Call `hook` with no cluster any more."""
        self._hooks.remove(hook)

    async def stop(self, cluster: Any) -> None:
        """Stop the cluster with its Pods; kubectl calls the one that was started before it."""
        if running := self._running.pop(_key(cluster), None):
            if self._running:
                (_, name), before = list(self._running.items())[-1]
                self._write_kubeconfig(name, before.endpoint)
            await self._end(running)

    async def stop_all(self) -> None:
        """Stop every cluster."""
        while self._running:
            await self._end(self._running.popitem()[1])

    async def _end(self, running: Running) -> None:
        await running.kubelet.stop()
        for task in running.tasks:
            task.cancel()
        await asyncio.gather(*running.tasks, return_exceptions=True)
        await running.runner.cleanup()

    def _write_kubeconfig(self, name: str, endpoint: Endpoint) -> None:
        import base64

        ca = base64.b64encode(endpoint.ca_pem).decode()
        cluster = {"server": f"https://{endpoint.host}", "certificate-authority-data": ca}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self._token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(config))


def _key(cluster: Any) -> tuple[str, str]:
    return cluster.location, cluster.name


def _driver(pool: Any) -> str:
    """Return which driver GKE installs on a pool's nodes, as their label has it."""
    for gpu in pool.config.accelerators:
        version = str(gpu.gpu_driver_installation_config.gpu_driver_version.name)
        return NO_DRIVER if version == "INSTALLATION_DISABLED" else version.lower()
    return "default"


def _zones(cluster: Any) -> list[str]:
    return list(cluster.locations) or [cluster.location]
