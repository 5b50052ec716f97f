"""GKE's Cluster Manager, clusters and operations; the host makes what it promises."""

from __future__ import annotations

import base64
from typing import Any

from google.cloud import container_v1

from ..access import Caller
from .cluster_defaults import fill_cluster, mark_running, server_config
from .cluster_operations import ClusterKey
from .cluster_registry import ClusterRegistry, condition, exists, key_path
from .cluster_rules import check_cluster, check_pool
from .errors import GoogleError, unimplemented

CREATE_MINUTES, DELETE_MINUTES = 5.0, 4.0
_Kind = container_v1.Operation.Type
_Status = container_v1.Cluster.Status


class Clusters:
    """The calls of ClusterManager that concern clusters and operations."""

    def __init__(self, cluster_registry: ClusterRegistry) -> None:
        self._fleet = cluster_registry

    def offer(
        self, request: container_v1.GetServerConfigRequest, caller: Caller
    ) -> container_v1.ServerConfig:
        """Answer GetServerConfig. Source: cloudpilot-ai/karpenter-provider-gcp pull request 403."""
        self._fleet.open(request.name, caller, "container.clusters.list")
        return server_config()

    def create(
        self, request: container_v1.CreateClusterRequest, caller: Caller
    ) -> container_v1.Operation:
        """Answer CreateCluster."""
        project, location, _ = self._fleet.open(request.parent, caller, "container.clusters.create")
        project.require_billing()
        self._fleet.require_nodes_account(project, caller)
        cluster = request.cluster
        check_cluster(cluster, location, project.id)
        key = ClusterKey(project.id, location, cluster.name)
        if key in self._fleet.clusters:
            raise exists(key_path(key))
        fill_cluster(cluster, project.id, location)
        taken: list[str] = []
        for pool in cluster.node_pools:
            check_pool(pool, location, pool.locations, taken)
            taken.append(pool.name)
        self._fleet.require_quota(project, location, cluster.node_pools)
        self._fleet.clusters[key] = cluster
        return self._start(_Kind.CREATE_CLUSTER, key, cluster)

    def get(self, request: container_v1.GetClusterRequest, caller: Caller) -> container_v1.Cluster:
        """Answer GetCluster."""
        return self._fleet.find(request.name, caller, "container.clusters.get").cluster

    def list_clusters(
        self, request: container_v1.ListClustersRequest, caller: Caller
    ) -> container_v1.ListClustersResponse:
        """Answer ListClusters, of one location or of all ("-")."""
        project, location, _ = self._fleet.open(request.parent, caller, "container.clusters.list")
        found = self._fleet.in_location(project, location)
        return container_v1.ListClustersResponse(clusters=found)

    def delete(
        self, request: container_v1.DeleteClusterRequest, caller: Caller
    ) -> container_v1.Operation:
        """Answer DeleteCluster; refused while another operation works on the cluster."""
        found = self._fleet.find(request.name, caller, "container.clusters.delete")
        self._fleet.operations.require_idle(found.key)
        found.cluster.status = _Status.STOPPING
        return self._start(_Kind.DELETE_CLUSTER, found.key, found.cluster)

    def get_operation(
        self, request: container_v1.GetOperationRequest, caller: Caller
    ) -> container_v1.Operation:
        """Answer GetOperation."""
        permission = "container.operations.get"
        project, location, rest = self._fleet.open(request.name, caller, permission)
        return self._fleet.operations.get(project.id, location, rest.removeprefix("operations/"))

    def list_operations(
        self, request: container_v1.ListOperationsRequest, caller: Caller
    ) -> container_v1.ListOperationsResponse:
        """Answer ListOperations, of one location or of all ("-")."""
        permission = "container.operations.list"
        project, location, _ = self._fleet.open(request.parent, caller, permission)
        found = self._fleet.operations.find_all(project.id, location)
        return container_v1.ListOperationsResponse(operations=found)

    def refuse(self, request: Any, caller: Caller) -> Any:
        """Refuse a call that changes a cluster or node pool, which the guide never does.

        Raises:
            GoogleError: 403 if the caller may not, else 501.
        """
        self._fleet.open(request.name, caller, "container.clusters.update")
        raise unimplemented(type(request).__name__.removesuffix("Request"))

    def _start(
        self, kind: container_v1.Operation.Type, key: ClusterKey, cluster: container_v1.Cluster
    ) -> container_v1.Operation:
        async def create() -> None:
            endpoint = await self._fleet.host.start(cluster)
            certificate = base64.b64encode(endpoint.ca_pem).decode()
            mark_running(cluster, endpoint.host, certificate)

        async def delete() -> None:
            await self._fleet.host.stop(cluster)
            del self._fleet.clusters[key]

        def failed(error: GoogleError) -> None:
            cluster.status, cluster.status_message = _Status.ERROR, error.message
            cluster.conditions.append(condition(error))

        creating = kind == _Kind.CREATE_CLUSTER
        return self._fleet.operations.start(
            kind,
            key,
            CREATE_MINUTES if creating else DELETE_MINUTES,
            create if creating else delete,
            failed,
        )
