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
        if google_reason(error) == "SERVICE_DISABLED":
            raise
        raise AccessError(
            say("You can't see a project {project}.", project=project_id),
            remedy=say(
                "Check its ID in the form (not its name or number), ask for a role on it, or "
                "create it: {command}",
                command=create_command,
            ),
            pitfall="project-missing",
        ) from error
    return ProjectInfo(project.project_id, project.name.partition("/")[2], project.state.name)


def find_billing(clients: Clients, project_id: str) -> BillingInfo:
    """Return whether billing is on for the project."""
    info = clients.billing.get_project_billing_info(name=f"projects/{project_id}")
    return BillingInfo(info.billing_enabled, info.billing_account_name)
