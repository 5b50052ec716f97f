"""What goes wrong around GPUs before there is a node: the quota, the place, the stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.cloud import container_v1

from ..google.errors import GoogleError
from ..google.offer import ACCELERATORS
from .fault import fault

if TYPE_CHECKING:
    from ..sandbox import Sandbox

REGION, ZONE = "us-central1", "us-central1-a"
ZONE_WITHOUT_L4 = "us-central1-f"


@fault(
    "gpu-quota-region",
    "the project may have no GPU in the region",
    pitfall="gpu-quota",
    mode="standard",
    location=ZONE,
)
def gpu_quota_region(sandbox: Sandbox) -> None:
    """Cut the region's quotas for GPUs to nothing; other regions have theirs."""
    cut_quotas(sandbox)


def cut_quotas(sandbox: Sandbox) -> None:
    """Leave no GPU of any kind in REGION; `fleet.cut` emptied is more quota, given."""
    for accelerator in ACCELERATORS.values():
        sandbox.cloud.fleet.cut[REGION, accelerator.quota] = 0


@fault(
    "gpu-quota-global",
    "the project may have GPUs in the region, and yet none in all regions together",
    pitfall="gpu-quota",
    mode="standard",
    location=ZONE,
)
def gpu_quota_global(sandbox: Sandbox) -> None:
    """Cut the quota over all regions to nothing, as new projects have it."""
    sandbox.cloud.fleet.cut["", "GPUS_ALL_REGIONS"] = 0


@fault(
    "gpu-not-offered",
    "the zone in the form has no such GPU",
    pitfall="gpu-not-offered",
    mode="standard",
    location=ZONE_WITHOUT_L4,
)
def gpu_not_offered(sandbox: Sandbox) -> None:
    """Change nothing in the cloud: the choice is the mistake."""


@fault(
    "pool-stockout",
    "the zone has no machine with the GPU left when the node pool is made",
    pitfall="gpu-stockout",
    mode="standard",
    location=ZONE,
)
def pool_stockout(sandbox: Sandbox) -> None:
    """Let the first pool end in ERROR; once it is deleted, the next one gets its machine.

    Source: the words are those quoted in tranquilitybase-io/tb-gcp issue 589.
    """
    sandbox.cloud.cluster_operations.fail_next[_Kind.CREATE_NODE_POOL] = GoogleError(
        "RESOURCE_EXHAUSTED",
        "Google Compute Engine: Not all instances running in IGM after 14.691006793s. Expected 1, "
        "running 0, transitioning 1. Current errors: [GCE_STOCKOUT]: Instance "
        "'gke-g2-gpu-pool-34b6625e-k7xw' creation failed: The zone "
        f"'projects/{sandbox.cloud.project.id}/zones/{ZONE}' does not have enough resources "
        "available to fulfill the request.  Try a different zone, or try again later.",
    )


_Kind = container_v1.Operation.Type
