"""What the creation of a cluster and of a node pool have in common."""

from __future__ import annotations

from typing import Any

from ...cloud.api_errors import GPU, QUOTA
from ...cloud.gke import READY
from ...doctor.pods.scheduling import STOCKOUT

SCOPES = tuple(
    f"https://www.googleapis.com/auth/{name}"
    for name in (
        "devstorage.read_only",
        "logging.write",
        "monitoring",
        "service.management.readonly",
        "servicecontrol",
        "trace.append",
    )
)
"""OAuth scopes of the nodes, as gcloud sends them."""


def is_ready(resource: Any | None) -> bool:
    """Say whether the cluster or the pool is there and can be used."""
    return resource is not None and resource.status.name in READY


def upkeep() -> dict[str, Any]:
    """Return what gcloud asks for of each pool: repair, upgrades, one machine more for them."""
    from google.cloud import container_v1 as gke

    return {
        "management": gke.NodeManagement(auto_repair=True, auto_upgrade=True),
        "upgrade_settings": gke.NodePool.UpgradeSettings(max_surge=1),
    }


def pitfall_of(reason: str) -> str:
    """Return the pitfall of an operation that ended with an error, by what GKE says of it."""
    if STOCKOUT.search(reason):
        return "gpu-stockout"
    return "gpu-quota" if QUOTA.search(reason) and GPU.search(reason) else "operation-failed"
