"""Every REST call that is answered: HTTP rule, request message, handler.

Source: the `google.api.http` rules of the APIs; the tests compare them with the client libraries'.
"""

from __future__ import annotations

from typing import Any

from google.cloud import billing_v1 as billing_types
from google.cloud import container_v1 as gke
from google.cloud import resourcemanager_v3 as crm
from google.cloud import service_usage_v1 as usage
from google.iam.v1 import iam_policy_pb2 as iam_types
from google.longrunning.operations_pb2 import GetOperationRequest

from .billing import Billing
from .clusters import Clusters
from .compute import Compute
from .monitoring import Monitoring
from .node_pools import NodePools
from .operations import Operations
from .projects import Projects
from .projects_v1 import ProjectsV1
from .quotas import Quotas
from .service_accounts import ServiceAccounts
from .services import Services
from .transcoding import Handler, Route

_CLUSTER = "projects/*/locations/*/clusters/*"
_POOL = f"{_CLUSTER}/nodePools/*"
_COMPUTE = "/compute/v1/projects/{project}"


def service_of(path: str) -> str:
    """Return the API that a path belongs to, as this module's tables lay them out."""
    parts = {
        "/compute/": "compute",
        "/quotaInfos/": "cloudquotas",
        "/locations/": "container",
        "/timeSeries": "monitoring",
        "/serviceAccounts": "iam",
        "billing": "cloudbilling",
        "/services": "serviceusage",
        "/operations/acf": "serviceusage",
    }
    found = (name for part, name in parts.items() if part in path)
    return f"{next(found, 'cloudresourcemanager')}.googleapis.com"


def resource_manager(projects: Projects, operations: Operations) -> tuple[Route, ...]:
    """Return the calls of Cloud Resource Manager v3."""
    return (
        _get("/v3/projects:search", crm.SearchProjectsRequest, projects.search),
        _post("/v3/projects", crm.CreateProjectRequest, projects.create, body="project"),
        _get("/v3/{name=projects/*}", crm.GetProjectRequest, projects.get),
        *_iam_policy("v3", projects),
        _get("/v3/{name=operations/**}", GetOperationRequest, operations.get),
    )


def resource_manager_v1(projects: ProjectsV1) -> tuple[Route, ...]:
    """Return the calls of Cloud Resource Manager v1, which gcloud makes."""
    return (
        _get("/v1/projects", None, projects.list_projects),
        _get("/v1/projects/{projectId}", None, projects.get),
        *_iam_policy("v1", projects),
    )


def _iam_policy(version: str, projects: Projects | ProjectsV1) -> tuple[Route, ...]:
    resource = f"/{version}/{{resource=projects/*}}"
    return (
        _post(f"{resource}:getIamPolicy", iam_types.GetIamPolicyRequest, projects.get_policy),
        _post(f"{resource}:setIamPolicy", iam_types.SetIamPolicyRequest, projects.set_policy),
        _post(
            f"{resource}:testIamPermissions",
            iam_types.TestIamPermissionsRequest,
            projects.test_permissions,
        ),
    )


def service_usage(services: Services) -> tuple[Route, ...]:
    """Return the calls of Service Usage."""
    one, parent = "/v1/{name=*/*/services/*}", "/v1/{parent=*/*}/services"
    return (
        _get(f"{parent}:batchGet", usage.BatchGetServicesRequest, services.batch_get),
        _post(f"{parent}:batchEnable", usage.BatchEnableServicesRequest, services.batch_enable),
        _get(parent, usage.ListServicesRequest, services.list_services),
        _get(one, usage.GetServiceRequest, services.get),
        _post(f"{one}:enable", usage.EnableServiceRequest, services.enable),
        _post(f"{one}:disable", usage.DisableServiceRequest, services.disable),
        _get("/v1/{name=operations/*}", GetOperationRequest, services.operation),
    )


def cloud_billing(billing: Billing) -> tuple[Route, ...]:
    """Return the calls of Cloud Billing."""
    info = "/v1/{name=projects/*}/billingInfo"
    update = billing_types.UpdateProjectBillingInfoRequest
    return (
        _get(info, billing_types.GetProjectBillingInfoRequest, billing.get),
        Route("PUT", info, update, billing.update, "project_billing_info"),
        _get(
            "/v1/billingAccounts", billing_types.ListBillingAccountsRequest, billing.list_accounts
        ),
    )


def cluster_manager(clusters: Clusters, pools: NodePools) -> tuple[Route, ...]:
    """Return the calls of GKE's Cluster Manager; those without an answer end in a 501."""
    location, cluster = "projects/*/locations/*", f"/v1/{{name={_CLUSTER}}}"
    in_location, in_cluster = f"/v1/{{parent={location}}}", f"/v1/{{parent={_CLUSTER}}}"
    pool, operation = f"/v1/{{name={_POOL}}}", f"/v1/{{name={location}/operations/*}}"
    return (
        _get(f"/v1/{{name={location}}}/serverConfig", gke.GetServerConfigRequest, clusters.offer),
        _post(f"{in_location}/clusters", gke.CreateClusterRequest, clusters.create),
        _get(f"{in_location}/clusters", gke.ListClustersRequest, clusters.list_clusters),
        _get(cluster, gke.GetClusterRequest, clusters.get),
        _delete(cluster, gke.DeleteClusterRequest, clusters.delete),
        _post(f"{in_cluster}/nodePools", gke.CreateNodePoolRequest, pools.create),
        _get(f"{in_cluster}/nodePools", gke.ListNodePoolsRequest, pools.list_pools),
        _get(pool, gke.GetNodePoolRequest, pools.get),
        _delete(pool, gke.DeleteNodePoolRequest, pools.delete),
        _get(operation, gke.GetOperationRequest, clusters.get_operation),
        _get(f"{in_location}/operations", gke.ListOperationsRequest, clusters.list_operations),
        _post(f"{operation}:cancel", gke.CancelOperationRequest, clusters.refuse),
        Route("PUT", cluster, gke.UpdateClusterRequest, clusters.refuse, "*"),
        Route("PUT", pool, gke.UpdateNodePoolRequest, clusters.refuse, "*"),
        _post(f"{cluster}:setResourceLabels", gke.SetLabelsRequest, clusters.refuse),
        _post(f"{cluster}:updateMaster", gke.UpdateMasterRequest, clusters.refuse),
        _post(f"{pool}:setSize", gke.SetNodePoolSizeRequest, clusters.refuse),
        _post(f"{pool}:setAutoscaling", gke.SetNodePoolAutoscalingRequest, clusters.refuse),
    )


def compute_engine(compute: Compute) -> tuple[Route, ...]:
    """Return the look-ups of Compute Engine."""
    zone = f"{_COMPUTE}/zones/{{zone}}"
    return (
        _get(_COMPUTE, None, compute.project),
        _get(f"{_COMPUTE}/regions", None, compute.regions),
        _get(f"{_COMPUTE}/regions/{{region}}", None, compute.region),
        _get(f"{_COMPUTE}/zones", None, compute.zones),
        _get(zone, None, compute.zone),
        _get(f"{_COMPUTE}/aggregated/acceleratorTypes", None, compute.accelerators_by_zone),
        _get(f"{zone}/acceleratorTypes", None, compute.accelerators),
        _get(f"{zone}/machineTypes", None, compute.machine_types),
        _get(f"{zone}/machineTypes/{{machineType}}", None, compute.machine_type),
    )


def cloud_quotas(quotas: Quotas) -> tuple[Route, ...]:
    """Return the call of Cloud Quotas that tells the limits of one quota."""
    infos = "/v1/projects/{project}/locations/global/services/{service}/quotaInfos"
    return (_get(f"{infos}/{{quota}}", None, quotas.get),)


def cloud_monitoring(monitoring: Monitoring) -> tuple[Route, ...]:
    """Return the call of Cloud Monitoring v3 that tells what caches served."""
    return (_get("/v3/projects/{project}/timeSeries", None, monitoring.time_series),)


def iam(accounts: ServiceAccounts) -> tuple[Route, ...]:
    """Return the call of IAM that looks a service account up."""
    return (_get("/v1/projects/{project}/serviceAccounts/{account}", None, accounts.get),)


def _get(template: str, request: Any, answer: Handler) -> Route:
    return Route("GET", template, request, answer)


def _post(template: str, request: Any, answer: Handler, body: str = "*") -> Route:
    return Route("POST", template, request, answer, body)


def _delete(template: str, request: Any, answer: Handler) -> Route:
    return Route("DELETE", template, request, answer)
