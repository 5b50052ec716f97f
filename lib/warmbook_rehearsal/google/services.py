"""Service Usage: which APIs are on in a project, and turning them on and off; no quotas."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from google.cloud import service_usage_v1
from google.rpc import error_details_pb2

from ..access import Caller, permitted
from ..time_scale import TimeScale
from .errors import GoogleError, error_info, invalid
from .operations import Operations
from .projects import Project, Projects
from .service_catalogue import BRINGS, NEEDS, PAID, TITLES, title

ENABLE_MINUTES = 0.5
MAX_BATCH = {"get": 30, "enable": 20}
"""Source: Service Usage API, services.batchGet and services.batchEnable."""
_SERVICE = "serviceusage.googleapis.com"
_BEGUN = re.compile(r"operations/acf\.p2-(\d+)\.")


class Services:
    """The Service Usage service over the projects."""

    def __init__(self, projects: Projects, operations: Operations, time_scale: TimeScale) -> None:
        self._projects, self._operations, self._pace = projects, operations, time_scale

    def get(self, request: service_usage_v1.GetServiceRequest, caller: Caller) -> Any:
        """Answer GetService."""
        parent, _, service = request.name.partition("/services/")
        project = self._open(parent, caller, "serviceusage.services.get", [service])
        return _as_service(project, _known(service))

    def batch_get(self, request: service_usage_v1.BatchGetServicesRequest, caller: Caller) -> Any:
        """Answer BatchGetServices."""
        names = [name.rpartition("/services/")[2] for name in request.names]
        project = self._open(request.parent, caller, "serviceusage.services.get", names)
        _check_batch(names, MAX_BATCH["get"])
        found = [_as_service(project, _known(name)) for name in names]
        return service_usage_v1.BatchGetServicesResponse(services=found)

    def list_services(self, request: service_usage_v1.ListServicesRequest, caller: Caller) -> Any:
        """Answer ListServices, all or filtered by `state:ENABLED` or `state:DISABLED`."""
        project = self._open(request.parent, caller, "serviceusage.services.list")
        wanted = request.filter.replace(" ", "")
        if wanted not in ("", "state:ENABLED", "state:DISABLED"):
            raise invalid(f"Invalid filter: {request.filter}. Allowed: state:ENABLED|DISABLED.")
        services = [_as_service(project, name) for name in TITLES]
        fitting = [s for s in services if not wanted or wanted == f"state:{s.state.name}"]
        return service_usage_v1.ListServicesResponse(services=fitting)

    def enable(self, request: service_usage_v1.EnableServiceRequest, caller: Caller) -> Any:
        """Answer EnableService with an operation."""
        parent, _, service = request.name.partition("/services/")
        project = self._open(parent, caller, "serviceusage.services.enable", [service])

        def response() -> Any:
            found = _as_service(project, service)
            return service_usage_v1.EnableServiceResponse(service=found)

        return self._enable(project, [service], response)

    def batch_enable(
        self, request: service_usage_v1.BatchEnableServicesRequest, caller: Caller
    ) -> Any:
        """Answer BatchEnableServices with an operation; all are enabled, or none."""
        names = list(request.service_ids)
        project = self._open(request.parent, caller, "serviceusage.services.enable", names)
        _check_batch(names, MAX_BATCH["enable"])

        def response() -> Any:
            found = [_as_service(project, name) for name in names]
            return service_usage_v1.BatchEnableServicesResponse(services=found)

        return self._enable(project, names, response)

    def disable(self, request: service_usage_v1.DisableServiceRequest, caller: Caller) -> Any:
        """Answer DisableService with an operation; what others need stays unless they go too."""
        parent, _, service = request.name.partition("/services/")
        project = self._open(parent, caller, "serviceusage.services.disable", [service])
        needing = {s for s, needs in NEEDS.items() if _known(service) in needs} & project.services
        if needing and not request.disable_dependent_services:
            raise GoogleError(
                "FAILED_PRECONDITION",
                f"The service {service} is depended on by the following active service(s): "
                f"{', '.join(sorted(needing))}; Please specify disable_dependent_services=true "
                "if you want to proceed with disabling all services.",
                error_info("SU_DEPENDENT_SERVICES", _SERVICE),
            )

        def finish() -> Any:
            project.disable(needing | {service})
            found = _as_service(project, service)
            return service_usage_v1.DisableServiceResponse(service=found)

        return self._start(project, [service], finish)

    def operation(self, request: Any, caller: Caller) -> Any:
        """Answer operations.get of an operation that this service began."""
        if begun := _BEGUN.match(request.name):
            self._projects.open(begun[1], caller, "serviceusage.operations.get", _SERVICE)
        return self._operations.get(request, caller)

    def _open(
        self, parent: str, caller: Caller, permission: str, names: Sequence[str] = ()
    ) -> Project:
        project = self._projects.reach(parent, caller, permission, _SERVICE)
        if not permitted(caller, permission, project.policy.bindings):
            raise _denied(project, permission, names)
        return project

    def _enable(self, project: Project, names: Iterable[str], response: Any) -> Any:
        wanted = {
            needed
            for name in names
            for needed in (_known(name), *NEEDS.get(name, ()), *BRINGS.get(name, ()))
        }
        missing = wanted - project.services
        if missing & PAID and not project.billing_account:
            raise _no_billing(project, sorted(missing & PAID))
        if not missing:
            return self._operations.done(response())

        def finish() -> Any:
            project.enable(missing)
            return response()

        return self._start(project, missing, finish)

    def _start(self, project: Project, names: Iterable[str], finish: Any) -> Any:
        resources = [f"projects/{project.number}/services/{name}" for name in sorted(names)]
        metadata = service_usage_v1.OperationMetadata(resource_names=resources)
        after_s = self._pace.seconds(ENABLE_MINUTES)
        return self._operations.start(f"acf.p2-{project.number}", after_s, finish, metadata)


def _as_service(project: Project, name: str) -> Any:
    on = name in project.services
    return service_usage_v1.Service(
        name=f"projects/{project.number}/services/{name}",
        parent=f"projects/{project.number}",
        config=service_usage_v1.ServiceConfig(name=name, title=title(name)),
        state=service_usage_v1.State.ENABLED if on else service_usage_v1.State.DISABLED,
    )


def _denied(project: Project, permission: str, names: Sequence[str]) -> GoogleError:
    """Return the 403 for a permission on these services, or on all where none is named.

    Its details alone name the permission, if anything does. Sources: su-kaka/gcli2api issue 283,
    aquasecurity/cloudsploit issue 1606 for the list; for the details' metadata, what gcloud said
    in the project mm-iti-cairo-2023, whose labs quote it.
    """
    number, verb = project.number, permission.rpartition(".")[2]
    all_of_them = f"services for consumer container [projects/{number}]"
    what = f"service [{', '.join(names)}]" if names else all_of_them
    asked = {"service": _SERVICE, "permission": permission, "resource": number}
    subject = f"?error_code=110002&{urlencode(asked)}"
    return GoogleError(
        "PERMISSION_DENIED",
        f"Permission denied to {verb} {what}\nHelp Token: {secrets.token_urlsafe(60)}",
        error_details_pb2.PreconditionFailure(
            violations=[{"type": "googleapis.com", "subject": subject}]
        ),
        error_info("AUTH_PERMISSION_DENIED", _SERVICE, **asked),
    )


def _known(service: str) -> str:
    if service not in TITLES:
        raise GoogleError(
            "PERMISSION_DENIED",
            f"Not found or permission denied for service(s): {service}.",
            error_info("SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", _SERVICE, services=service),
        )
    return service


def _check_batch(names: list[str], limit: int) -> None:
    if not 0 < len(names) <= limit:
        raise invalid(f"The request must name between 1 and {limit} services.")


def _no_billing(project: Project, services: list[str]) -> GoogleError:
    return GoogleError(
        "FAILED_PRECONDITION",
        f"Billing account for project '{project.number}' is not found. Billing must be enabled "
        f"for activation of service(s) '{','.join(services)}' to proceed.",
        error_info("UREQ_PROJECT_BILLING_NOT_FOUND", _SERVICE),
    )
