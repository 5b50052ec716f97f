"""Google's errors: one exception that becomes a JSON body or a gRPC status; no server."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

HTTP_STATUS: dict[str, HTTPStatus] = {
    "INVALID_ARGUMENT": HTTPStatus.BAD_REQUEST,
    "FAILED_PRECONDITION": HTTPStatus.BAD_REQUEST,
    "OUT_OF_RANGE": HTTPStatus.BAD_REQUEST,
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
    "PERMISSION_DENIED": HTTPStatus.FORBIDDEN,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "ABORTED": HTTPStatus.CONFLICT,
    "ALREADY_EXISTS": HTTPStatus.CONFLICT,
    "RESOURCE_EXHAUSTED": HTTPStatus.TOO_MANY_REQUESTS,
    "UNIMPLEMENTED": HTTPStatus.NOT_IMPLEMENTED,
    "INTERNAL": HTTPStatus.INTERNAL_SERVER_ERROR,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""HTTP status of each canonical code that the rehearsal uses. Source: google/rpc/code.proto."""


class GoogleError(Exception):
    """A refusal in Google's terms: canonical `code` name, `message` and typed `details`.

    `compute_reason` adds the `errors` list with which Compute Engine still answers.
    """

    def __init__(
        self, code: str, message: str, *details: Any, compute_reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details
        self.compute_reason = compute_reason

    @property
    def http_status(self) -> int:
        """Return the HTTP status that goes with the code."""
        return int(HTTP_STATUS[self.code])

    def status(self) -> Any:
        """Return the error as a `google.rpc.Status`."""
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code), message=self.message)
        for detail in self.details:
            status.details.add().Pack(detail)
        return status

    def body(self) -> dict[str, Any]:
        """Return the error as the JSON body of a REST answer."""
        error: dict[str, Any] = {
            "code": self.http_status,
            "message": self.message,
            "status": self.code,
        }
        if self.details:
            error["details"] = [json_format.MessageToDict(any_) for any_ in self.status().details]
        if self.compute_reason:
            entry = {"message": self.message, "domain": "global", "reason": self.compute_reason}
            error["errors"] = [entry]
        return {"error": error}


def error_info(reason: str, domain: str = "googleapis.com", **metadata: str) -> Any:
    """Return the detail that names the reason of an error, for programs."""
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)


def invalid(message: str, *violations: tuple[str, str]) -> GoogleError:
    """Return a 400 INVALID_ARGUMENT, with (field, description) of each violation."""
    if not violations:
        return GoogleError("INVALID_ARGUMENT", message)
    request = error_details_pb2.BadRequest()
    for field, description in violations:
        request.field_violations.add(field=field, description=description)
    return GoogleError("INVALID_ARGUMENT", message, request)


def missing_permission(permission: str, resource: str, service: str) -> GoogleError:
    """Return the 403 for a permission which the caller lacks, as the service words it.

    Cloud Billing does not name it. Sources of the words: for Cloud Billing,
    GoogleCloudPlatform/cloud-ops-sandbox issue 917; for Cloud Monitoring, the troubleshooting of
    cloudspannerecosystem/autoscaler; for IAM, GoogleCloudPlatform/cluster-toolkit.
    """
    info = error_info("IAM_PERMISSION_DENIED", service, permission=permission, resource=resource)
    if service == "cloudbilling.googleapis.com":
        return GoogleError("PERMISSION_DENIED", "The caller does not have permission")
    if service == "container.googleapis.com":
        message = f'Required "{permission}" permission(s) for "{resource}".'
    elif service == "compute.googleapis.com":
        message = f"Required '{permission}' permission for '{resource}'"
    elif service == "monitoring.googleapis.com":
        message = f"Permission {permission} denied (or the resource may not exist)."
    elif service == "iam.googleapis.com":
        message = f"Permission '{permission}' denied on resource (or it may not exist)."
    else:
        place = f"//{service}/{resource}"
        message = f"Permission '{permission}' denied on resource '{place}' (or it may not exist)."
    return GoogleError("PERMISSION_DENIED", message, info)


def user_project_denied(project: str, service: str) -> GoogleError:
    """Return the 403 for who may not let requests count against a project."""
    url = f"https://console.developers.google.com/iam-admin/iam/project?project={project}"
    message = (
        f"Caller does not have required permission to use project {project}. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the "
        f"serviceusage.services.use permission, by visiting {url} and then retry. Propagation of "
        "the new permission may take a few minutes."
    )
    return GoogleError(
        "PERMISSION_DENIED",
        message,
        error_info("USER_PROJECT_DENIED", service=service, consumer=f"projects/{project}"),
        error_details_pb2.LocalizedMessage(locale="en-US", message=message),
        error_details_pb2.Help(
            links=[{"description": "Google developer console IAM admin", "url": url}]
        ),
    )


def unauthenticated(*, sent: bool) -> GoogleError:
    """Return the 401 for a request without a credential, or with a wrong one."""
    problem = (
        "Request had invalid authentication credentials."
        if sent
        else "Request is missing required authentication credential."
    )
    return GoogleError(
        "UNAUTHENTICATED",
        f"{problem} Expected OAuth 2 access token, login cookie or other valid authentication "
        "credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED" if sent else "CREDENTIALS_MISSING"),
    )


def unimplemented(what: str) -> GoogleError:
    """Return the 501 for a call that Google answers and the rehearsal doesn't."""
    return GoogleError("UNIMPLEMENTED", f"{what} is not part of the rehearsal.")
