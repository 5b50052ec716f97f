"""The cluster as GKE describes it: how it is found, and what its states and labels mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..settings import Settings
from .clients import Clients

LABEL = {"created-by": "warmbook"}
"""Resource label of the clusters and node pools that the workbook creates; cleanup looks for it.

Source: GKE API v1 (discovery document `container.v1`), Cluster.resourceLabels and
NodeConfig.resourceLabels.
"""

ACCELERATOR = "cloud.google.com/gke-accelerator"
MACHINE_TYPE = "node.kubernetes.io/instance-type"
DRIVER = "cloud.google.com/gke-gpu-driver-version"
SPOT = "cloud.google.com/gke-spot"
ZONE = "topology.kubernetes.io/zone"
"""Labels of the nodes: their GPU, their machine, which driver, whether Spot, their zone."""

BUSY = re.compile(r"CLUSTER_ALREADY_HAS_OPERATION|try again once it is done")
"""What GKE says while another operation works on the cluster, perhaps our own."""

READY = {"RUNNING", "RECONCILING"}
FAILED = {"ERROR", "DEGRADED", "STOPPING", "RUNNING_WITH_ERROR"}


def mounts_buckets(cluster: Any) -> bool:
    """Say whether Pods can mount buckets: Autopilot's always, others' with the add-on.

    Source: GKE, "Cloud Storage FUSE CSI driver": off by default in Standard clusters.
    """
    fuse = cluster.addons_config.gcs_fuse_csi_driver_config
    return bool(cluster.autopilot.enabled or fuse.enabled)


def find(settings: Settings, clients: Clients) -> Any | None:
    """Return the cluster as GKE describes it, or None if it is absent."""
    from google.api_core.exceptions import NotFound

    try:
        return clients.clusters.get_cluster(name=clients.cluster_path(settings))
    except NotFound:
        return None


def is_marked(labels: Mapping[str, str]) -> bool:
    """Say whether resource labels are those of something that the workbook created."""
    return LABEL.items() <= dict(labels).items()
