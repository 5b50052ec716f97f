"""What the creation of a cluster and of a node pool have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...cloud.api_errors import GPU, QUOTA, first_line
from ...cloud.clients import Clients
from ...cloud.gke import READY
from ...cloud.readiness import PROPAGATION_S, holds_later
from ...display.progress import Report, polled, wait_until
from ...doctor.pods.scheduling import STOCKOUT
from ...texts import say

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


def ask(
    request: Callable[[], object],
    clients: Clients,
    *,
    what: str,
    report: Report | None,
) -> None:
    """Send GKE a request; send it again while it does not see yet what was enabled before.

    Raises:
        WaitTimeoutError: GKE does not see it after seven minutes.
        Exception: What GKE refuses for another reason, at once.
    """
    from google.api_core.exceptions import ClientError

    def why_not() -> str:
        try:
            request()
        except ClientError as error:
            if not holds_later(clients, error):
                raise
            return first_line(error.message)
        return ""

    if why_not():
        wait_until(
            polled(why_not),
            what=what,
            state=lambda told: told or say("requested"),
            ready=lambda told: not told,
            timeout_s=PROPAGATION_S,
            meanwhile=say("Nothing was created yet."),
            report=report,
        )


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
