"""What was just granted or enabled, and does not hold yet: who still refuses, and for how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .api_errors import API_OFF, google_reason
from .clients import Clients

PROPAGATION_S = 420.0
"""How long a role or an API may take until it holds everywhere, in seconds.

Source: IAM, "Access change propagation": 2 minutes as a rule, 7 or more at times.
"""

NOT_YET = re.compile(
    r"-compute@developer\.gserviceaccount\.com\S* does not exist|should enable service:"
)
"""What GKE says of APIs that were enabled just before.

Sources: GoogleCloudPlatform/software-delivery-workshop issue 34; DevOps with Kubernetes,
"Introduction to GKE" (University of Helsinki), which quotes the second.
"""

_PROBES: Mapping[str, Callable[[Clients], Any]] = {
    "cloudresourcemanager.googleapis.com": lambda clients: clients.projects.get_project(
        name=f"projects/{clients.project_id}"
    ),
    "cloudbilling.googleapis.com": lambda clients: clients.billing.get_project_billing_info(
        name=f"projects/{clients.project_id}"
    ),
    "compute.googleapis.com": lambda clients: clients.compute(""),
    "container.googleapis.com": lambda clients: clients.clusters.list_clusters(
        parent=f"projects/{clients.project_id}/locations/-"
    ),
    "storage.googleapis.com": lambda clients: list(clients.storage.list_buckets(max_results=1)),
    # which of them is asked for does not matter: 404 is an answer
    "iam.googleapis.com": lambda clients: clients.service_account("none@example.com"),
    # 400 is an answer too
    "monitoring.googleapis.com": lambda clients: clients.monitoring("timeSeries"),
}
"""A request to each API that changes nothing; only whether it answers counts."""


def silent_services(clients: Clients, services: Iterable[str]) -> tuple[str, ...]:
    """Return those of the APIs that answer as if they were off."""
    return tuple(name for name in services if name in _PROBES and not _answers(clients, name))


def _answers(clients: Clients, service: str) -> bool:
    from google.api_core.exceptions import ClientError

    try:
        _PROBES[service](clients)
    except ClientError as error:
        return google_reason(error) not in API_OFF
    return True


def holds_later(clients: Clients, error: Any) -> bool:
    """Say whether a refusal is one that waiting cures: what it misses was enabled before.

    An API that is off for good is refused in the same words as a new one: Service Usage knows.
    """
    if google_reason(error) not in API_OFF:
        return bool(NOT_YET.search(str(error.message)))
    metadata = getattr(error, "metadata", None) or {}
    name = f"projects/{clients.project_id}/services/{metadata.get('service', '')}"
    return str(clients.services.get_service(request={"name": name}).state.name) == "ENABLED"


def lacking_permissions(clients: Clients, permissions: Iterable[str]) -> tuple[str, ...]:
    """Return those of the permissions that the reader does not hold on the project by now."""
    wanted = list(permissions)
    request = {"resource": f"projects/{clients.project_id}", "permissions": wanted}
    held = set(clients.projects.test_iam_permissions(request=request).permissions)
    return tuple(name for name in wanted if name not in held)


def has_service_account(clients: Clients, address: str) -> bool:
    """Say whether the project has a service account by now; who may not look is told so."""
    from google.api_core.exceptions import NotFound

    try:
        clients.service_account(address)
    except NotFound:
        return False
    return True
