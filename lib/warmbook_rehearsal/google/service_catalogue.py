"""The APIs that the rehearsal's projects know: titles, and which API brings which; no state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

TITLES: Mapping[str, str] = {
    "analyticshub.googleapis.com": "Analytics Hub API",
    "artifactregistry.googleapis.com": "Artifact Registry API",
    "bigquery.googleapis.com": "BigQuery API",
    "bigqueryconnection.googleapis.com": "BigQuery Connection API",
    "bigquerydatapolicy.googleapis.com": "BigQuery Data Policy API",
    "bigquerymigration.googleapis.com": "BigQuery Migration API",
    "bigqueryreservation.googleapis.com": "BigQuery Reservation API",
    "bigquerystorage.googleapis.com": "BigQuery Storage API",
    "cloudapis.googleapis.com": "Google Cloud APIs",
    "cloudbilling.googleapis.com": "Cloud Billing API",
    "cloudquotas.googleapis.com": "Cloud Quotas API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
    "cloudtrace.googleapis.com": "Cloud Trace API",
    "compute.googleapis.com": "Compute Engine API",
    "container.googleapis.com": "Kubernetes Engine API",
    "containerfilesystem.googleapis.com": "Container File System API",
    "dataform.googleapis.com": "Dataform API",
    "dataplex.googleapis.com": "Cloud Dataplex API",
    "datastore.googleapis.com": "Cloud Datastore API",
    "iam.googleapis.com": "Identity and Access Management (IAM) API",
    "iamcredentials.googleapis.com": "IAM Service Account Credentials API",
    "logging.googleapis.com": "Cloud Logging API",
    "monitoring.googleapis.com": "Cloud Monitoring API",
    "servicemanagement.googleapis.com": "Service Management API",
    "serviceusage.googleapis.com": "Service Usage API",
    "sql-component.googleapis.com": "Cloud SQL",
    "storage-api.googleapis.com": "Google Cloud Storage JSON API",
    "storage-component.googleapis.com": "Cloud Storage",
    "storage.googleapis.com": "Cloud Storage API",
}

BY_DEFAULT = frozenset(
    f"{name}.googleapis.com"
    for name in (
        *("analyticshub", "bigquery", "bigqueryconnection", "bigquerydatapolicy"),
        *("bigquerymigration", "bigqueryreservation", "bigquerystorage", "cloudapis"),
        *("cloudtrace", "dataform", "dataplex", "datastore", "logging", "monitoring"),
        *("servicemanagement", "serviceusage", "sql-component", "storage-api"),
        *("storage-component", "storage"),
    )
)
"""What is on in a project that the console or gcloud made; one made by the API has none.

Source: Service Usage, "Enabled services", "Services enabled by default", as of 2026-04-08.
"""

BRINGS: Mapping[str, Collection[str]] = {"cloudapis.googleapis.com": BY_DEFAULT}
"""Services that are enabled along with another one, and can be disabled before it.

Source: gcloud, which makes a project by the API and then enables this one.
"""

NEEDS: Mapping[str, Sequence[str]] = {
    "container.googleapis.com": ("compute.googleapis.com",),
}
"""Services that are enabled along with another one, and can't be disabled before it."""

PAID = frozenset({"compute.googleapis.com", "container.googleapis.com"})
"""Services that can only be enabled in a project with a billing account."""


def title(service: str) -> str:
    """Return the name under which the console shows an API."""
    return TITLES.get(service, service)
