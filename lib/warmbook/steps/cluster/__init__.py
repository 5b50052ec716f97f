"""The GKE cluster: Autopilot, or Standard with a GPU node pool."""

from __future__ import annotations

from .creation import Cluster, create, wanted
from .node_pool import Pool, create_node_pool, wanted_pool
from .offer import GpuOffer, gpu_offer

__all__ = [
    "Cluster",
    "GpuOffer",
    "Pool",
    "create",
    "create_node_pool",
    "gpu_offer",
    "wanted",
    "wanted_pool",
]
