"""What goes wrong between a client and the services: refusals for a while, broken connections."""

from __future__ import annotations

import asyncio
import time

from ..google.errors import GoogleError, error_info
from ..request_faults import Incoming
from ..storage import StorageError
from .fault import Target, fault
from .mends import ANOTHER_PROGRAM, OUTAGE

HOST = "127.0.0.1"
"""Where the reader calls; each Pod calls by an address of its own."""

A_WHILE = 2
"""How many requests in a row meet an outage that passes."""

LIMITED_S = 20
"""How long a refusal lasts that the workbook does not outlast, in seconds."""

GONE_AFTER = 12
"""How many requests Google Cloud answers before it can't be reached."""

RESET_EVERY = 5
"""Which of the reader's requests for objects lose their connection."""


@fault(
    "service-unavailable",
    "Google Cloud temporarily responds with 503",
    pitfall="service-unavailable",
    passes=True,
)
def service_unavailable(rehearsal: Target) -> None:
    """Refuse the first requests; a client that tries again gets through."""
    error = GoogleError("UNAVAILABLE", "The service is currently unavailable.")
    rehearsal.request_faults.refuse_first(A_WHILE, error, _asks_google)


@fault(
    "gke-unavailable",
    "GKE temporarily responds with 503 to requests to create a cluster",
    pitfall="service-unavailable",
    beyond=OUTAGE,
)
def gke_unavailable(rehearsal: Target) -> None:
    """Refuse to make clusters for LIMITED_S seconds; waiting mends it."""
    end: list[float] = []

    async def refuse(incoming: Incoming) -> None:
        if incoming.method == "POST" and incoming.path.endswith("/clusters"):
            end.append(time.monotonic() + LIMITED_S)
            if time.monotonic() < end[0]:
                raise GoogleError("UNAVAILABLE", "The service is currently unavailable.")

    rehearsal.request_faults.add(refuse)


@fault(
    "rate-limited",
    "Google Cloud temporarily responds with 429: somebody sends too many requests",
    pitfall="rate-limited",
    passes=True,
)
def rate_limited(rehearsal: Target) -> None:
    """Refuse the first requests; a client that waits and tries again gets through."""
    error = _too_many(rehearsal.cloud.project.number)
    rehearsal.request_faults.refuse_first(A_WHILE, error, _asks_google)


@fault(
    "rate-limit-stays",
    "somebody exhausts Google Cloud's request quota, and continues to do so",
    pitfall="rate-limited",
    beyond=ANOTHER_PROGRAM,
)
def rate_limit_stays(rehearsal: Target) -> None:
    """Refuse for LIMITED_S seconds from the first request on; waiting mends it."""
    end: list[float] = []

    async def refuse(incoming: Incoming) -> None:
        if not _asks_google(incoming):
            return
        end.append(time.monotonic() + LIMITED_S)
        if time.monotonic() < end[0]:
            raise _too_many(rehearsal.cloud.project.number)

    rehearsal.request_faults.add(refuse)


def _too_many(project_number: str) -> GoogleError:
    """Return the 429; its words are those quoted in DataBiosphere/leonardo issue 619."""
    service, consumer = "cloudresourcemanager.googleapis.com", f"projects/{project_number}"
    metric, limit = f"{service}/v3_project_get_requests", "ProjectV3GetRequestsPerMinutePerProject"
    return GoogleError(
        "RESOURCE_EXHAUSTED",
        f"Quota exceeded for quota metric '{metric}' and limit '{limit}' of service '{service}' "
        f"for consumer 'project_number:{project_number}'.",
        error_info("RATE_LIMIT_EXCEEDED", service=service, quota_metric=metric, consumer=consumer),
    )


@fault(
    "storage-rate-limited",
    "Cloud Storage temporarily responds with 429",
    pitfall="rate-limited",
    passes=True,
)
def storage_rate_limited(rehearsal: Target) -> None:
    """Refuse the reader's first requests to Cloud Storage."""
    words = "The rate of requests is too high. Please reduce it."
    error = StorageError(429, "rateLimitExceeded", words)
    rehearsal.request_faults.refuse_first(A_WHILE, error, _reads_storage)


@fault(
    "storage-unavailable",
    "Cloud Storage temporarily responds with 503",
    pitfall="service-unavailable",
    passes=True,
)
def storage_unavailable(rehearsal: Target) -> None:
    """Refuse the reader's first requests to Cloud Storage."""
    error = StorageError(503, "backendError", "We encountered an internal error.")
    rehearsal.request_faults.refuse_first(A_WHILE, error, _reads_storage)


@fault(
    "connection-reset",
    "connections to Cloud Storage break from time to time",
    pitfall="unreachable",
    passes=True,
)
def connection_reset(rehearsal: Target) -> None:
    """Drop every fifth of the reader's requests for objects without an answer."""
    count = 0

    async def drop(incoming: Incoming) -> None:
        nonlocal count
        if _reads_storage(incoming) and "/o" in incoming.path:
            count += 1
            if count % RESET_EVERY == 0:
                raise asyncio.CancelledError  # the server closes the connection, nothing more

    rehearsal.request_faults.add(drop)


@fault(
    "server-gone",
    "Google Cloud becomes unreachable while a notebook runs",
    pitfall="unreachable",
    beyond=OUTAGE,
)
def server_gone(rehearsal: Target) -> None:
    """Close the listener after GONE_AFTER requests; opening it again mends it."""
    left = GONE_AFTER

    async def go(incoming: Incoming) -> None:
        nonlocal left
        if not _asks_google(incoming):
            return
        left -= 1
        if left < 0:
            rehearsal.request_faults.remove(go)
            await rehearsal.google_listener.close(HOST)
            if server := rehearsal.google_listener.runner.server:
                server.pre_shutdown()  # closes the connections that clients keep open
            raise asyncio.CancelledError

    rehearsal.request_faults.add(go)
    rehearsal.put_back(lambda: rehearsal.google_listener.open(HOST))


def _asks_google(incoming: Incoming) -> bool:
    return incoming.service == "google"


def _reads_storage(incoming: Incoming) -> bool:
    """Say whether the reader, and no Pod, looks at something in Cloud Storage."""
    return incoming.service == "storage" and incoming.method == "GET" and incoming.address == HOST
