"""IAM: the service account that a project's nodes run as; it makes no others."""

from __future__ import annotations

from typing import Any

from ..access import Caller
from .errors import GoogleError
from .projects import Project, Projects

SERVICE = "iam.googleapis.com"
Json = dict[str, Any]


class ServiceAccounts:
    """The look-up of service accounts: Compute Engine's default one is all that there is."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    def get(self, query: dict[str, str], caller: Caller) -> Json:
        """Answer projects.serviceAccounts.get.

        Raises:
            GoogleError: 403, the caller may not; 404, there is no such account, or not yet. The
                words are those in forseti-security's recorded answers.
        """
        # gcloud lets the address say which project is meant
        named = query["project"] if query["project"] != "-" else query["account"].split("-")[0]
        project = self._projects.open(named, caller, "iam.serviceAccounts.get", SERVICE)
        name = f"projects/{project.id}/serviceAccounts/{query['account']}"
        if query["account"] != nodes_account(project) or not project.has_nodes_account():
            raise GoogleError("NOT_FOUND", f"Service account {name} does not exist.")
        return {
            "name": name,
            "projectId": project.id,
            "email": query["account"],
            "displayName": "Compute Engine default service account",
        }


def nodes_account(project: Project) -> str:
    """Return the address of Compute Engine's default service account."""
    return f"{project.number}-compute@developer.gserviceaccount.com"
