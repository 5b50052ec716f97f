"""What goes wrong around GPUs before there is a node: the quota, the place, the stock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.cloud import container_v1

from ..google.capacity import ACCELERATORS
from ..google.errors import GoogleError
from ..kubernetes.controllers.nodes import ACCELERATOR
from .fault import POOL, QUOTAS, Target, fault, is_server
from .mends import POOL_AWAY, chosen

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
    "the project's GPU quota in the region is zero",
    pitfall="gpu-quota",
    mend=chosen(location="europe-west4-a"),
    places=(QUOTAS,),
    mode="standard",
    location=ZONE,
)
def gpu_quota_region(rehearsal: Target) -> None:
    """Cut the region's quotas for GPUs to nothing; other regions have theirs."""
    cut_quotas(rehearsal)


def cut_quotas(rehearsal: Target) -> None:
    """Leave no GPU of any kind in REGION; `cluster_registry.cut` emptied is more quota, given."""
    metrics = [m for gpu in ACCELERATORS.values() for m in (gpu.quota, gpu.spot_quota)]
    _cut(rehearsal, [(REGION, metric) for metric in metrics])


def _cut(rehearsal: Target, quotas: Iterable[tuple[str, str]]) -> None:
    """Cut quotas, by region and metric, to nothing."""
    cut, before = rehearsal.cloud.cluster_registry.cut, dict(rehearsal.cloud.cluster_registry.cut)
    cut.update(dict.fromkeys(quotas, 0))

    def back() -> None:
        cut.clear()
        cut.update(before)

    rehearsal.put_back(back)


@fault(
    "gpu-quota-global",
    "the project has GPU quota in the region, but its quota for all regions is zero",
    pitfall="gpu-quota",
    places=(QUOTAS,),
    mode="standard",
    location=ZONE,
)
def gpu_quota_global(rehearsal: Target) -> None:
    """Cut the quota over all regions to nothing, as new projects have it."""
    _cut(rehearsal, [("", "GPUS_ALL_REGIONS")])


@fault(
    "gpu-not-offered",
    "the zone in the form does not offer the GPU",
    pitfall="gpu-not-offered",
    mend=chosen(location=ZONE),
    mode="standard",
    location=ZONE_WITHOUT_L4,
)
def gpu_not_offered(rehearsal: Target) -> None:
    """Change nothing in the cloud: the choice is the mistake."""


@fault(
    "pool-stockout",
    "the zone is out of machines with the GPU when the node pool is created",
    pitfall="gpu-stockout",
    mend=POOL_AWAY,
    places=(POOL,),
    mode="standard",
    location=ZONE,
)
def pool_stockout(rehearsal: Target) -> None:
    """Let the first pool end in ERROR; once it is deleted, the next one gets its machine.

    Source: the words are those quoted in tranquilitybase-io/tb-gcp issue 589.
    """
    error = GoogleError(
        "RESOURCE_EXHAUSTED",
        "Google Compute Engine: Not all instances running in IGM after 14.691006793s. Expected 1, "
        "running 0, transitioning 1. Current errors: [GCE_STOCKOUT]: Instance "
        "'gke-g2-gpu-pool-34b6625e-k7xw' creation failed: The zone "
        f"'projects/{rehearsal.cloud.project.id}/zones/{ZONE}' does not have enough resources "
        "available to fulfill the request.  Try a different zone, or try again later.",
    )
    fail_next(rehearsal, _Kind.CREATE_NODE_POOL, error)


def fail_next(rehearsal: Target, kind: container_v1.Operation.Type, error: GoogleError) -> None:
    """Let the next operation of a kind end with an error."""
    failing = rehearsal.cloud.cluster_operations.fail_next
    failing[kind] = error

    def back() -> None:
        if failing.get(kind) is error:
            del failing[kind]

    rehearsal.put_back(back)


@fault(
    "gpu-quota-scale-up",
    "the project's GPU quota in the region is zero, which Autopilot reports only when a Pod "
    "requests one",
    pitfall="gpu-quota",
    mend=chosen(location="europe-west4"),
    places=(QUOTAS,),
)
def gpu_quota_scale_up(rehearsal: Target) -> None:
    """Cut the region's quotas to nothing, and let the autoscaler find out too."""
    cut_quotas(rehearsal)
    cut = rehearsal.cloud.cluster_registry.cut

    def refuse(pod: Obj, zone: str) -> str:
        gpu = ACCELERATORS.get(_selected(pod))
        return OVER_QUOTA if gpu and (zone.rpartition("-")[0], gpu.quota) in cut else ""

    rehearsal.hang(lambda hooks: hooks.scale_up, refuse)


@fault(
    "stockout-passes",
    "no zone has a free machine with the GPU, until one becomes free later",
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

    rehearsal.hang(lambda hooks: hooks.scale_up, refuse)


@fault(
    "gpu-stockout",
    "no zone has a free machine with the GPU, however often the cluster retries",
    pitfall="gpu-stockout",
    mend=chosen(gpu="nvidia-a100-80gb"),
)
def gpu_stockout(rehearsal: Target) -> None:
    """Let no machine with an L4 come; another GPU in the form mends it."""

    def refuse(pod: Obj, zone: str) -> str:
        return STOCKOUT if _selected(pod) == SCARCE else ""

    rehearsal.hang(lambda hooks: hooks.scale_up, refuse)


def _selected(pod: Obj) -> str:
    """Return the GPU that a Pod's node selector names, "" if it names none."""
    return str((pod["spec"].get("nodeSelector") or {}).get(ACCELERATOR, ""))
