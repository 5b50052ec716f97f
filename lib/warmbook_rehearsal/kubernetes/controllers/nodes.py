"""Nodes: what a machine of a type is in the cluster, as GKE labels it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from ..objects import Obj, name_of, now
from ..store import Store

GPU = "nvidia.com/gpu"
ACCELERATOR = "cloud.google.com/gke-accelerator"
ZONE = "topology.kubernetes.io/zone"
DRIVER = "cloud.google.com/gke-gpu-driver-version"
SPOT = "cloud.google.com/gke-spot"
POOL = "cloud.google.com/gke-nodepool"
KUBELET = "v1.33.5-gke.1308000"
"""The version that the clusters of `google/` have by default."""

_GIB_PER_CPU: Mapping[str, float] = {
    **{family: 4 for family in ("e2-standard", "n2-standard", "n1-standard", "g2-standard")},
    **{"a2-highgpu": 85 / 12, "a2-ultragpu": 170 / 12, "a3-highgpu": 9, "e2-medium": 2},
}
_PODS = "110"


def add_node(store: Store, node: Obj) -> Obj:
    """Add a machine that is up, as `node_object` describes it, and tell of it as kubelets do."""
    store.fault_hooks.admit("Node", node)
    new = store.create("Node", node, manager="kubelet")
    name = name_of(new)
    store.event(new, "Starting", "Starting kubelet.")
    said = f"Node {name} event: Registered Node {name} in Controller"
    store.event(new, "RegisteredNode", said, source="node-controller")
    store.event(new, "NodeReady", f"Node {name} status is now: NodeReady")
    return new


def node_object(
    *,
    name: str,
    pool: str,
    zone: str,
    machine_type: str,
    gpus: Mapping[str, int],
    driver: str = "default",
    spot: bool = False,
    disk_gb: int = 0,
) -> Obj:
    """Return a machine as the node that it is, or would be: of a pool, Ready.

    `gpus` is how many of which accelerator it has, `driver` which of GKE's drivers they get,
    `disk_gb` its boot disk; 0 is Autopilot's, which is as large as its Pods need.
    """
    resources = _resources(machine_type, sum(gpus.values()))
    disk = {"ephemeral-storage": f"{_formatted(disk_gb) // 1024}Ki"} if disk_gb else {}
    left = {"ephemeral-storage": str(_left_to_pods(disk_gb))} if disk_gb else {}
    labels = _labels(name, pool, zone, machine_type, gpus, driver)
    labels |= {SPOT: "true"} if spot else {}
    taint = {"key": GPU, "value": "present", "effect": "NoSchedule"}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "providerID": f"gce://rehearsal/{zone}/{name}",
            **({"taints": [taint]} if sum(gpus.values()) else {}),
        },
        "status": {
            "capacity": {**resources, **disk},
            "allocatable": {**resources, **left},
            "conditions": _conditions(),
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": _node_info(),
        },
    }


def add_default_node(store: Store, zone: str) -> Obj:
    """Add the node that an Autopilot cluster runs ordinary Pods on."""
    name = f"gk3-default-{secrets.token_hex(4)}"
    return add_node(
        store,
        node_object(
            name=name, pool="default-pool", zone=zone, machine_type="e2-standard-4", gpus={}
        ),
    )


def _labels(
    name: str, pool: str, zone: str, machine_type: str, gpus: Mapping[str, int], driver: str
) -> dict[str, str]:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": machine_type,
        "cloud.google.com/machine-family": machine_type.partition("-")[0],
        POOL: pool,
        ZONE: zone,
        "topology.kubernetes.io/region": zone.rpartition("-")[0],
    }
    for accelerator, count in gpus.items():
        if count:
            labels[ACCELERATOR] = accelerator
            labels["cloud.google.com/gke-accelerator-count"] = str(count)
            labels[DRIVER] = driver
    return labels


def _resources(machine_type: str, gpu_count: int) -> dict[str, str]:
    family, _, size = machine_type.rpartition("-")
    digits = "".join(filter(str.isdigit, size)) or "2"
    cpus = int(digits) * (12 if family.startswith("a2") else 1)
    memory_gib = int(cpus * _GIB_PER_CPU.get(family, 4))
    resources = {"cpu": str(cpus), "memory": f"{memory_gib}Gi", "ephemeral-storage": "100Gi"}
    if gpu_count:
        resources[GPU] = str(gpu_count)
    return {**resources, "pods": _PODS}


def _formatted(disk_gb: int) -> int:
    """Return the bytes that the file system of a boot disk offers: 98831908Ki of 100 GB."""
    return 98_831_908 * 1024 * disk_gb // 100


def _left_to_pods(disk_gb: int) -> int:
    """Return the bytes that Pods get of it: of 100 GB those that GKE shows, but for some 150.

    Source: GKE, "Plan GKE Standard node sizes".
    """
    reserved = min(0.5 * disk_gb, 6 + 0.35 * disk_gb, 100) * 2**30
    return int(_formatted(disk_gb) * 0.9 - reserved)


def _conditions() -> list[Obj]:
    at = now()
    times = {"lastHeartbeatTime": at, "lastTransitionTime": at}
    fine = [
        ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ]
    conditions = [
        {"type": kind, "status": "False", "reason": reason, "message": message, **times}
        for kind, reason, message in fine
    ]
    said = "this node is imitated: its Pods run as processes on this machine"
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": said}
    return [*conditions, {**ready, **times}]


def _node_info() -> dict[str, str]:
    imitated = "rehearsal"
    fields = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage")
    return {
        **dict.fromkeys(fields, imitated),
        "containerRuntimeVersion": "rehearsal://processes",
        "kubeletVersion": KUBELET,
        "kubeProxyVersion": KUBELET,
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
