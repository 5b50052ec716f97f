"""The APIs that the rehearsal's projects know: titles, and which API brings which; no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TITLES: Mapping[str, str] = {
    "artifactregistry.googleapis.com": "Artifact Registry API",
    "cloudapis.googleapis.com": "Google Cloud APIs",
    "cloudbilling.googleapis.com": "Cloud Billing API",
    "cloudquotas.googleapis.com": "Cloud Quotas API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
    "compute.googleapis.com": "Compute Engine API",
    "container.googleapis.com": "Kubernetes Engine API",
    "containerfilesystem.googleapis.com": "Container File System API",
    "iam.googleapis.com": "Identity and Access Management (IAM) API",
    "iamcredentials.googleapis.com": "IAM Service Account Credentials API",
    "logging.googleapis.com": "Cloud Logging API",
    "monitoring.googleapis.com": "Cloud Monitoring API",
    "serviceusage.googleapis.com": "Service Usage API",
    "storage.googleapis.com": "Cloud Storage API",
}

FROM_THE_START = (
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "monitoring.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
)

NEEDS: Mapping[str, Sequence[str]] = {
    "container.googleapis.com": ("compute.googleapis.com",),
}
"""Services that are enabled along with another one, and can't be disabled before it."""

PAID = frozenset({"compute.googleapis.com", "container.googleapis.com"})
"""Services that can only be enabled in a project with a billing account."""


def title(service: str) -> str:
    """Return the name under which the console shows an API."""
    return TITLES.get(service, service)
