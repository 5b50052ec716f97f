"""What goes wrong with the server's node: none fits, it comes without its GPU, it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from ..clusters import Running
from ..kubernetes import Store
from ..kubernetes.controllers.nodes import ACCELERATOR, DRIVER, GPU
from ..kubernetes.objects import condition, name_of, namespace_of
from .deployment import as_server_comes, change_pod
from .fault import DEPLOYMENT, GPUS, Target, fault, is_server
from .gpus import OVER_QUOTA, ZONE
from .mends import DEPLOY_AGAIN, OLD_POD_FIRST

Obj = dict[str, Any]

NO_SUCH_GPU = "nvidia-l40s"
DRIVER_MINUTES = 15.0
"""How long a driver takes at most. Source: Kubernetes autoscaler, issue 3448."""
NEVER = timedelta(minutes=30)
SOON_S = 0.2
"""How long a server runs before its node goes away, in seconds."""


@fault(
    "gpu-label-unknown",
    "somebody writes a GPU into the server's node selector that no node pool has",
    pitfall="gpu-not-offered",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
    mode="standard",
    location=ZONE,
)
def gpu_label_unknown(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it.

    The cluster's pools are taken to be autoscaled, as many are.
    """

    async def autoscale(store: Store) -> None:
        async for told in store.history.subscribe():
            pod = told.obj
            why = (condition(pod, "PodScheduled") or {}).get("reason")
            if told.kind == "Pod" and told.type == "MODIFIED" and why == "Unschedulable":
                said = "pod didn't trigger scale-up: 1 node(s) didn't match Pod's node "
                said += "affinity/selector"
                store.event(pod, "NotTriggerScaleUp", said, source="cluster-autoscaler")

    def hook(cluster: Running) -> None:
        watching = asyncio.create_task(autoscale(cluster.store))
        cluster.tasks.append(watching)
        rehearsal.put_back(lambda: _end(watching))

    as_server_comes(rehearsal, _select_no_such_gpu)
    rehearsal.each_cluster(hook)


@fault(
    "gpu-label-alone",
    "the same in a cluster whose node pools don't grow: only the scheduler reports a reason",
    pitfall="gpu-not-offered",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
    mode="standard",
    location=ZONE,
)
def gpu_label_alone(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""
    as_server_comes(rehearsal, _select_no_such_gpu)


def _end(task: asyncio.Task[None]) -> None:
    task.cancel()


def _select_no_such_gpu(_: Store, deployment: Obj) -> None:
    deployment["spec"]["template"]["spec"]["nodeSelector"] = {ACCELERATOR: NO_SUCH_GPU}


@fault(
    "driver-too-old",
    "somebody writes GKE's default driver into the server's node selector; its CUDA version "
    "needs a newer driver",
    pitfall="driver-too-old",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def driver_too_old(rehearsal: Target) -> None:
    """Change the first Deployment: Autopilot brings such a node, a Standard pool has none.

    Sending the manifest again mends it, and in Autopilot so does an image with CUDA 12.
    """

    def select(pod: Obj) -> None:
        pod["spec"]["nodeSelector"] = {**(pod["spec"].get("nodeSelector") or {}), DRIVER: "default"}

    change_pod(rehearsal, select)


@fault(
    "driver-not-ready",
    "nodes are ready long before their GPU is: its driver is still being installed",
    pitfall="driver-not-ready",
    places=(GPUS,),
    passes=True,
)
def driver_not_ready(rehearsal: Target) -> None:
    """Take the GPUs from each node that joins, and give them out when the driver is there."""

    def take(store: Store, node: Obj) -> None:
        install = partial(_install, store, name_of(node), _without_gpus(node))
        asyncio.get_running_loop().call_later(rehearsal.time_scale.seconds(DRIVER_MINUTES), install)
        rehearsal.put_back(install)

    _as_gpu_nodes_join(rehearsal, take)


@fault(
    "driver-never-ready",
    "the driver's installation on the first GPU node never finishes",
    pitfall="driver-not-installed",
    places=(GPUS,),
    mode="standard",
    location=ZONE,
)
def driver_never_ready(rehearsal: Target) -> None:
    """Take the first node's GPUs, ready for half an hour as it says; another node has its own.

    The half hour is not waited for: a rehearsal's minutes are shorter than the reader's clock.
    """
    done = False

    def take(store: Store, node: Obj) -> None:
        nonlocal done
        if not done:
            done = True
            rehearsal.put_back(partial(_install, store, name_of(node), _without_gpus(node)))
            since = datetime.now(timezone.utc) - NEVER
            for one in node["status"]["conditions"]:
                one["lastTransitionTime"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")

    _as_gpu_nodes_join(rehearsal, take)


def _as_gpu_nodes_join(rehearsal: Target, change: Callable[[Store, Obj], None]) -> None:
    def hook(cluster: Running) -> None:
        def admit(kind: str, obj: Obj) -> None:
            if kind == "Node" and GPU in obj["status"]["allocatable"]:
                change(cluster.store, obj)

        rehearsal.put(cluster.store.fault_hooks.admission, admit)

    rehearsal.each_cluster(hook)


def _install(store: Store, name: str, gpus: Mapping[str, str]) -> None:
    """Let a node give out its GPUs, if it is still there: its driver is."""

    def give(new: Obj) -> None:
        for field, count in gpus.items():
            new["status"][field][GPU] = count

    if store.find("Node", None, name):
        store.update("Node", None, name, give, manager="kubelet", subresource="status")


def _without_gpus(node: Obj) -> Mapping[str, str]:
    """Take the GPUs from what a node has and gives out; return how many there were of each."""
    return {field: node["status"][field].pop(GPU) for field in ("capacity", "allocatable")}


@fault(
    "second-gpu-for-update",
    "somebody restarts the Deployment, and the project's quota is one GPU",
    pitfall="second-gpu-for-update",
    mend=OLD_POD_FIRST,
)
def second_gpu_for_update(rehearsal: Target) -> None:
    """Restart it once, as the first server starts; deleting the old Pod mends it."""

    def hook(cluster: Running) -> None:
        def refuse(pod: Obj, zone: str) -> str:
            return OVER_QUOTA if cluster.store.list("Node", labels=ACCELERATOR) else ""

        rehearsal.put(cluster.store.fault_hooks.scale_up, refuse)

    def restart(pod: Obj) -> None:
        if is_server(pod):
            rehearsal.pod_hooks.remove(restart)
            for cluster in rehearsal.clusters.running:
                for deployment in cluster.store.list("Deployment"):
                    place = namespace_of(deployment), name_of(deployment)
                    cluster.store.update("Deployment", *place, _restarted, manager="kubectl")

    rehearsal.each_cluster(hook)
    rehearsal.put(rehearsal.pod_hooks, restart)


def _restarted(deployment: Obj) -> None:
    """Change the template as `kubectl rollout restart` does."""
    metadata = deployment["spec"]["template"].setdefault("metadata", {})
    at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata.setdefault("annotations", {})["kubectl.kubernetes.io/restartedAt"] = at


@fault(
    "node-goes-away",
    "the server's node is reclaimed once, as Spot nodes are",
    pitfall="node-gone",
    passes=True,
)
def node_goes_away(rehearsal: Target) -> None:
    """Delete the first server's node soon after its start; another one comes."""

    def go(pod: Obj) -> None:
        if not is_server(pod):
            return
        rehearsal.pod_hooks.remove(go)
        node = pod["spec"]["nodeName"]

        def delete() -> None:
            for cluster in rehearsal.clusters.running:
                if cluster.store.find("Node", None, node):
                    cluster.store.delete("Node", None, node)

        asyncio.get_running_loop().call_later(SOON_S, delete)

    rehearsal.put(rehearsal.pod_hooks, go)
