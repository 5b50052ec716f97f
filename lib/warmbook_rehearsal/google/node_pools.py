"""GKE's Cluster Manager, node pools of Standard clusters; the host makes the nodes."""

from __future__ import annotations

from google.cloud import container_v1

from ..access import Caller
from .cluster_defaults import count_nodes, fill_pool
from .cluster_registry import SERVICE, ClusterRegistry, Found, condition, key_path, missing
from .cluster_rules import check_pool
from .errors import GoogleError, error_info, invalid

POOL_MINUTES = 3.0
_Kind = container_v1.Operation.Type
_Status = container_v1.Cluster.Status
_PoolStatus = container_v1.NodePool.Status


class NodePools:
    """The calls of ClusterManager that concern node pools."""

    def __init__(self, cluster_registry: ClusterRegistry) -> None:
        self._fleet = cluster_registry

    def create(
        self, request: container_v1.CreateNodePoolRequest, caller: Caller
    ) -> container_v1.Operation:
        """Answer CreateNodePool."""
        target, pool = self._changeable(request.parent, caller), request.node_pool
        self._fleet.require_nodes_account(target.project, caller)
        cluster = target.cluster
        if cluster.status != _Status.RUNNING:
            raise _not_running(target)
        taken = [p.name for p in cluster.node_pools]
        check_pool(pool, target.key.location, pool.locations or cluster.locations, taken)
        fill_pool(pool, cluster)
        self._fleet.require_quota(target.project, target.key.location, [pool])
        cluster.node_pools.append(pool)
        return self._start(_Kind.CREATE_NODE_POOL, target, cluster.node_pools[-1])

    def get(
        self, request: container_v1.GetNodePoolRequest, caller: Caller
    ) -> container_v1.NodePool:
        """Answer GetNodePool."""
        return _pool(self._fleet.find(request.name, caller, "container.clusters.get"), request.name)

    def list_pools(
        self, request: container_v1.ListNodePoolsRequest, caller: Caller
    ) -> container_v1.ListNodePoolsResponse:
        """Answer ListNodePools."""
        found = self._fleet.find(request.parent, caller, "container.clusters.get")
        return container_v1.ListNodePoolsResponse(node_pools=found.cluster.node_pools)

    def delete(
        self, request: container_v1.DeleteNodePoolRequest, caller: Caller
    ) -> container_v1.Operation:
        """Answer DeleteNodePool."""
        found = self._changeable(request.name, caller)
        pool = _pool(found, request.name)
        pool.status = _PoolStatus.STOPPING
        return self._start(_Kind.DELETE_NODE_POOL, found, pool)

    def _changeable(self, name: str, caller: Caller) -> Found:
        found = self._fleet.find(name, caller, "container.clusters.update")
        if found.cluster.autopilot.enabled:
            raise invalid("Autopilot node pools cannot be accessed or modified.")
        self._fleet.operations.require_idle(found.key)
        return found

    def _start(
        self, kind: container_v1.Operation.Type, target: Found, pool: container_v1.NodePool
    ) -> container_v1.Operation:
        cluster, host = target.cluster, self._fleet.host
        cluster.status = _Status.RECONCILING

        async def create() -> None:
            host.add_pool(cluster, pool)
            pool.status = _PoolStatus.RUNNING
            settle()

        async def delete() -> None:
            host.remove_pool(cluster, pool)
            cluster.node_pools = [p for p in cluster.node_pools if p.name != pool.name]
            settle()

        def settle() -> None:
            count_nodes(cluster)
            cluster.status = _Status.RUNNING

        def failed(error: GoogleError) -> None:
            pool.status, pool.status_message = _PoolStatus.ERROR, error.message
            pool.conditions.append(condition(error))
            settle()

        work = create if kind == _Kind.CREATE_NODE_POOL else delete
        return self._fleet.operations.start(
            kind, target.key, POOL_MINUTES, work, failed, pool=pool.name
        )


def _pool(target: Found, name: str) -> container_v1.NodePool:
    wanted = name.rpartition("/")[2]
    for pool in target.cluster.node_pools:
        if pool.name == wanted:
            return pool
    raise missing(f"{key_path(target.key)}/nodePools/{wanted}")


def _not_running(target: Found) -> GoogleError:
    return GoogleError(
        "FAILED_PRECONDITION",
        f"Cluster {target.key.name} is not running: {target.cluster.status.name}.",
        error_info("CLUSTER_NOT_RUNNING", SERVICE),
    )
