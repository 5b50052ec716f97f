"""What goes wrong around GPUs before there is a node: the quota, the place, the stock."""

from __future__ import annotations

from typing import Any

from google.cloud import container_v1

from ..google.capacity import ACCELERATORS
from ..google.errors import GoogleError
from ..kubernetes.controllers.nodes import ACCELERATOR
from .fault import Target, fault, is_server

REGION, ZONE = "us-central1", "us-central1-a"
ZONE_WITHOUT_L4 = "us-central1-f"
SCARCE = "nvidia-l4"

OVER_QUOTA, STOCKOUT = "GCE quota exceeded", "GCE out of resources"
"""How the autoscaler words it. Sources: huggingface/Google-Cloud-Containers issue 126; events
of GKE clusters in public repositories' notes."""

Obj = dict[str, Any]
_Kind = container_v1.Operation.Type


@fault(
    "gpu-quota-region",
    "the project may have no GPU in the region",
    pitfall="gpu-quota",
    mode="standard",
    location=ZONE,
)
def gpu_quota_region(rehearsal: Target) -> None:
    """Cut the region's quotas for GPUs to nothing; other regions have theirs."""
    cut_quotas(rehearsal)


def cut_quotas(rehearsal: Target) -> None:
    """Leave no GPU of any kind in REGION; `cluster_registry.cut` emptied is more quota, given."""
    for accelerator in ACCELERATORS.values():
        rehearsal.cloud.cluster_registry.cut[REGION, accelerator.quota] = 0
        rehearsal.cloud.cluster_registry.cut[REGION, accelerator.spot_quota] = 0


@fault(
    "gpu-quota-global",
    "the project may have GPUs in the region, and yet none in all regions together",
    pitfall="gpu-quota",
    mode="standard",
    location=ZONE,
)
def gpu_quota_global(rehearsal: Target) -> None:
    """Cut the quota over all regions to nothing, as new projects have it."""
    rehearsal.cloud.cluster_registry.cut["", "GPUS_ALL_REGIONS"] = 0


@fault(
    "gpu-not-offered",
    "the zone in the form has no such GPU",
    pitfall="gpu-not-offered",
    mode="standard",
    location=ZONE_WITHOUT_L4,
)
def gpu_not_offered(rehearsal: Target) -> None:
    """Change nothing in the cloud: the choice is the mistake."""


@fault(
    "pool-stockout",
    "the zone has no machine with the GPU left when the node pool is made",
    pitfall="gpu-stockout",
    mode="standard",
    location=ZONE,
)
def pool_stockout(rehearsal: Target) -> None:
    """Let the first pool end in ERROR; once it is deleted, the next one gets its machine.

    Source: the words are those quoted in tranquilitybase-io/tb-gcp issue 589.
    """
    rehearsal.cloud.cluster_operations.fail_next[_Kind.CREATE_NODE_POOL] = GoogleError(
        "RESOURCE_EXHAUSTED",
        "Google Compute Engine: Not all instances running in IGM after 14.691006793s. Expected 1, "
        "running 0, transitioning 1. Current errors: [GCE_STOCKOUT]: Instance "
        "'gke-g2-gpu-pool-34b6625e-k7xw' creation failed: The zone "
        f"'projects/{rehearsal.cloud.project.id}/zones/{ZONE}' does not have enough resources "
        "available to fulfill the request.  Try a different zone, or try again later.",
    )


@fault(
    "gpu-quota-scale-up",
    "the project may have no GPU in the region, and Autopilot finds out when a Pod wants one",
    pitfall="gpu-quota",
)
def gpu_quota_scale_up(rehearsal: Target) -> None:
    """Cut the region's quotas to nothing, and let the autoscaler find out too."""
    cut_quotas(rehearsal)
    cut = rehearsal.cloud.cluster_registry.cut

    def refuse(pod: Obj, zone: str) -> str:
        gpu = ACCELERATORS.get(_selected(pod))
        return OVER_QUOTA if gpu and (zone.rpartition("-")[0], gpu.quota) in cut else ""

    rehearsal.clusters.each(lambda cluster: cluster.store.fault_hooks.scale_up.append(refuse))


@fault(
    "stockout-passes",
    "no zone has a machine with the GPU to spare, and a while later one has",
    pitfall="gpu-stockout",
    passes=True,
)
def stockout_passes(rehearsal: Target) -> None:
    """Let each zone's first machine for a server not come; after the back-off the next does."""
    seen: set[str] = set()

    def refuse(pod: Obj, zone: str) -> str:
        if not is_server(pod) or zone in seen:
            return ""
        seen.add(zone)
        return STOCKOUT

    rehearsal.clusters.each(lambda cluster: cluster.store.fault_hooks.scale_up.append(refuse))


@fault(
    "gpu-stockout",
    "no zone has a machine with the GPU to spare, however often the cluster tries",
    pitfall="gpu-stockout",
)
def gpu_stockout(rehearsal: Target) -> None:
    """Let no machine with an L4 come; another GPU in the form mends it."""

    def refuse(pod: Obj, zone: str) -> str:
        return STOCKOUT if _selected(pod) == SCARCE else ""

    rehearsal.clusters.each(lambda cluster: cluster.store.fault_hooks.scale_up.append(refuse))


def _selected(pod: Obj) -> str:
    """Return the GPU that a Pod's node selector names, "" if it names none."""
    return str((pod["spec"].get("nodeSelector") or {}).get(ACCELERATOR, ""))
