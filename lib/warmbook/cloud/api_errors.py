"""What Google Cloud and the cluster answer to a call that fails, as errors with their remedy."""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import AccessError, MissingError, WarmbookError
from ..shell import quoted
from ..texts import say

NO_BILLING = {"BILLING_DISABLED", "UREQ_PROJECT_BILLING_NOT_FOUND", "accountDisabled"}
API_OFF = {"SERVICE_DISABLED", "accessNotConfigured"}
"""Cloud Storage still uses the second. Source: its JSON API, "HTTP status and error codes"."""
TOO_MANY = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
ACTIVATION = re.compile(r"/apis/api/([\w.-]+)/overview")
QUOTA_PROJECT = re.compile(r"(?i)quota project")
NO_USE = re.compile(r"does not have serviceusage\.services\.use access")
"""What Cloud Storage says to who may not let requests count against a project."""
NO_PROJECT = re.compile(
    r"Permission denied on resource project |[Pp]roject \S+ (was )?not found|"
    r"'resourcemanager\.projects\.get' denied on resource .*may not exist"
)
QUOTA = re.compile(r"(?i)quota\b.*exceeded|exceed\w* quota|insufficient .*quota|quotaExceeded")
GPU = re.compile(r"(?i)gpu|nvidia|\bL4\b")
NO_GPU_TYPE = re.compile(r"(?i)accelerator ?type.*(does not exist|not available|not supported)")
NO_ACT_AS = re.compile(r"does not have access to service account")
"""Source: rancher/rancher issue 10553, which quotes GKE."""
POLICY = re.compile(r"(?i)etag|concurrent policy changes|/iam\b")
MISSING = {
    "bucket-missing": re.compile(r"specified bucket does not exist|/storage/v1/b/[^/?\s]+(\?|:|$)"),
    "cluster-missing": re.compile(r"clusters/[\w-]+(?![\w/-])"),
    "project-missing": re.compile(
        r"(?i)project\b.* not found|not found.*\bprojects/[^/\s]+[.\s]*$"
    ),
}
NO_NAMESPACE = re.compile(r'namespaces? "[^"]*" not found|namespace \S+ because it is being term')
NO_ACCOUNT = re.compile(r'serviceaccounts? "[^"]*" not found')
NO_TEXT = re.compile(r"cannot unmarshal object .*of type string")


def of_google(error: Any) -> WarmbookError:
    """Return the error for what a service of Google Cloud answered."""
    code, reason = int(error.code or 0), google_reason(error)
    message, whole = first_line(error.message), f"{error} {reason}"
    if reason == "USER_PROJECT_DENIED" or NO_USE.search(whole):
        return AccessError(
            say("You may not use the quota project: {message}", message=message),
            remedy=say(
                "Request the role Service Usage Consumer on that project, or set another: "
                "`gcloud auth application-default set-quota-project PROJECT_ID`."
            ),
            pitfall="quota-project",
        )
    if QUOTA_PROJECT.search(whole):
        return AccessError(
            say("Google Cloud needs another quota project: {message}", message=message),
            remedy=say("Run `gcloud auth application-default set-quota-project PROJECT_ID`."),
            pitfall="quota-project",
        )
    if reason in API_OFF:
        service = (getattr(error, "metadata", None) or {}).get("service", "")
        service = service or "".join(ACTIVATION.findall(message)[:1])
        return AccessError(
            say("The API {service} is not enabled in this project.", service=service),
            remedy=say(
                "Run notebook 02, or: gcloud services enable {service}", service=quoted(service)
            ),
            pitfall="api-off",
        )
    if reason in NO_BILLING:
        return AccessError(
            say("The project has no billing account: {message}", message=message),
            remedy=say("Link one in the console, under Billing, then run this again."),
            pitfall="billing-off",
        )
    if code in (401, 403, 429) and reason in TOO_MANY:
        return _too_many(message)
    if (code in (403, 429) and QUOTA.search(whole)) or (code == 429 and GPU.search(whole)):
        return _quota(message, whole)
    if code == 429:
        return _too_many(message)
    if code == 401:
        return AccessError(
            say("Google Cloud rejected your credentials: {message}", message=message),
            remedy=say("Run `gcloud auth application-default login` and this again."),
            pitfall="credentials-expired",
        )
    if code == 403 and names_no_project(error):
        return AccessError(
            say(
                "The project does not exist, or you have no access to it: {message}",
                message=message,
            ),
            remedy=say("Correct «project_id»; `gcloud projects list` shows yours."),
            pitfall="project-missing",
        )
    if code == 403:
        return AccessError(
            say(
                "Permission denied by Google Cloud: {message}",
                message=_with_permission(message, error),
            ),
            remedy=say(
                "Request the permission in the message, or run notebook 02, which grants the roles."
            ),
            pitfall="role-missing",
        )
    if code == 400 and NO_ACT_AS.search(message):
        return AccessError(
            say("Permission denied by Google Cloud: {message}", message=message),
            remedy=say(
                "Ask an owner of the project to grant you Service Account User on that account."
            ),
            pitfall="role-missing",
        )
    if code == 404:
        return MissingError(
            say("Not found in Google Cloud: {message}", message=message),
            remedy=say("Check its name in your settings, or run the notebook that creates it."),
            pitfall=next((name for name, said in MISSING.items() if said.search(whole)), ""),
        )
    return WarmbookError(
        say("Google Cloud returned {code}: {message}", code=code, message=message),
        remedy=say("Run this again; if it stays so, the message above is what to search for."),
        pitfall=_other(code, whole),
    )


def _with_permission(message: str, error: Any) -> str:
    """Return the message with the permission that is missing.

    Service Usage names it in the error's details alone. Source: google.rpc.ErrorInfo, `metadata`.
    """
    missing = (getattr(error, "metadata", None) or {}).get("permission", "")
    return message if missing in message else f"{message} ({missing})"


def _quota(message: str, whole: str) -> WarmbookError:
    """Return the error for a quota: of GPUs, of requests, or of something else."""
    if not GPU.search(whole) and re.search(r"(?i)requests|per minute|\brate\b", whole):
        return _too_many(message)
    return WarmbookError(
        say("Quota exceeded: {message}", message=message),
        remedy=say("Request a quota increase in the console, or choose another region or GPU."),
        pitfall="gpu-quota" if GPU.search(whole) else "",
    )


def _too_many(message: str) -> WarmbookError:
    return WarmbookError(
        say("Too many requests to Google Cloud: {message}", message=message),
        remedy=say("Wait a minute, then run this again."),
        pitfall="rate-limited",
    )


def _other(code: int, whole: str) -> str:
    """Return the pitfall of an answer that the message itself explains."""
    if code in (409, 412) and POLICY.search(whole):
        return "policy-changed"
    if code == 400 and NO_GPU_TYPE.search(whole):
        return "gpu-not-offered"
    return "service-unavailable" if code >= 500 else ""


def of_kubernetes(error: Any) -> WarmbookError:
    """Return the error for what the cluster's API server answered."""
    code, message = int(error.status or 0), kubernetes_message(error)
    if code == 401:
        return AccessError(
            say("The cluster rejected your credentials: {message}", message=message),
            remedy=say("Run `gcloud auth application-default login` and this again."),
            pitfall="credentials-expired",
        )
    if missing := _missing(message):
        return MissingError(
            say("Not found in the cluster: {message}", message=message),
            remedy=say("Run notebook 05, which creates both."),
            pitfall=missing,
        )
    if code == 403:
        return AccessError(
            say("Permission denied by the cluster: {message}", message=message),
            remedy=say("Run notebook 02 for the role Kubernetes Engine Admin, then this again."),
            pitfall="role-missing",
        )
    if code == 404:
        return MissingError(
            say("Not found in the cluster: {message}", message=message),
            remedy=say(
                "Run the notebook that creates it: 05 for namespace and service account, "
                "06 for the Deployment."
            ),
        )
    if code == 410 or code == 429 or code >= 500:
        return WarmbookError(
            say("The cluster returned {code}: {message}", code=code, message=message),
            remedy=say("Wait a minute, then run this again."),
            pitfall={410: "watch-expired", 429: "rate-limited"}.get(code, "service-unavailable"),
        )
    return WarmbookError(
        say("The cluster returned {code}: {message}", code=code, message=message),
        remedy=say("Correct the setting that is named, then run the notebook again."),
        pitfall="argument-is-a-map" if NO_TEXT.search(message) else "",
    )


def _missing(message: str) -> str:
    """Return which of the two names that notebook 05 makes is missing, "" if neither is."""
    if NO_ACCOUNT.search(message):
        return "service-account-missing"
    return "namespace-missing" if NO_NAMESPACE.search(message) else ""


def google_reason(error: Any) -> str:
    """Return Google's own word for the error, such as SERVICE_DISABLED or forbidden."""
    if reason := getattr(error, "reason", None):
        return str(reason)
    listed = [e.get("reason") for e in getattr(error, "errors", ()) or () if isinstance(e, dict)]
    return str(listed[0]) if listed and listed[0] else ""


def kubernetes_message(error: Any) -> str:
    """Return the message of the Status that the cluster answered with."""
    body = error.body.decode() if isinstance(error.body, bytes) else str(error.body or "")
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body or str(error.reason)


def names_no_project(error: Any) -> bool:
    """Say whether a refusal means that there is no such project, or that nobody may see it."""
    reason = google_reason(error)
    return reason == "CONSUMER_INVALID" or bool(NO_PROJECT.search(f"{error} {reason}"))


def first_line(error: object) -> str:
    """Return the first line of a message, without the request that it answers."""
    text = re.sub(r"^(\d{3} )?(GET|POST|PUT|PATCH|DELETE) \S+: ", "", str(error).strip())
    return text.splitlines()[0][:600] if text else ""
