"""Errors of the client libraries in, errors the reader can act on out.

Nothing is imported for it: an exception's class was imported by whoever raised it, so the
classes are known by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import (
    AccessError,
    InterruptedWaitError,
    MissingError,
    UnreachableError,
    WarmbookError,
)
from .texts import say


@contextmanager
def explained() -> Iterator[None]:
    """Turn what a client library raises inside into a WarmbookError; leave the rest alone."""
    try:
        yield
    except WarmbookError:
        raise
    except KeyboardInterrupt:
        raise InterruptedWaitError(
            say("You stopped this step."),
            remedy=say("What was already asked of the cloud goes on. Run this cell again."),
        ) from None
    except Exception as error:
        if (known := explain(error)) is None:
            raise
        raise known from error


def explain(error: Exception) -> WarmbookError | None:
    """Return the error in the reader's words, or None if it is not a client library's."""
    names = {f"{cls.__module__.partition('.')[0]}.{cls.__name__}" for cls in type(error).__mro__}
    if "google.DefaultCredentialsError" in names:
        return AccessError(
            say("There are no Google Cloud credentials here."),
            remedy=say(
                "Run `gcloud auth application-default login`, or start a rehearsal: `make lab`."
            ),
        )
    if names & {"google.RefreshError", "google.ReauthFailError"}:
        return AccessError(
            say("Your Google Cloud credentials have expired."),
            remedy=say("Run `gcloud auth application-default login` and this cell again."),
        )
    if names & {
        "google.TransportError",
        "requests.ConnectionError",
        "requests.Timeout",
        "urllib3.HTTPError",
        "google.RetryError",
        "google.ServiceUnavailable",
    }:
        return unreachable(error)
    if "google.InvalidResponse" in names and getattr(error, "response", None) is not None:
        return _of_google(_as_call_error(error))
    if "google.GoogleAPICallError" in names:
        return _of_google(error)
    if "kubernetes.ApiException" in names or "kubernetes.DynamicApiError" in names:
        return _of_kubernetes(error)
    return None


def _as_call_error(error: Any) -> Any:
    """Return what an upload in parts raises as the error that other calls raise."""
    from google.api_core.exceptions import from_http_response

    return from_http_response(error.response)


def unreachable(error: Exception) -> UnreachableError:
    """Return the error for a service that does not answer."""
    import os

    if os.environ.get("WARMBOOK_SANDBOX_URL"):
        return UnreachableError(
            say("The rehearsal has stopped: its servers don't answer."),
            remedy=say("Start it again with `make lab`, then run the notebook from its top."),
        )
    return UnreachableError(
        say("Google Cloud can't be reached: {reason}", reason=_first_line(error)),
        remedy=say("Check the network and any proxy, then run this cell again."),
    )


def _of_google(error: Any) -> WarmbookError:
    code, reason = int(error.code or 0), google_reason(error)
    message = _first_line(error.message)
    if reason == "SERVICE_DISABLED":
        service = (error.metadata or {}).get("service", "")
        return AccessError(
            say("The API {service} is off in this project.", service=service),
            remedy=say("Run notebook 02, or: gcloud services enable {service}", service=service),
        )
    if code in (401, 403):
        return AccessError(
            say("Google Cloud refuses: {message}", message=message),
            remedy=say("Ask for the permission that is named, or run notebook 02 for the roles."),
        )
    if code == 404:
        return MissingError(
            say("Google Cloud finds no such thing: {message}", message=message),
            remedy=say("Check the name in the form, or run the notebook that creates it."),
        )
    if code == 429:
        return WarmbookError(
            say("A quota is used up: {message}", message=message),
            remedy=say("Ask for more quota in the console, or choose another region or GPU."),
        )
    return WarmbookError(
        say("Google Cloud answers {code}: {message}", code=code, message=message),
        remedy=say("Run this cell again; if it stays so, the message above is what to search for."),
    )


def _of_kubernetes(error: Any) -> WarmbookError:
    code = int(error.status or 0)
    message = kubernetes_message(error)
    if code in (401, 403):
        return AccessError(
            say("The cluster refuses: {message}", message=message),
            remedy=say("Run notebook 02 for the role Kubernetes Engine Admin, then this cell."),
        )
    if code == 404:
        return MissingError(
            say("The cluster has no such thing: {message}", message=message),
            remedy=say("Run the notebook that creates it: 05 for names, 06 for the Deployment."),
        )
    return WarmbookError(
        say("The cluster answers {code}: {message}", code=code, message=message),
        remedy=say("Correct the setting that is named in the form, then run the notebook again."),
    )


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


def _first_line(error: object) -> str:
    text = re.sub(r"^\d{3} (GET|POST|PUT|PATCH|DELETE) \S+: ", "", str(error).strip())
    return text.splitlines()[0][:600] if text else ""
