"""Errors of the client libraries in, errors the reader can act on out.

Nothing is imported for it: an exception's class was imported by whoever raised it, so the
classes are known by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import (
    AccessError,
    InterruptedWaitError,
    ResourceFailedError,
    UnreachableError,
    WarmbookError,
)
from ..texts import say
from .api_errors import first_line, of_google, of_kubernetes
from .rehearsal import address, stopped

CLIENT_LIBRARIES = {"google", "kubernetes", "huggingface_hub", "grpc", "proto"}
NO_CONNECTION = re.compile(r"(?i)failed to connect|connection (refused|reset|timed out)|dns")


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
            remedy=say("What was already asked of the cloud goes on. Run this again."),
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
            say("No Google Cloud credentials were found."),
            remedy=say(
                "Run `gcloud auth application-default login`, or start a rehearsal: "
                "`python -m warmbook lab`."
            ),
            pitfall="no-credentials",
        )
    if names & {"google.RefreshError", "google.ReauthFailError"}:
        return AccessError(
            say("Your Google Cloud credentials have expired."),
            remedy=say("Run `gcloud auth application-default login` and this again."),
            pitfall="credentials-expired",
        )
    if "google.RetryError" in names and (last := getattr(error, "cause", None)) is not None:
        return explain(last)  # a client that tried again until its time was up
    if "google.ServiceUnavailable" in names and NO_CONNECTION.search(str(error)):
        return unreachable(error)  # gRPC gives both the one name
    if names & {
        "google.TransportError",
        "google.RetryError",
        "requests.ChunkedEncodingError",
        "requests.ConnectionError",
        "requests.Timeout",
        "urllib3.HTTPError",
    }:
        return unreachable(error)
    if "google.InvalidResponse" in names and getattr(error, "response", None) is not None:
        return of_google(_as_call_error(error))
    if "google.GoogleAPICallError" in names:
        return of_google(error)
    if "kubernetes.ApiException" in names or "kubernetes.DynamicApiError" in names:
        return of_kubernetes(error)
    if isinstance(error, ImportError):
        return _other_versions(error)
    return None


def _other_versions(error: ImportError) -> ResourceFailedError | None:
    """Return the error for a client library that is absent or another release, None if it is ours.

    Only what is imported from them counts: a module of the workbook's own is a bug.
    """
    if (error.name or "").partition(".")[0] not in CLIENT_LIBRARIES:
        return None
    return ResourceFailedError(
        say("A client library is missing or has the wrong version: {reason}", reason=error),
        remedy=say("Run `make setup` or install warmbook again, then restart the kernel."),
        pitfall="client-versions",
    )


def _as_call_error(error: Any) -> Any:
    """Return what an upload in parts raises as the error that other calls raise."""
    from google.api_core.exceptions import from_http_response

    return from_http_response(error.response)


def unreachable(error: Exception) -> UnreachableError:
    """Return the error for a service that does not answer."""
    if address():
        return stopped()
    return UnreachableError(
        say("Google Cloud can't be reached: {reason}", reason=first_line(error)),
        remedy=say("Check the network and any proxy, then try again."),
        pitfall="unreachable",
    )
