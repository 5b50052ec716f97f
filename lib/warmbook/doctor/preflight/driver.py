"""Checkup of the GPU's driver: whether nodes get one, and whether the server's image runs on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...cloud.gke import ACCELERATOR, DRIVER
from ...serving import gpu_driver
from ...serving.guide_manifest import GPU, GPU_POOL
from ...serving.shell_commands import gcloud
from ...texts import say
from . import fixes
from .cluster import cluster_of, gpu_pool
from .memo import Memo
from .queries import nodes
from .result import Checkup


def driver(memo: Memo) -> Checkup:
    """Tell whether nodes get the GPU's driver, and one that the image's CUDA runs on."""
    found = cluster_of(memo)
    if gpu_driver.too_old(memo.settings):
        return _insisted_on(memo)
    if found.autopilot.enabled:
        return Checkup("ok", say("Autopilot installs it"))
    pool = gpu_pool(found)
    if pool is None and not (memo.due("04") and _has_gpus(memo)):
        return _no_pool(memo)
    asked_for = _asked_for(pool) if pool else set()
    if pool and not asked_for <= {"default", "latest"} and not _has_gpus(memo):
        return _none(memo)
    if gpu_driver.chosen(memo.settings) == "latest" and not _has_latest(memo, asked_for):
        return _too_old(memo, pool)
    if pool is None:
        return Checkup("ok", say("nodes of another node pool offer GPUs"))
    return Checkup("ok", ", ".join(sorted(asked_for)))


def _insisted_on(memo: Memo) -> Checkup:
    return Checkup(
        "warning",
        say(
            "you chose GKE's default driver, and vLLM {version} needs a newer one",
            version=memo.settings.vllm_version,
        ),
        say("Choose auto for gpu_driver."),
        pitfall="driver-too-old",
    )


def _no_pool(memo: Memo) -> Checkup:
    return Checkup(
        "error" if memo.due("04") else "info",
        say("no node pool {name} yet; notebook 04 creates it", name=GPU_POOL),
        say("Run notebook 04.") if memo.due("04") else "",
        gcloud.create_node_pool(memo.settings),
        "gpu-insufficient" if memo.due("04") else "",
    )


def _none(memo: Memo) -> Checkup:
    return Checkup(
        "error" if memo.due("05") else "warning",
        say("{pool} installs no driver, and none of its nodes offers a GPU", pool=GPU_POOL),
        say("Install it with Google's installer, or delete the node pool and run notebook 04."),
        fixes.install_driver(),
        "driver-not-installed",
    )


def _too_old(memo: Memo, pool: Any | None) -> Checkup:
    """Return the line for nodes that the server's Pod, which selects the latest driver, leaves."""
    return Checkup(
        "error",
        say("no node has the latest driver, which the server selects"),
        say(
            "Let the pool have it; its nodes are made anew. If its own driver is new enough, "
            "choose default for gpu_driver."
        ),
        fixes.latest_driver(memo.settings) if pool else "",
        "driver-too-old",
    )


def _asked_for(pool: Any) -> set[str]:
    return {
        gpu.gpu_driver_installation_config.gpu_driver_version.name.lower()
        for gpu in pool.config.accelerators
    }


def _has_latest(memo: Memo, asked_for: set[str]) -> bool:
    return "latest" in asked_for or any(
        _label(node, DRIVER) == "latest" for node in _with_gpus(memo)
    )


def _has_gpus(memo: Memo) -> bool:
    return any(True for _ in _with_gpus(memo))


def _with_gpus(memo: Memo) -> Iterator[dict[str, Any]]:
    """Yield the nodes that have GPUs to give out."""
    for node in memo(nodes):
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        if _label(node, ACCELERATOR) and int(allocatable.get(GPU, 0)):
            yield node


def _label(node: dict[str, Any], name: str) -> str:
    return str((node["metadata"].get("labels") or {}).get(name, ""))
