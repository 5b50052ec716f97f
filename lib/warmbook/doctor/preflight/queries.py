"""What is asked of the cloud; each question is one or two requests and nothing is changed."""

from __future__ import annotations

from typing import Any

from ...cloud import anywhere_cache as bucket_caches
from ...cloud import availability, gke, iam
from ...cloud.kubernetes import Kubernetes, Object
from ...cloud.projects import SERVICES, BillingInfo, ProjectInfo, find_billing, find_project
from ...model.folder import Folder, find_bucket, folder_in
from ...serving import pods
from ...serving.shell_commands import gcloud
from .memo import PATIENCE_S, Asked, Unanswered

CLIENTS_NEED = (
    "serviceusage.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudbilling.googleapis.com",
)
"""APIs that the client libraries call and the guide does not name: gcloud can do without."""

ACT_AS = "iam.serviceAccounts.actAs"
"""To make nodes that run as a service account; also given on that account alone.

Source: IAM, "Roles for service account authentication"; GKE, "Create IAM policies".
"""

ON_PROJECT = {
    "serviceusage.services.enable": "02",
    "resourcemanager.projects.setIamPolicy": "02",
    "container.clusters.create": "04",
    ACT_AS: "04",
    "container.clusters.get": "04",
    "container.namespaces.create": "05",
    "container.serviceAccounts.create": "05",
    "container.deployments.create": "06",
    "container.clusters.delete": "10",
}
"""Permissions of the reader on the project, with the first notebook that needs each."""

ON_BUCKET = {
    "storage.buckets.get": "03",
    "storage.objects.list": "03",
    "storage.objects.get": "03",
    "storage.buckets.getIamPolicy": "05",
    "storage.buckets.setIamPolicy": "05",
}
"""The same on the bucket. Source: Cloud Storage, "IAM permissions"; guide, its two roles."""

ON_CACHES = {
    "storage.anywhereCaches.create": "08",
    "storage.anywhereCaches.get": "08",
    "storage.anywhereCaches.list": "08",
    "storage.anywhereCaches.disable": "08",
    "storage.buckets.update": "08",
}
"""Those on the bucket that its caches need, and the label that marks the workbook's own."""


def credentials(asked: Asked) -> Any:
    """The reader's credentials, fresh."""
    held = asked.clients.credentials
    if not held.valid:
        from google.auth.transport.requests import Request

        held.refresh(Request())
    return held


def found_project(asked: Asked) -> ProjectInfo:
    """The project with its number."""
    asked(credentials)
    settings = asked.settings
    by_hand = gcloud.create_project(settings)
    return find_project(asked.clients, settings.project_id, create_command=by_hand)


def held_permissions(asked: Asked) -> set[str]:
    """Those of ON_PROJECT that the reader holds."""
    asked(found_project)
    request = {"resource": _project(asked), "permissions": list(ON_PROJECT)}
    return set(asked.clients.projects.test_iam_permissions(request=request).permissions)


def project_policy(asked: Asked) -> Any:
    """The project's IAM policy."""
    asked(found_project)
    request = {"resource": _project(asked), "options": {"requested_policy_version": 3}}
    return asked.clients.projects.get_iam_policy(request=request)


def paying(asked: Asked) -> BillingInfo:
    """Whether a billing account pays."""
    asked(credentials)
    return find_billing(asked.clients, asked.settings.project_id)


def services_off(asked: Asked) -> set[str]:
    """Those of the APIs that the book needs which are off."""
    asked(credentials)
    wanted, parent = (*CLIENTS_NEED, *SERVICES), _project(asked)
    request = {"parent": parent, "names": [f"{parent}/services/{name}" for name in wanted]}
    found = asked.clients.services.batch_get_services(request=request).services
    on = {one.name.rpartition("/")[2] for one in found if one.state.name == "ENABLED"}
    return set(wanted) - on


def gpu_zones(asked: Asked) -> list[str]:
    """The zones with the GPU, in all regions."""
    asked(credentials)
    return availability.zones_with_gpu(asked.clients, asked.settings.gpu)


def gpu_quota(asked: Asked) -> tuple[float | None, float]:
    """Limit and usage of the region's quota for the GPU, or for Spot ones if those are wanted."""
    asked(credentials)
    settings = asked.settings
    return availability.gpu_quota(asked.clients, settings.region, settings.gpu, spot=settings.spot)


def gpu_quota_everywhere(asked: Asked) -> tuple[float | None, float]:
    """Limit and usage of the quota for all GPUs in all regions."""
    asked(credentials)
    return availability.gpu_quota_everywhere(asked.clients)


def machine_offered(asked: Asked) -> bool:
    """Whether the zone of a Standard cluster has the machine type."""
    asked(credentials)
    settings = asked.settings
    return availability.has_machine(asked.clients, settings.location, settings.machine_type)


def bucket(asked: Asked) -> Any:
    """The model's bucket; its library would try for two minutes to reach a server that is gone."""
    asked(credentials)
    from google.cloud.storage.retry import DEFAULT_RETRY

    soon = DEFAULT_RETRY.with_timeout(PATIENCE_S)
    return find_bucket(asked.clients, asked.settings.bucket_name, retry=soon, timeout=10)


def folder(asked: Asked) -> Folder:
    """What the bucket lists of the model."""
    return folder_in(asked(bucket), asked.settings.model_path)


def bucket_policy(asked: Asked) -> Any:
    """The bucket's IAM policy."""
    return iam.of_bucket(asked(bucket))


def bucket_permissions(asked: Asked) -> set[str]:
    """Those of ON_BUCKET and ON_CACHES that the reader holds."""
    return set(asked(bucket).test_iam_permissions([*ON_BUCKET, *ON_CACHES]))


def found_caches(asked: Asked) -> list[bucket_caches.Cache]:
    """The bucket's caches."""
    return bucket_caches.find(asked.clients, asked(bucket).name)


def found_cluster(asked: Asked) -> Any | None:
    """The cluster with its node pools, None where there is none."""
    asked(credentials)
    return gke.find(asked.settings, asked.clients)


def kubernetes(asked: Asked) -> Kubernetes:
    """The API of the cluster."""
    if asked(found_cluster) is None:
        raise Unanswered(found_cluster, None)
    return asked.clients.kubernetes


def namespace(asked: Asked) -> Object | None:
    """The namespace."""
    return asked(kubernetes).find("Namespace", asked.settings.namespace)


def service_account(asked: Asked) -> Object | None:
    """The Kubernetes service account."""
    account, inside = asked.settings.service_account, asked.settings.namespace
    return asked(kubernetes).find("ServiceAccount", account, inside)


def nodes(asked: Asked) -> list[Object]:
    """The cluster's nodes."""
    return asked(kubernetes).list_objects("Node")


def pod_zones(asked: Asked) -> tuple[str, ...]:
    """The zones in which Pods of the server run."""
    asked(kubernetes)
    return pods.zones_of(asked.clients, pods.now(asked.settings, asked.clients))


def _project(asked: Asked) -> str:
    return f"projects/{asked.settings.project_id}"
