"""What keeps the server's Pod from its node: none that it may use, or one that can't set it up."""

from __future__ import annotations

from typing import Any

from ..clusters import Running
from ..kubernetes.controllers.nodes import GPU
from . import asked
from .deployment import change_container
from .fault import DEPLOYMENT, GPUS, Target, fault, is_server
from .gpus import ZONE

Obj = dict[str, Any]

MANY_CPUS = "120"
"""More than any machine with an L4 has."""
MUCH_DISK = "200Gi"
"""More than a node of 100 GB has."""


@fault(
    "node-tainted",
    "somebody keeps the nodes with a GPU for another team, by a taint",
    pitfall="toleration-missing",
    places=(GPUS,),
    waits=True,
    mode="standard",
    location=ZONE,
)
def node_tainted(rehearsal: Target) -> None:
    """Taint each such node that joins; a toleration, or removing the taint, mends it."""
    taint = {"key": "team", "value": "vision", "effect": "NoSchedule"}

    def change(node: Obj) -> None:
        node["spec"]["taints"] = [taint, *(node["spec"].get("taints") or ())]

    _as_gpu_nodes_join(rehearsal, change)


@fault(
    "node-cordoned",
    "somebody cordons the node with the GPU and forgets it",
    pitfall="nodes-cordoned",
    places=(GPUS,),
    waits=True,
    mode="standard",
    location=ZONE,
)
def node_cordoned(rehearsal: Target) -> None:
    """Cordon each such node that joins; `kubectl uncordon` mends it."""
    _as_gpu_nodes_join(rehearsal, lambda node: node["spec"].update(unschedulable=True))


def _as_gpu_nodes_join(rehearsal: Target, change: Any) -> None:
    def admit(kind: str, obj: Obj) -> None:
        if kind == "Node" and GPU in obj["status"]["allocatable"]:
            change(obj)

    rehearsal.hang(lambda hooks: hooks.admission, admit)


@fault(
    "too-many-cpus",
    "somebody lets the server ask for more processors than any machine with this GPU has",
    pitfall="node-too-small",
    places=(DEPLOYMENT,),
    waits=True,
)
def too_many_cpus(rehearsal: Target) -> None:
    """Change the first Deployment; taking the request out of it mends it."""
    _ask_for(rehearsal, "cpu", MANY_CPUS)


@fault(
    "too-much-disk",
    "somebody lets the server ask for more disk than a node of the pool has",
    pitfall="node-disk-too-small",
    places=(DEPLOYMENT,),
    waits=True,
    mode="standard",
    location=ZONE,
)
def too_much_disk(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""
    _ask_for(rehearsal, "ephemeral-storage", MUCH_DISK)


@fault(
    "two-gpus-asked",
    "somebody lets the server ask for two GPUs, and the pool's node has one",
    pitfall="gpu-insufficient",
    places=(DEPLOYMENT,),
    waits=True,
    mode="standard",
    location=ZONE,
)
def two_gpus_asked(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""
    _ask_for(rehearsal, GPU, "2")


def _ask_for(rehearsal: Target, resource: str, quantity: str) -> None:
    def change(server: Obj) -> None:
        asked_for = server["resources"]
        for kind in [kind for kind in asked_for if resource in asked_for[kind]] or ["requests"]:
            asked_for.setdefault(kind, {})[resource] = quantity

    change_container(rehearsal, change)


@fault(
    "scale-up-failed",
    "Compute Engine refuses each machine for the server, and the event tells no reason",
    pitfall="scale-up-failed",
    waits=True,
)
def scale_up_failed(rehearsal: Target) -> None:
    """Let no machine come for a server; taking it back mends it."""
    _no_machine(rehearsal, "Internal error")


@fault(
    "ip-space-exhausted",
    "the cluster's subnet has no addresses left for another node",
    pitfall="ip-space-exhausted",
    waits=True,
)
def ip_space_exhausted(rehearsal: Target) -> None:
    """Let no machine come for a server; taking it back mends it."""
    _no_machine(rehearsal, "IP space exhausted")


def _no_machine(rehearsal: Target, why: str) -> None:
    """Let the autoscaler fail for servers. Source: as for `gpus.OVER_QUOTA`."""

    def refuse(pod: Obj, _: str) -> str:
        return why if is_server(pod) else ""

    rehearsal.hang(lambda hooks: hooks.scale_up, refuse)


@fault(
    "image-too-big",
    "the disk of the node is too full for the server's image",
    pitfall="image-too-big",
    waits=True,
)
def image_too_big(rehearsal: Target) -> None:
    """Fill the disk of the first server's node; another node mends it."""
    nodes: list[str] = []

    def full(pod: Obj) -> str:
        if not is_server(pod) or not _on_first(nodes, pod):
            return ""
        image = asked.server_of(pod)["image"]
        place = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/112/fs"
        return (
            f'rpc error: code = Unknown desc = failed to pull and unpack image "{image}": failed '
            f"to extract layer: write {place}/usr/lib/libcublasLt.so.13: no space left on device"
        )

    rehearsal.hang(lambda hooks: hooks.pull, full)


@fault(
    "sandbox-failed",
    "the node can't set up the network of the server's Pod",
    pitfall="sandbox-failed",
    waits=True,
)
def sandbox_failed(rehearsal: Target) -> None:
    """Break the network of the first server's node; another node mends it.

    Source of the words: kubernetes/kubernetes, pkg/kubelet/kuberuntime; containerd's CNI errors.
    """
    nodes: list[str] = []

    def broken(pod: Obj) -> str:
        if not is_server(pod) or not _on_first(nodes, pod):
            return ""
        return (
            "rpc error: code = Unknown desc = failed to setup network for sandbox "
            '"8f1c0d52": plugin type="ptp" name="gke-pod-network" failed (add): netplugin failed'
        )

    rehearsal.hang(lambda hooks: hooks.sandbox, broken)


def _on_first(nodes: list[str], pod: Obj) -> bool:
    """Say whether a Pod is on the node of the first that was asked about, kept in `nodes`."""
    node = pod["spec"].get("nodeName", "")
    nodes[:] = nodes or [node]
    return bool(node == nodes[0])


@fault(
    "device-not-allocated",
    "the node offers its GPU once before it can hand it out, as after a restart",
    pitfall="device-not-allocated",
    passes=True,
)
def device_not_allocated(rehearsal: Target) -> None:
    """Let the node refuse the first server; the Deployment makes another Pod, which comes up.

    Source: Kubernetes, pkg/kubelet/cm/devicemanager/manager.go.
    """
    done = False

    def refuse(pod: Obj) -> tuple[str, str]:
        nonlocal done
        if done or not is_server(pod):
            return "", ""
        done = True
        return "UnexpectedAdmissionError", (
            f"Allocate failed due to requested number of devices unavailable for {GPU}. Requested: "
            "1, Available: 0, which is unexpected"
        )

    def hook(cluster: Running) -> None:
        rehearsal.put(cluster.store.fault_hooks.refuse, refuse)

    rehearsal.each_cluster(hook)
