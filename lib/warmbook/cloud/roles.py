"""The guide's roles, and the names of those who get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..settings import Settings
from .objects import Object, at, text

ACTS_AS = "iam.gke.io/gcp-service-account"
"""Annotation of a Kubernetes service account whose Pods get a Google service account's tokens.

Source: GKE, "Authenticate to Google Cloud APIs from GKE workloads", link to IAM; the annotation
stands in terraform-google-kubernetes-engine, modules/workload-identity/main.tf.
"""

PROJECT_ROLES = ("roles/container.admin", "roles/storage.admin")
"""The guide's roles on the project."""

FURTHER_ROLES = (
    "roles/serviceusage.serviceUsageConsumer",
    "roles/compute.viewer",
    "roles/cloudquotas.viewer",
    "roles/iam.serviceAccountUser",
)
"""Roles on the project that the notebooks need and the guide does not name.

Owner holds what they give. Cloud Monitoring is read with Storage Admin. Source: iam-dataset, a
collection of what Google's roles hold.
"""

NEEDED_OF: Mapping[str, Sequence[str]] = {
    "roles/container.admin": (
        *("container.clusters.create", "container.clusters.get", "container.clusters.delete"),
        *("container.namespaces.create", "container.serviceAccounts.create"),
        "container.deployments.create",
    ),
    "roles/storage.admin": ("storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"),
    "roles/serviceusage.serviceUsageConsumer": ("serviceusage.services.use",),
    "roles/compute.viewer": (
        *("compute.acceleratorTypes.list", "compute.machineTypes.get", "compute.projects.get"),
        *("compute.regions.get", "compute.zones.list"),
    ),
    "roles/cloudquotas.viewer": ("cloudquotas.quotas.get",),
    "roles/iam.serviceAccountUser": ("iam.serviceAccounts.actAs", "iam.serviceAccounts.get"),
}
"""What the notebooks need of each of these roles; whoever holds that needs the role no more."""

BUCKET_ROLES = ("roles/storage.bucketViewer", "roles/storage.objectUser")
"""The guide's roles on the bucket."""
GIVEN_ROLES = (*BUCKET_ROLES, "roles/storage.objectViewer")
"""Every role on the bucket that the workbook may have given."""


def member(account: str) -> str:
    """Return IAM's name for an e-mail address: a user's or a service account's."""
    kind = "serviceAccount" if account.endswith(".gserviceaccount.com") else "user"
    return f"{kind}:{account}"


def bucket_roles(settings: Settings) -> tuple[str, str]:
    """Return the two roles on the bucket: the guide's, or the variant that only reads.

    Source: guide, "Otorga a tu KSA los permisos necesarios"; Cloud Storage, "IAM roles".
    """
    return "roles/storage.bucketViewer", f"roles/storage.{settings.object_role}"


def principal(settings: Settings, project_number: str) -> str:
    """Return the IAM name of the Kubernetes service account.

    Source: guide, "Configura Workload Identity Federation for GKE": the project's number
    first, its ID in the pool.
    """
    return (
        f"principal://iam.googleapis.com/projects/{project_number}/locations/global/"
        f"workloadIdentityPools/{settings.workload_pool}/subject/ns/{settings.namespace}/"
        f"sa/{settings.service_account}"
    )


def google_account(service_account: Object | None) -> str:
    """Return the e-mail of the Google account as which the account's Pods act, "" if of none."""
    return text(at(service_account, "metadata", "annotations", ACTS_AS))


def identity(settings: Settings, project_number: str, service_account: Object | None) -> str:
    """Return the IAM name by which Pods of the service account reach Google Cloud.

    That of the Google account that it is linked to: its roles count then, and only its.
    """
    account = google_account(service_account)
    return member(account) if account else principal(settings, project_number)
