"""What a container asks for to compute on: GPUs, their parts, TPUs, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...cloud.gke import DRIVER
from .shapes import as_list, as_map, as_whole
from .words import is_open, key_line, line_of

Kind = Literal["gpu", "mig", "amd", "tpu", "other", "none", "unknown"]

_SHARES = ("nvidia.com/gpumem", "nvidia.com/gpucores", "nvidia.com/priority")
"""How much of each GPU and not how many. Source: HAMi, "config.md" and its webhook, which adds a
`nvidia.com/gpu` where only these stand."""
_SEVERAL_IN_ONE = ("aws.amazon.com/neuron", "huawei.com/")
"""Devices of which each may be several to the engine. Source: AWS Neuron, "Kubernetes environment
setup": with `neuron` all cores of the device belong to the container."""
_OWN_UNIT = "aws.amazon.com/neuroncore"

GPU, MIG, AMD, TPU = "nvidia.com/gpu", "nvidia.com/mig-", "amd.com/gpu", "google.com/tpu"
_PARTS = ("nvidia.com/", "habana.ai/", "gpu.intel.com/", "aws.amazon.com/neuron", "huawei.com/")
_OF_ANY_NODE = frozenset(
    (DRIVER, "kubernetes.io/os", "kubernetes.io/arch", "cloud.google.com/gke-spot")
)
"""Labels that say nothing of a machine."""
_NO_ACCELERATOR = ("networking.gke.io", "rdma/", "hugepages", "smarter-devices/", "squat.ai/")


@dataclass(frozen=True)
class Accelerators:
    """Of which kind and how many; `count` is None where that can't be told.

    `requested` is another number under `requests`, "" where they agree. `line` is where they
    stand, else the container's.
    """

    kind: Kind
    name: str = ""
    count: int | None = None
    requested: str = ""
    line: int = 0


def accelerators_of(container: Mapping[str, Any], line: int = 0) -> Accelerators:
    """Return what a container's resources ask for; a number counts where it is under `limits`."""
    resources = as_map(container.get("resources"))
    limits, requests = as_map(resources.get("limits")), as_map(resources.get("requests"))
    if resources.get("claims") or is_open(str(container.get("resources") or "")[:200]):
        return Accelerators("unknown", line=key_line(container, "resources", line))
    for name, value in sorted(limits.items(), key=lambda limit: _is_share(limit[0])):
        if kind := _kind(str(name)):
            asked = requests.get(name, value)
            told = f"{asked} / {value}" if str(asked) != str(value) else ""
            place = key_line(limits, str(name), line)
            if str(value) == "0":
                return Accelerators("none", str(name), 0, told, place)
            return Accelerators(kind, str(name), _count(str(name), value), told, place)
    only_requested = next((name for name in requests if _kind(str(name))), "")
    place = key_line(requests, only_requested, line) if only_requested else line
    return Accelerators("none", str(only_requested), 0, "", place)


def node_is_chosen(pod: Mapping[str, Any]) -> bool:
    """Say whether a Pod says by any means on which nodes it runs."""
    affinity = as_map(pod.get("affinity")).get("nodeAffinity")
    claims = as_list(pod.get("resourceClaims"))
    labels = as_map(pod.get("nodeSelector")).keys() - _OF_ANY_NODE
    return bool(labels or affinity or claims or pod.get("nodeName"))


def place_of(pod: Mapping[str, Any], line: int) -> int:
    """Return the line of a Pod's node selector, else of the Pod."""
    return key_line(pod, "nodeSelector", line_of(pod, line))


def _is_share(name: object) -> bool:
    return str(name).startswith(_SHARES)


def _count(name: str, value: object) -> int | None:
    """Return how many devices the engine sees, None where one may be several of them."""
    if _is_share(name) or (name.startswith(_SEVERAL_IN_ONE) and name != _OWN_UNIT):
        return None
    return as_whole(value)


def _kind(name: str) -> Kind | None:
    exact: dict[str, Kind] = {GPU: "gpu", AMD: "amd", TPU: "tpu"}
    if name in exact:
        return exact[name]
    if name.startswith(MIG):
        return "mig"
    if name.startswith(_NO_ACCELERATOR) or ("/" not in name and name != "gpu"):
        return None
    return "other" if name.startswith(_PARTS) or name == "gpu" else None
