"""The project and its billing as Google describes them."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import AccessError
from ..texts import say
from .api_errors import google_reason
from .clients import Clients

SERVICES = (
    "container.googleapis.com",
    "storage.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
)
"""The APIs that the guide enables: Kubernetes Engine, Cloud Storage, Compute Engine, IAM."""

FIRST_SERVICES = (
    "serviceusage.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudbilling.googleapis.com",
)
"""APIs without which the workbook can't look at the project; gcloud can do without."""

OWN_SERVICES = (*FIRST_SERVICES, "monitoring.googleapis.com", "cloudquotas.googleapis.com")
"""APIs that the workbook calls and the guide does not name; the last two for quotas and caches."""

USER_PROJECT_DENIED = "USER_PROJECT_DENIED"
"""Google's word for a caller who may not let requests count against a project."""


@dataclass(frozen=True)
class ProjectInfo:
    """A project: its ID, its number, its state as Resource Manager names it."""

    project_id: str
    number: str
    state: str


@dataclass(frozen=True)
class BillingInfo:
    """Whether the project can pay, and by which billing account, "" for none."""

    enabled: bool
    billing_account: str


def find_project(clients: Clients, project_id: str, *, create_command: str) -> ProjectInfo:
    """Return the project; `create_command` is the remedy where there is none.

    Raises:
        AccessError: It does not exist, or the reader may not see it; Google tells no more.
    """
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        project = clients.projects.get_project(name=f"projects/{project_id}")
    except (Forbidden, NotFound) as error:
        reason = google_reason(error)
        known = reason == USER_PROJECT_DENIED and _is_there(clients, project_id)
        if reason == "SERVICE_DISABLED" or known:
            raise
        raise unseen(project_id, create_command) from error
    return ProjectInfo(project.project_id, project.name.partition("/")[2], project.state.name)


def unseen(project_id: str, create_command: str) -> AccessError:
    """Return the error for a project that is not there, or that the reader may not see."""
    return AccessError(
        say(
            "The project {project} does not exist, or you have no access to it.", project=project_id
        ),
        remedy=say(
            "Check «project_id» (its ID, not its name or number), ask for a role on it, or create "
            "it: {command}",
            command=create_command,
        ),
        pitfall="project-missing",
    )


def _is_there(clients: Clients, project_id: str) -> bool:
    """Say whether there is such a project: Service Usage counts no requests against it."""
    from google.api_core.exceptions import Forbidden

    try:
        name = f"projects/{project_id}/services/{FIRST_SERVICES[0]}"
        clients.services.get_service(request={"name": name})
    except Forbidden as error:
        return google_reason(error) != "CONSUMER_INVALID"
    return True


def find_billing(clients: Clients, project_id: str) -> BillingInfo:
    """Return whether billing is on for the project."""
    info = clients.billing.get_project_billing_info(name=f"projects/{project_id}")
    return BillingInfo(info.billing_enabled, info.billing_account_name)
