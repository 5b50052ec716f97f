"""Resource Manager: the projects, who may do what in them, and whether an API is on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from google.cloud import resourcemanager_v3
from google.iam.v1 import iam_policy_pb2
from google.rpc import error_details_pb2

from ..access import Caller, permitted
from ..propagation import Propagation
from ..time_scale import TimeScale
from .errors import (
    GoogleError,
    error_info,
    invalid,
    missing_permission,
    user_project_denied,
)
from .operations import Operations
from .policy import ProjectPolicy
from .service_catalogue import title

CREATE_MINUTES = 0.2
_SERVICE = "cloudresourcemanager.googleapis.com"
_USAGE = "serviceusage.googleapis.com"
CLIENT_BASED = frozenset({_SERVICE, _USAGE, "cloudbilling.googleapis.com"})
"""The APIs whose requests count against the caller's project, not the one they are about."""
_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")


@dataclass
class Project:
    """One project: its names, policy, enabled services and billing account.

    Made as the API makes one: nothing is on.
    """

    id: str
    number: str
    policy: ProjectPolicy
    display_name: str
    labels: dict[str, str] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)
    billing_account: str = ""
    create_time: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    propagation: Propagation = field(default_factory=Propagation)

    @property
    def names(self) -> tuple[str, str]:
        """Return both names by which a request may call it."""
        return self.id, self.number

    def enable(self, services: Iterable[str]) -> None:
        """Turn APIs on; they answer when that has propagated."""
        new = set(services) - self.services
        self.services |= new
        self.propagation.begin(*((self.id, service) for service in new))

    def disable(self, services: Iterable[str]) -> None:
        """Turn APIs off."""
        gone = set(services)
        self.services -= gone
        self.propagation.end(*((self.id, service) for service in gone))

    def answers(self, service: str, *, delays: float = 1.0) -> bool:
        """Say whether an API is on, and has been for `delays` times the propagation's delay."""
        on = service in self.services
        return on and self.propagation.holds((self.id, service), delays=delays)

    def has_nodes_account(self, *, delays: float = 2.0) -> bool:
        """Say whether Compute Engine's default service account is there: later than its API.

        `delays`: IAM sees it after so many of the propagation's delays, and GKE after more.
        """
        return self.answers("compute.googleapis.com", delays=delays)

    def require(self, service: str) -> None:
        """Pass if the API is on.

        Raises:
            GoogleError: 403 SERVICE_DISABLED with the link that turns it on.
        """
        if not self.answers(service):
            raise _disabled(self, service)

    def require_billing(self) -> None:
        """Pass if a billing account pays for the project.

        Raises:
            GoogleError: 403 BILLING_DISABLED.
        """
        if not self.billing_account:
            url = f"https://console.developers.google.com/billing/enable?project={self.number}"
            raise GoogleError(
                "PERMISSION_DENIED",
                "This API method requires billing to be enabled. Please enable billing on project "
                f"#{self.number} by visiting {url} then retry.",
                error_info("BILLING_DISABLED", consumer=f"projects/{self.number}"),
                error_details_pb2.Help(links=[{"description": "Enable billing", "url": url}]),
            )


class Projects:
    """The Projects service, v3, over all projects."""

    def __init__(self, first: Project, operations: Operations, time_scale: TimeScale) -> None:
        self.all: list[Project] = [first]
        self._propagation = first.propagation
        self._operations, self._pace = operations, time_scale

    def find(self, name: str) -> Project | None:
        """Return the project with this id or number, `projects/` before it or not."""
        name = name.removeprefix("projects/")
        return next((project for project in self.all if name in project.names), None)

    def open(self, name: str, caller: Caller, permission: str, service: str = _SERVICE) -> Project:
        """Return a project in which the caller holds a permission.

        Raises:
            GoogleError: 403 if it isn't so, or there is no such project (Google tells no more),
                or the service is disabled.
        """
        project = self.reach(name, caller, permission, service)
        if not permitted(caller, permission, project.policy.bindings):
            raise missing_permission(permission, f"projects/{project.id}", service)
        return project

    def reach(self, name: str, caller: Caller, permission: str, service: str) -> Project:
        """Return a project in which the service answers, to a caller who may lack the permission.

        Raises:
            GoogleError: 403 if there is no such project, or the service is disabled.
        """
        project = self.find(name)
        if project is None:
            raise _unknown(name, permission, service)
        self._require(service, caller, project)
        return project

    def count(self, caller: Caller, service: str) -> None:
        """Pass if requests may count against the quota project that the caller names, if any.

        Sources: IAM, "Quota project overview"; the words are those quoted in
        googleapis/google-auth-library-python and many more public reports.

        Raises:
            GoogleError: 403 USER_PROJECT_DENIED: there is none, or the caller may not use it.
        """
        if not (name := caller.quota_project):
            return
        project = self.find(name)
        use = "serviceusage.services.use"
        if project is None or not permitted(caller, use, project.policy.bindings):
            raise user_project_denied(name, service)

    def _require(self, service: str, caller: Caller, project: Project) -> None:
        """Pass if the API is on in the project that the request counts against.

        For most APIs that is the project which the request is about. For those that know the
        caller's client only, it is the quota project, and without one the client's own: gcloud's
        has all of them on, and so has that of the credentials for Service Usage. Sources:
        Authentication, "Troubleshoot your ADC setup", "User credentials not working"; gcloud,
        `base.DisableUserProjectQuota`, which `projects`, `services` and `billing` call.
        """
        if service not in CLIENT_BASED:
            project.require(service)
        elif self.find(caller.quota_project):
            self._require_counted(caller, service)
        elif not caller.is_gcloud and service != _USAGE:
            project.require(service)

    def _require_counted(self, caller: Caller, service: str = _SERVICE) -> None:
        """Pass if the API is on in the quota project, where the caller names one."""
        if counted := self.find(caller.quota_project):
            counted.require(service)

    def get(self, request: resourcemanager_v3.GetProjectRequest, caller: Caller) -> Any:
        """Answer GetProject."""
        return _as_v3(self.open(request.name, caller, "resourcemanager.projects.get"))

    def search(self, request: resourcemanager_v3.SearchProjectsRequest, caller: Caller) -> Any:
        """Answer SearchProjects with the projects that the caller may see."""
        self._require_counted(caller)
        found = [_as_v3(p) for p in self.fitting(request.query, caller)]
        return resourcemanager_v3.SearchProjectsResponse(projects=found)

    def create(self, request: resourcemanager_v3.CreateProjectRequest, caller: Caller) -> Any:
        """Answer CreateProject: a project owned by the caller, without billing."""
        self._require_counted(caller)
        wanted = request.project
        if not _ID.fullmatch(wanted.project_id):
            reason = "project_id contains invalid characters, or isn't 6 to 30 of them"
            field_name = ("project.project_id", reason)
            raise invalid(f"field [project_id] has issue [{reason}]", field_name)
        if self.find(wanted.project_id):
            raise GoogleError("ALREADY_EXISTS", "Requested entity already exists")
        project = Project(
            id=wanted.project_id,
            number=str(10**11 + secrets.randbelow(9 * 10**11)),
            policy=ProjectPolicy(caller.member, self._propagation),
            propagation=self._propagation,
            display_name=wanted.display_name or wanted.project_id,
            labels=dict(wanted.labels),
        )
        self.all.append(project)
        metadata = resourcemanager_v3.CreateProjectMetadata(gettable=True, ready=True)
        after_s = self._pace.seconds(CREATE_MINUTES)
        return self._operations.start("cp", after_s, lambda: _as_v3(project), metadata)

    def get_policy(self, request: Any, caller: Caller) -> Any:
        """Answer GetIamPolicy."""
        permission = "resourcemanager.projects.getIamPolicy"
        return self.open(request.resource, caller, permission).policy.read()

    def set_policy(self, request: Any, caller: Caller) -> Any:
        """Answer SetIamPolicy; a stale etag is refused."""
        permission = "resourcemanager.projects.setIamPolicy"
        return self.open(request.resource, caller, permission).policy.replace(given_policy(request))

    def test_permissions(self, request: Any, caller: Caller) -> Any:
        """Answer TestIamPermissions with those that the caller holds."""
        project = self.find(request.resource)
        if project is None:
            raise _unknown(request.resource, "resourcemanager.projects.get", _SERVICE)
        self._require(_SERVICE, caller, project)
        held = [p for p in request.permissions if permitted(caller, p, project.policy.bindings)]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=held)

    def fitting(self, query: str, caller: Caller) -> list[Project]:
        """Return the projects that the caller may see and that fit a query."""
        permission = "resourcemanager.projects.get"
        seen = (p for p in self.all if permitted(caller, permission, p.policy.bindings))
        return [p for p in seen if _matches(p, query)]


def _matches(project: Project, query: str) -> bool:
    """Say whether a project fits a query like `id:my-* state:ACTIVE`.

    Source: Resource Manager v3, projects.search, "query".
    """
    values = {
        **dict.fromkeys(("id", "projectid"), project.id),
        **dict.fromkeys(("name", "displayname"), project.display_name),
        **dict.fromkeys(("state", "lifecyclestate"), "ACTIVE"),
        "projectnumber": project.number,
        **{f"labels.{name.lower()}": value for name, value in project.labels.items()},
    }
    return all(_holds(clause, values) for clause in query.split() if clause.upper() != "AND")


def _holds(clause: str, values: dict[str, str]) -> bool:
    name, separator, wanted = clause.replace("=", ":", 1).strip("()").partition(":")
    if not separator:
        raise invalid(f"field [query] has issue [Invalid filter query: {clause}]")
    value, wanted = values.get(name.lower(), "").lower(), wanted.strip('"').lower()
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def _as_v3(project: Project) -> Any:
    return resourcemanager_v3.Project(
        name=f"projects/{project.number}",
        project_id=project.id,
        display_name=project.display_name,
        state=resourcemanager_v3.Project.State.ACTIVE,
        create_time=project.create_time,
        labels=project.labels,
    )


def given_policy(request: Any) -> Any:
    """Return the policy in a request to set one; raises GoogleError 400 if there is none."""
    if not request.HasField("policy"):
        raise invalid("Policy is required.", ("policy", "required"))
    return request.policy


def _unknown(name: str, permission: str, service: str) -> GoogleError:
    resource = f"projects/{name.removeprefix('projects/')}"
    if service == _SERVICE:
        return missing_permission(permission, resource, service)
    return GoogleError(
        "PERMISSION_DENIED",
        f"Permission denied on resource project {resource.removeprefix('projects/')}.",
        error_info("CONSUMER_INVALID", consumer=resource, service=service),
    )


def _disabled(project: Project, service: str) -> GoogleError:
    base = "https://console.developers.google.com/apis/api"
    url = f"{base}/{service}/overview?project={project.number}"
    message = (
        f"{title(service)} has not been used in project {project.number} before or it is disabled. "
        f"Enable it by visiting {url} then retry. If you enabled this API recently, wait a few "
        "minutes for the action to propagate to our systems and retry."
    )
    return GoogleError(
        "PERMISSION_DENIED",
        message,
        error_info(
            "SERVICE_DISABLED",
            service=service,
            serviceTitle=title(service),
            consumer=f"projects/{project.number}",
            containerInfo=project.number,
            activationUrl=url,
        ),
        error_details_pb2.LocalizedMessage(locale="en-US", message=message),
        error_details_pb2.Help(
            links=[{"description": "Google developers console API activation", "url": url}]
        ),
    )
