"""What is asked of the cloud; each question is one or two requests and nothing is changed."""

from __future__ import annotations

from typing import Any

from ...cloud import anywhere_cache as bucket_caches
from ...cloud import availability, gke, iam
from ...cloud.kubernetes import Kubernetes, Object
from ...cloud.projects import (
    OWN_SERVICES,
    SERVICES,
    BillingInfo,
    ProjectInfo,
    find_billing,
    find_project,
)
from ...model.folder import Folder, find_bucket, folder_in
from ...serving import pods
from ...serving.guide_manifest import DEPLOYMENT
from ...serving.shell_commands import gcloud
from ..pods.rollout import RolloutWatch
from .memo import PATIENCE_S, Memo, Unanswered

ACT_AS = "iam.serviceAccounts.actAs"
"""To make nodes that run as a service account; also given on that account alone.

Source: IAM, "Roles for service account authentication"; GKE, "Create IAM policies".
"""

ENABLE = "serviceusage.services.enable"
GIVE = "resourcemanager.projects.setIamPolicy"
"""To turn APIs on, and to give roles on the project: what notebook 02 does, where it has to."""

ON_PROJECT = {
    ENABLE: "02",
    GIVE: "02",
    "compute.acceleratorTypes.list": "04",
    "compute.regions.get": "04",
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
}
"""Those that the bucket's caches need; asked apart, for a refusal would take the others along.

Source: Cloud Storage documents testIamPermissions for permissions of buckets, objects and managed
folders only (gcloud 528, storage_v1_messages).
"""

FOR_MARKS = {"storage.buckets.update": "08"}
"""What the label needs that marks the workbook's own caches on the bucket."""


def credentials(memo: Memo) -> Any:
    """The reader's credentials, fresh."""
    held = memo.clients.credentials
    if not held.valid:
        from google.auth.transport.requests import Request

        held.refresh(Request())
    return held


def found_project(memo: Memo) -> ProjectInfo:
    """The project with its number."""
    memo(credentials)
    settings = memo.settings
    by_hand = gcloud.create_project(settings)
    return find_project(memo.clients, settings.project_id, create_command=by_hand)


def held_permissions(memo: Memo) -> set[str]:
    """Those of ON_PROJECT that the reader holds."""
    memo(found_project)
    request = {"resource": _project(memo), "permissions": list(ON_PROJECT)}
    return set(memo.clients.projects.test_iam_permissions(request=request).permissions)


def project_policy(memo: Memo) -> Any:
    """The project's IAM policy."""
    memo(found_project)
    request = {"resource": _project(memo), "options": {"requested_policy_version": 3}}
    return memo.clients.projects.get_iam_policy(request=request)


def paying(memo: Memo) -> BillingInfo:
    """Whether a billing account pays."""
    memo(credentials)
    return find_billing(memo.clients, memo.settings.project_id)


def services_off(memo: Memo) -> set[str]:
    """Those of the APIs that the book needs which are off."""
    memo(credentials)
    wanted, parent = (*OWN_SERVICES, *SERVICES), _project(memo)
    request = {"parent": parent, "names": [f"{parent}/services/{name}" for name in wanted]}
    found = memo.clients.services.batch_get_services(request=request).services
    on = {one.name.rpartition("/")[2] for one in found if one.state.name == "ENABLED"}
    return set(wanted) - on


def gpu_zones(memo: Memo) -> list[str]:
    """The zones with the GPU, in all regions."""
    memo(credentials)
    return availability.zones_with_gpu(memo.clients, memo.settings.gpu)


def gpu_quota(memo: Memo) -> tuple[float | None, float]:
    """Limit and usage of the region's quota for the GPU, or for Spot ones if those are wanted."""
    memo(credentials)
    settings = memo.settings
    return availability.gpu_quota(memo.clients, settings.region, settings.gpu, spot=settings.spot)


def gpu_quota_everywhere(memo: Memo) -> tuple[float | None, float]:
    """Limit and usage of the quota for all GPUs in all regions."""
    memo(credentials)
    return availability.gpu_quota_everywhere(memo.clients)


def machine_gpus(memo: Memo) -> dict[str, int] | None:
    """The GPUs of the machine type in the zone of a Standard cluster, None where it has none."""
    memo(credentials)
    settings = memo.settings
    return availability.machine_gpus(memo.clients, settings.location, settings.machine_type)


def bucket(memo: Memo) -> Any:
    """The model's bucket; its library would try for two minutes to reach a server that is gone."""
    memo(credentials)
    from google.cloud.storage.retry import DEFAULT_RETRY

    soon = DEFAULT_RETRY.with_timeout(PATIENCE_S)
    return find_bucket(memo.clients, memo.settings.bucket_name, retry=soon, timeout=10)


def uniform_access(memo: Memo) -> bool:
    """Whether the bucket has uniform bucket-level access."""
    return bool(memo(bucket).iam_configuration.uniform_bucket_level_access_enabled)


def folder(memo: Memo) -> Folder:
    """What the bucket lists of the model."""
    return folder_in(memo(bucket), memo.settings.model_path)


def bucket_policy(memo: Memo) -> Any:
    """The bucket's IAM policy."""
    return iam.of_bucket(memo(bucket))


def bucket_permissions(memo: Memo) -> set[str]:
    """Those of ON_BUCKET and FOR_MARKS that the reader holds."""
    return set(memo(bucket).test_iam_permissions([*ON_BUCKET, *FOR_MARKS]))


def cache_permissions(memo: Memo) -> set[str] | None:
    """Those of ON_CACHES that the reader holds, None where Cloud Storage does not know them."""
    from google.api_core.exceptions import BadRequest

    try:
        return set(memo(bucket).test_iam_permissions(list(ON_CACHES)))
    except BadRequest:
        return None


def found_caches(memo: Memo) -> list[bucket_caches.Cache]:
    """The bucket's caches."""
    return bucket_caches.find(memo.clients, memo(bucket).name)


def found_cluster(memo: Memo) -> Any | None:
    """The cluster with its node pools, None where there is none."""
    memo(credentials)
    return gke.find(memo.settings, memo.clients)


def kubernetes(memo: Memo) -> Kubernetes:
    """The API of the cluster."""
    if memo(found_cluster) is None:
        raise Unanswered(found_cluster, None)
    return memo.clients.kubernetes


def namespace(memo: Memo) -> Object | None:
    """The namespace."""
    return memo(kubernetes).find("Namespace", memo.settings.namespace)


def service_account(memo: Memo) -> Object | None:
    """The Kubernetes service account."""
    account, inside = memo.settings.service_account, memo.settings.namespace
    return memo(kubernetes).find("ServiceAccount", account, inside)


def nodes(memo: Memo) -> list[Object]:
    """The cluster's nodes."""
    return memo(kubernetes).list_objects("Node")


def pod_zones(memo: Memo) -> tuple[str, ...]:
    """The zones in which Pods of the server run."""
    memo(kubernetes)
    return pods.zones_of(memo.clients, pods.now(memo.settings, memo.clients))


def deployment(memo: Memo) -> Object | None:
    """The server's Deployment."""
    return memo(kubernetes).find("Deployment", DEPLOYMENT, memo.settings.namespace)


def server_watch(memo: Memo) -> tuple[RolloutWatch, str]:
    """One look at the server's Pods, with all that is behind them, and what it says in words."""
    memo(kubernetes)
    watch = RolloutWatch(memo.settings, memo.clients, whole_past=True)
    return watch, watch.update(next(pods.follow(memo.settings, memo.clients)))


def _project(memo: Memo) -> str:
    return f"projects/{memo.settings.project_id}"
