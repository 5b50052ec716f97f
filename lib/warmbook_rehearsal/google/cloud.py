"""Google Cloud as the guide meets it: the services put together over one project's state."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
from aiohttp import web

from ..access import Binding, Callers
from ..propagation import Propagation
from ..request_faults import RequestFaults
from ..time_scale import TimeScale
from . import methods, rpc, token_exchange
from .billing import ACCOUNT, Billing
from .cluster_operations import ClusterOperations
from .cluster_registry import ClusterRegistry
from .clusters import Clusters
from .compute import Compute
from .hosts import ClusterHost, Storage, Traffic
from .monitoring import Monitoring
from .node_pools import NodePools
from .operations import Operations
from .policy import ProjectPolicy
from .projects import Project, Projects
from .projects_v1 import ProjectsV1
from .quotas import Quotas
from .rest import Rest
from .service_accounts import ServiceAccounts
from .service_catalogue import BY_DEFAULT
from .services import Services
from .storage_control import StorageControl


class Cloud:
    """The control planes; the caller opens the ports.

    `cluster_operations.fail_next` makes the next operation of a kind end with an error.
    """

    def __init__(
        self,
        *,
        project_id: str,
        project_number: str,
        callers: Callers,
        time_scale: TimeScale,
        clusters: ClusterHost,
        storage: Storage,
        traffic: Traffic,
        request_faults: RequestFaults | None = None,
        propagation: Propagation | None = None,
    ) -> None:
        propagation = propagation or Propagation()
        self.project = Project(
            project_id,
            project_number,
            ProjectPolicy(callers.reader.member, propagation),
            display_name=project_id,
            services=set(BY_DEFAULT),
            propagation=propagation,
        )
        self.project.billing_account = ACCOUNT
        self._callers, self._storage, self._interference = callers, storage, request_faults
        self._traffic = traffic
        self._operations = Operations()
        self._projects = Projects(self.project, self._operations, time_scale)
        self._services = Services(self._projects, self._operations, time_scale)
        self.cluster_operations = ClusterOperations(time_scale, self._operations.spawn)
        self.cluster_registry = ClusterRegistry(self._projects, self.cluster_operations, clusters)

    def bindings(self) -> list[Binding]:
        """Return the bindings of the project's IAM policy as they are now."""
        return self.project.policy.bindings

    def rest(self) -> web.Application:
        """Make the REST face; what is under way ends with it."""
        routes = (
            *methods.resource_manager(self._projects, self._operations),
            *methods.resource_manager_v1(ProjectsV1(self._projects)),
            *methods.service_usage(self._services),
            *methods.cloud_billing(Billing(self._projects)),
            *methods.cluster_manager(
                Clusters(self.cluster_registry), NodePools(self.cluster_registry)
            ),
            *methods.compute_engine(Compute(self.cluster_registry)),
            *methods.cloud_quotas(Quotas(self.cluster_registry)),
            *methods.iam(ServiceAccounts(self._projects)),
            *methods.cloud_monitoring(Monitoring(self._projects, self._traffic)),
        )
        face = Rest(routes, self._callers, self._interference, self._projects.count)
        application = face.application()
        application.router.add_post(token_exchange.PATH, token_exchange.exchange(self._callers))
        application.cleanup_ctx.append(self._close)
        return application

    def grpc_server(self) -> grpc.aio.Server:
        """Make the gRPC face, without a port; call it inside the loop that will run it."""
        control = StorageControl(self._storage, self.project)
        return rpc.server(control, self._callers, self._interference)

    async def _close(self, application: web.Application) -> AsyncIterator[None]:
        yield
        await self._operations.close()
