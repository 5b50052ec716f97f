"""Resource Manager v1, which gcloud calls: the same projects, refused in other words."""

from __future__ import annotations

from typing import Any

from ..access import Caller, permitted
from .errors import GoogleError
from .projects import Project, Projects, given_policy

SERVICE = "cloudresourcemanager.googleapis.com"
NOT_PERMITTED, NO_UPDATE = "The caller does not have permission", "Policy update access denied."
"""What it says to who may not, and may not set a policy.

Sources: gcloud's output, as skypilot-org/skypilot (backends/cloud_vm_ray_backend.py) looks for it,
and as write-ups of the project ctfs-417807 quote it.
"""
Json = dict[str, Any]


class ProjectsV1:
    """The calls of v1 over the projects."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    def get(self, request: dict[str, str], caller: Caller) -> Json:
        """Answer projects.get."""
        return _as_json(self._open(request["projectId"], caller, "get"))

    def list_projects(self, request: dict[str, str], caller: Caller) -> Json:
        """Answer projects.list."""
        found = self._projects.fitting(request.get("filter", ""), caller)
        return {"projects": [_as_json(project) for project in found]}

    def get_policy(self, request: Any, caller: Caller) -> Any:
        """Answer GetIamPolicy."""
        return self._open(request.resource, caller, "getIamPolicy").policy.read()

    def set_policy(self, request: Any, caller: Caller) -> Any:
        """Answer SetIamPolicy; a stale etag is refused."""
        project = self._open(request.resource, caller, "setIamPolicy", NO_UPDATE)
        return project.policy.replace(given_policy(request))

    def test_permissions(self, request: Any, caller: Caller) -> Any:
        """Answer TestIamPermissions with those that the caller holds."""
        return self._projects.test_permissions(request, caller)

    def _open(self, name: str, caller: Caller, verb: str, words: str = NOT_PERMITTED) -> Project:
        permission = f"resourcemanager.projects.{verb}"
        if self._projects.find(name) is None:
            raise GoogleError("PERMISSION_DENIED", words)
        project = self._projects.reach(name, caller, permission, SERVICE)
        if not permitted(caller, permission, project.policy.bindings):
            raise GoogleError("PERMISSION_DENIED", words)
        return project


def _as_json(project: Project) -> Json:
    return {
        "projectId": project.id,
        "projectNumber": project.number,
        "lifecycleState": "ACTIVE",
        "name": project.display_name,
        "createTime": project.create_time.isoformat().replace("+00:00", "Z"),
        "labels": dict(project.labels),
    }
