"""What goes wrong with the cluster as GKE has it: it can't be made, or it is somebody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from google.cloud import container_v1

from ..google.cluster_defaults import count_nodes
from ..google.cluster_operations import ClusterKey
from ..google.cluster_registry import ClusterRegistry, key_path
from ..google.clusters import Clusters
from ..google.errors import GoogleError
from ..google.node_pools import NodePools
from ..request_faults import Incoming
from .fault import CLUSTER, POOL, Target, fault
from .gpus import fail_next
from .mends import CLUSTER_AWAY, POOL_AWAY

_Kind = container_v1.Operation.Type
_Driver = container_v1.GPUDriverInstallationConfig.GPUDriverVersion
_Metadata = container_v1.WorkloadMetadataConfig.Mode
_LOOKED_FOR = re.compile(
    r"/v1/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/clusters/(?P<cluster>[^/]+)"
    r"(?:/nodePools/(?P<pool>[^/]+))?"
)
ZONE = "us-central1-a"


@fault(
    "operation-failed",
    "GKE accepts the request to create the cluster, and reports an internal error after some "
    "minutes",
    pitfall="operation-failed",
    mend=CLUSTER_AWAY,
    places=(CLUSTER,),
)
def operation_failed(rehearsal: Target) -> None:
    """Let the first cluster end in ERROR; once it is deleted, the next one is made."""
    error = GoogleError("INTERNAL", "Internal error while the control plane was being set up.")
    fail_next(rehearsal, _Kind.CREATE_CLUSTER, error)


@fault(
    "cluster-foreign",
    "somebody created a cluster of that name before, without Workload Identity Federation",
    pitfall="wif-off",
    mend=CLUSTER_AWAY,
    places=(
        CLUSTER,
        POOL,
    ),
    mode="standard",
    location=ZONE,
)
def cluster_foreign(rehearsal: Target) -> None:
    """Make the cluster as soon as the reader looks for it, by the old way with node scopes."""

    def make(key: ClusterKey, cluster_registry: ClusterRegistry) -> None:
        pools = [container_v1.NodePool(name="default-pool", initial_node_count=1)]
        request = container_v1.CreateClusterRequest(
            parent=f"projects/{key.project_id}/locations/{key.location}",
            cluster=container_v1.Cluster(name=key.name, node_pools=pools),
        )
        Clusters(cluster_registry).create(request, rehearsal.callers.reader)
        made = cluster_registry.clusters[key]
        rehearsal.put_back(lambda: _remove_cluster(cluster_registry, key, made))

    async def forestall(incoming: Incoming) -> None:
        found = _looked_for(incoming)
        if (
            found
            and ClusterKey(*found.group(1, 2, 3)) not in rehearsal.cloud.cluster_registry.clusters
        ):
            rehearsal.request_faults.remove(forestall)
            make(ClusterKey(*found.group(1, 2, 3)), rehearsal.cloud.cluster_registry)

    rehearsal.request_faults.add(forestall)


@fault(
    "pool-without-metadata",
    "somebody created the node pool before, without GKE's metadata server",
    pitfall="metadata-server-off",
    mend=POOL_AWAY,
    places=(POOL,),
    mode="standard",
    location=ZONE,
)
def pool_without_metadata(rehearsal: Target) -> None:
    """Make the pool first; deleting it, or turning the server on, mends it."""

    def change(config: container_v1.NodeConfig) -> None:
        config.workload_metadata_config.mode = _Metadata.GCE_METADATA

    _make_pool_first(rehearsal, change)


@fault(
    "pool-without-driver",
    "somebody created the node pool before, without a GPU driver",
    pitfall="driver-not-installed",
    places=(POOL,),
    ahead=True,
    mode="standard",
    location=ZONE,
)
def pool_without_driver(rehearsal: Target) -> None:
    """Make the pool first; deleting it and running notebook 04 mends it."""

    def change(config: container_v1.NodeConfig) -> None:
        for gpu in config.accelerators:
            gpu.gpu_driver_installation_config.gpu_driver_version = _Driver.INSTALLATION_DISABLED

    _make_pool_first(rehearsal, change)


@fault(
    "pool-with-default-driver",
    "somebody created the node pool before, with GKE's default driver, which is too old",
    pitfall="driver-too-old",
    mend=POOL_AWAY,
    places=(POOL,),
    mode="standard",
    location=ZONE,
)
def pool_with_default_driver(rehearsal: Target) -> None:
    """Make the pool first; deleting it and running notebook 04 mends it."""

    def change(config: container_v1.NodeConfig) -> None:
        for gpu in config.accelerators:
            gpu.gpu_driver_installation_config.gpu_driver_version = _Driver.DEFAULT

    _make_pool_first(rehearsal, change)


def _make_pool_first(rehearsal: Target, change: Callable[[container_v1.NodeConfig], None]) -> None:
    """Make the GPU pool, once, when the reader looks for it: of the guide's machine, changed."""

    async def forestall(incoming: Incoming) -> None:
        found = _looked_for(incoming)
        if not found or not found["pool"]:
            return
        key = ClusterKey(*found.group(1, 2, 3))
        cluster = rehearsal.cloud.cluster_registry.clusters.get(key)
        if cluster is None or found["pool"] in [pool.name for pool in cluster.node_pools]:
            return
        rehearsal.request_faults.remove(forestall)
        config = container_v1.NodeConfig(
            machine_type="g2-standard-16",
            accelerators=[
                {
                    "accelerator_type": "nvidia-l4",
                    "accelerator_count": 1,
                    "gpu_driver_installation_config": {"gpu_driver_version": _Driver.LATEST},
                }
            ],
        )
        change(config)
        pool = container_v1.NodePool(name=found["pool"], initial_node_count=1, config=config)
        request = container_v1.CreateNodePoolRequest(parent=key_path(key), node_pool=pool)
        registry, name = rehearsal.cloud.cluster_registry, pool.name
        NodePools(registry).create(request, rehearsal.callers.reader)
        rehearsal.put_back(partial(_remove_pool, registry, key, cluster, name))

    rehearsal.request_faults.add(forestall)


async def _remove_cluster(
    registry: ClusterRegistry, key: ClusterKey, made: container_v1.Cluster
) -> None:
    """Remove the cluster that was made, once nothing works on it, if it is still there."""
    await registry.operations.until_idle(key)
    if registry.clusters.get(key) is made:
        await registry.host.stop(made)
        registry.clusters.pop(key, None)


async def _remove_pool(
    registry: ClusterRegistry, key: ClusterKey, cluster: container_v1.Cluster, name: str
) -> None:
    """Remove the pool that was made, once nothing works on it, if it is still there."""
    await registry.operations.until_idle(key)
    pool = next((pool for pool in cluster.node_pools if pool.name == name), None)
    if pool and key in registry.clusters and registry.clusters[key] is cluster:
        registry.host.remove_pool(cluster, pool)
        cluster.node_pools = [other for other in cluster.node_pools if other.name != name]
        count_nodes(cluster)


def _looked_for(incoming: Incoming) -> re.Match[str] | None:
    """Return project, location, cluster and perhaps pool, if a request looks for one."""
    if incoming.service != "google" or incoming.method != "GET":
        return None
    return _LOOKED_FOR.fullmatch(incoming.path)
