"""The clusters that exist, found for a caller who may see them, and the GPUs they use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from google.cloud import container_v1

from ..access import Caller, permitted
from .capacity import ACCELERATORS, GPUS_ALL_REGIONS, Region, region_of
from .cluster_operations import ClusterKey, ClusterOperations
from .cluster_rules import check_location, check_quota, gpus_of
from .errors import GoogleError, error_info, invalid
from .hosts import ClusterHost
from .projects import Project, Projects

SERVICE = "container.googleapis.com"
GKE_SEES_ITSELF, GKE_SEES_ACCOUNTS = 1.5, 2.5
"""After how many of the propagation's delays GKE makes clusters and finds the nodes' account."""


@dataclass(frozen=True)
class Found:
    """A cluster that a request names, its project and key."""

    project: Project
    key: ClusterKey
    cluster: container_v1.Cluster


@dataclass
class ClusterRegistry:
    """All clusters, and what changing them needs."""

    projects: Projects
    operations: ClusterOperations
    host: ClusterHost
    clusters: dict[ClusterKey, container_v1.Cluster] = field(default_factory=dict)
    cut: dict[tuple[str, str], int] = field(default_factory=dict)
    """Quotas that differ from the offer's, by region ("" for all together) and metric."""

    def open(self, name: str, caller: Caller, permission: str) -> tuple[Project, str, str]:
        """Return the project, the location and the rest of `projects/P/locations/L/…`.

        Raises:
            GoogleError: 403 if the caller may not, or there is no such project or location.
        """
        _, project_name, _, location, *rest = name.split("/")
        project = self.projects.open(project_name, caller, permission, SERVICE)
        if location != "-" or not permission.endswith(".list"):
            check_location(location)
        return project, location, "/".join(rest)

    def find(self, name: str, caller: Caller, permission: str) -> Found:
        """Return the cluster that a name lies in; 404 if there is none."""
        project, location, rest = self.open(name, caller, permission)
        key = ClusterKey(project.id, location, rest.split("/")[1])
        if key not in self.clusters:
            raise missing(f"{key_path(key)}")
        return Found(project, key, self.clusters[key])

    def in_location(self, project: Project, location: str) -> list[container_v1.Cluster]:
        """Return the clusters of a location, or of all ("-")."""
        return [
            cluster
            for key, cluster in self.clusters.items()
            if key.project_id == project.id and location in ("-", key.location)
        ]

    def serves_metadata(self, node: str) -> bool:
        """Say whether GKE's metadata server answers on a node; on Autopilot's it always does."""
        for key, cluster in self.clusters.items():
            for pool in cluster.node_pools:
                if node.startswith(f"gke-{key.name}-{pool.name}-"):
                    mode = pool.config.workload_metadata_config.mode
                    return bool(mode == container_v1.WorkloadMetadataConfig.Mode.GKE_METADATA)
        return True

    def gpus_used(self, project_id: str, region: str = "") -> Counter[str]:
        """Count the GPUs of a project's node pools by quota metric, in one region or in all."""
        used: Counter[str] = Counter()
        for key, cluster in self.clusters.items():
            place = region_of(key.location)
            if key.project_id == project_id and place and region in ("", place.name):
                used += gpus_in(cluster.node_pools, self.quotas(place))
        return used

    def quotas(self, region: Region) -> dict[str, int]:
        """Return the limits of a region by metric."""
        metrics = [m for gpu in ACCELERATORS.values() for m in (gpu.quota, gpu.spot_quota)]
        usual = dict.fromkeys(metrics, 0) | dict(region.quotas)
        cut = {metric: limit for (place, metric), limit in self.cut.items() if place == region.name}
        return usual | cut

    @property
    def quota_everywhere(self) -> int:
        """Return the limit for GPUs of all types in all regions together."""
        return self.cut.get(("", "GPUS_ALL_REGIONS"), GPUS_ALL_REGIONS)

    def require_nodes_account(self, project: Project, caller: Caller) -> None:
        """Raise a 400 unless nodes can run as the project's service account, for this caller.

        Sources: rancher/rancher issue 10553, which quotes the last; for those of a project
        whose APIs were enabled just before, DevOps with Kubernetes, "Introduction to GKE"
        (University of Helsinki), and GoogleCloudPlatform/software-delivery-workshop issue 34.
        """
        if not project.answers(SERVICE, delays=GKE_SEES_ITSELF):
            raise GoogleError(
                "FAILED_PRECONDITION",
                "Failed precondition when calling the ServiceConsumerManager: tenantmanager::"
                f"185014: Consumer {project.number} should enable service:{SERVICE} before "
                "generating a service account.",
            )
        if not project.has_nodes_account(delays=GKE_SEES_ACCOUNTS):
            account = f"{project.number}-compute@developer.gserviceaccount.com"
            raise invalid(f"Service account {account} does not exist.")
        if not permitted(caller, "iam.serviceAccounts.actAs", project.policy.bindings):
            raise invalid(
                'The user does not have access to service account "default". Ask a project owner '
                "to grant you the iam.serviceAccountUser role on the service account."
            )

    def require_quota(
        self, project: Project, location: str, pools: Iterable[container_v1.NodePool]
    ) -> None:
        """Raise a 429 RESOURCE_EXHAUSTED if the project may not have these GPUs too."""
        region = region_of(location)
        if region is not None:
            used = self.gpus_used(project.id, region.name)
            used["GPUS_ALL_REGIONS"] = self.gpus_used(project.id).total()
            limits = {**self.quotas(region), "GPUS_ALL_REGIONS": self.quota_everywhere}
            check_quota(project.id, limits, used, gpus_in(pools, limits))


def gpus_in(pools: Iterable[container_v1.NodePool], limits: Mapping[str, int]) -> Counter[str]:
    """Count the GPUs of node pools by quota metric: Spot's by their own if that has a limit.

    Source: Compute Engine, "Allocation quotas".
    """
    count: Counter[str] = Counter()
    for pool in pools:
        nodes = pool.initial_node_count * len(pool.locations)
        for gpu, per_node in gpus_of(pool.config).items():
            own = ACCELERATORS[gpu].spot_quota
            of_spot = pool.config.spot and limits.get(own)
            count[own if of_spot else ACCELERATORS[gpu].quota] += per_node * nodes
    return count


def key_path(key: ClusterKey) -> str:
    """Return the full name of a cluster."""
    return f"projects/{key.project_id}/locations/{key.location}/clusters/{key.name}"


def missing(path: str) -> GoogleError:
    """Return the 404 for what isn't there."""
    info = error_info("RESOURCE_NOT_FOUND", SERVICE, resource=path)
    return GoogleError("NOT_FOUND", f"Not found: {_with_zone(path)}.", info)


def exists(path: str) -> GoogleError:
    """Return the 409 for what is there already."""
    info = error_info("RESOURCE_ALREADY_EXISTS", SERVICE, resource=path)
    return GoogleError("ALREADY_EXISTS", f"Already exists: {_with_zone(path)}.", info)


def _with_zone(path: str) -> str:
    """Return the name as GKE's messages have it: a zonal cluster's with `zones`.

    Source: cilium/cilium issue 25918, whose log quotes one.
    """
    return re.sub(r"/locations/([a-z]+-[a-z]+\d+-[a-z])/", r"/zones/\1/", path)


def condition(error: GoogleError) -> container_v1.StatusCondition:
    """Return how a cluster or node pool shows the error that it was left with."""
    stockout = re.search("GCE_STOCKOUT|ZONE_RESOURCE_POOL_EXHAUSTED", error.message)
    code = container_v1.StatusCondition.Code
    found = container_v1.StatusCondition(
        code=code.GCE_STOCKOUT if stockout else code.UNKNOWN, message=error.message
    )
    container_v1.StatusCondition.pb(found).canonical_code = error.status().code
    return found
