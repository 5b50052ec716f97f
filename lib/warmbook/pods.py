"""The server's Pods as the cluster tells them: how far each is, and why one does not come up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .clients import Clients
from .errors import AccessError, ResourceFailedError, WarmbookError
from .manifests import APP, CONTAINER, DEPLOYMENT
from .settings import Settings
from .texts import say

LABELS = f"app={APP}"
LOADING = re.compile(r"Runai Model Streamer:\s+(\d+)% Completed")
CRASHED = "CrashLoopBackOff"
GONE = {"Terminating", "Failed", "Succeeded"}
"""Phases of Pods that won't come back: evicted, or replaced."""

PATIENCE = 3
"""Restarts that a container gets when its log tells no cause that we know."""
FATAL_IMAGE = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName"}


@dataclass(frozen=True)
class Pod:
    """One Pod at one moment; times are aware datetimes, None where not reached."""

    name: str
    phase: str
    node: str
    running: bool
    ready: bool
    restarts: int
    waiting: str
    created: datetime
    scheduled: datetime | None
    started: datetime | None
    became_ready: datetime | None

    @classmethod
    def of(cls, found: dict[str, Any]) -> Pod:
        """Read what the workbook needs out of a Pod object."""
        status, spec = found.get("status") or {}, found.get("spec") or {}
        state: dict[str, Any] = next(iter(status.get("containerStatuses") or ()), {})
        conditions = {c["type"]: c for c in status.get("conditions") or ()}
        running = (state.get("state") or {}).get("running") or {}
        waiting = (state.get("state") or {}).get("waiting") or {}
        return cls(
            name=found["metadata"]["name"],
            phase="Terminating"
            if found["metadata"].get("deletionTimestamp")
            else str(status.get("phase", "Pending")),
            node=str(spec.get("nodeName") or ""),
            running=bool(running),
            ready=_since(conditions, "Ready") is not None,
            restarts=int(state.get("restartCount") or 0),
            waiting=str(waiting.get("reason") or ""),
            created=moment(found["metadata"]["creationTimestamp"]),
            scheduled=_since(conditions, "PodScheduled"),
            started=moment(running["startedAt"]) if running.get("startedAt") else None,
            became_ready=_since(conditions, "Ready"),
        )


def _since(conditions: dict[str, Any], name: str) -> datetime | None:
    condition = conditions.get(name) or {}
    if condition.get("status") != "True" or not condition.get("lastTransitionTime"):
        return None
    return moment(condition["lastTransitionTime"])


def moment(text: str) -> datetime:
    """Return the time that Kubernetes writes as RFC 3339."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def follow(settings: Settings, clients: Clients) -> Iterator[list[Pod]]:
    """Yield the server's Pods, at once, at each change, and every few seconds."""
    for found in clients.kubernetes.watch("Pod", settings.namespace, labels=LABELS):
        pods = map(Pod.of, found)
        yield sorted((p for p in pods if p.phase not in GONE), key=lambda pod: pod.name)


def now(settings: Settings, clients: Clients) -> list[Pod]:
    """Return the server's Pods as they are, without those that are going away."""
    return next(follow(settings, clients))


def rolled_out(settings: Settings, clients: Clients, *, old_gone: bool) -> bool:
    """Say whether the Deployment's Pods are those of its present template, all of them."""
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, settings.namespace) or {}
    status, wanted = found.get("status") or {}, (found.get("spec") or {}).get("replicas", 0)
    seen = status.get("observedGeneration", 0) >= found.get("metadata", {}).get("generation", 0)
    updated = status.get("updatedReplicas", 0)
    return seen and updated == wanted and (not old_gone or status.get("replicas", 0) == updated)


def telling(settings: Settings, clients: Clients, pods: Sequence[Pod]) -> str:
    """Return in a few words what the slowest Pod is at."""
    slow = next((pod for pod in pods if not pod.ready), None)
    if slow is None:
        return say("{count} of {count} ready", count=len(pods)) if pods else say("no Pod yet")
    if not slow.running:
        return slow.waiting or _last_event(settings, clients, slow) or slow.phase
    done = LOADING.findall(clients.kubernetes.log(slow.name, settings.namespace))
    if done:
        return (
            say("weights {percent} %", percent=done[-1]) if done[-1] != "100" else say("starting")
        )
    return say("the container runs")


def _last_event(settings: Settings, clients: Clients, pod: Pod) -> str:
    events = clients.kubernetes.list_objects(
        "Event", settings.namespace, fields=f"involvedObject.name={pod.name}"
    )
    events.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return f"{events[-1]['reason']}" if events else ""


def failures(
    settings: Settings, clients: Clients
) -> Callable[[Sequence[Pod]], WarmbookError | None]:
    """Return a look at the Pods that tells why waiting would not help, or None while it may.

    What ended before the first look does not count: its cause may be mended since.
    Evidence: the log of the container that ended, the reason it waits, the Deployment's own
    conditions where there is no Pod at all.
    """
    before: dict[str, int] = {}
    return lambda pods: _why_failing(settings, clients, pods, before)


def _why_failing(
    settings: Settings, clients: Clients, pods: Sequence[Pod], before: dict[str, int]
) -> WarmbookError | None:
    for pod in pods:
        if pod.waiting in FATAL_IMAGE:
            return ResourceFailedError(
                say(
                    "The Pod {pod} can't get its image: {reason}.", pod=pod.name, reason=pod.waiting
                ),
                remedy=say("Check «vllm_version» in the form: is there such a release?"),
            )
        if pod.restarts > before.setdefault(pod.name, pod.restarts) and not pod.ready:
            # while it waits for its next start, the ended container's log is the current one
            previous = pod.waiting != CRASHED
            log = clients.kubernetes.log(pod.name, settings.namespace, previous=previous)
            if error := diagnosis(log, pod, settings):
                return error
    return None if pods else _refused(settings, clients)


def _refused(settings: Settings, clients: Clients) -> WarmbookError | None:
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, settings.namespace) or {}
    for condition in (found.get("status") or {}).get("conditions") or ():
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return ResourceFailedError(
                say("The cluster makes no Pod: {reason}", reason=condition.get("message", "")),
                remedy=say(
                    "Run notebook 05 again: it makes the namespace and the service account."
                ),
            )
    return None


DENIED = re.compile(r"does not have (storage\.[\w.]+) access|Permission '(storage\.[\w.]+)' denied")
UNKNOWN_ARGUMENT = re.compile(r"unrecognized arguments: (.+)")
NO_WEIGHTS = re.compile(r"Cannot find any safetensors model weights")
NO_CONFIG = re.compile(r"no config file found|Could not detect config format")
FILE_ACCESS = re.compile(r"File access error")


def diagnosis(log: str, pod: Pod, settings: Settings) -> WarmbookError | None:
    """Return why a container ended, by its log; None while a restart may still cure it."""
    if denied := DENIED.search(log):
        permission = denied[1] or denied[2]
        return AccessError(
            say(
                "The Pod may not read gs://{bucket}: {account} lacks {permission}.",
                bucket=settings.bucket_name,
                account=f"{settings.namespace}/{settings.service_account}",
                permission=permission,
            ),
            remedy=say(
                "Run notebook 05: it gives the two roles on the bucket. Then run this cell."
            ),
        )
    if refused := UNKNOWN_ARGUMENT.search(log):
        return ResourceFailedError(
            say(
                "vLLM {version} does not know {argument}.",
                version=settings.vllm_version,
                argument=refused[1],
            ),
            remedy=say("Run notebook 06 again: its manifest fits the version in the form."),
        )
    for pattern, what in (
        (NO_WEIGHTS, say("vLLM finds no safetensors files in {uri}.", uri=settings.model_uri)),
        (NO_CONFIG, say("vLLM finds no config.json in {uri}.", uri=settings.model_uri)),
        (
            FILE_ACCESS,
            say(
                "The streamer could not read {uri}: storage.objects.get may be missing.",
                uri=settings.model_uri,
            ),
        ),
    ):
        if pattern.search(log):
            return ResourceFailedError(what, remedy=say("Run notebooks 03 and 05 again, then 06."))
    if pod.restarts < PATIENCE:
        return None
    lines = [line for line in log.splitlines() if line.strip()]
    return ResourceFailedError(
        say(
            "The container {container} of {pod} ended {count} time(s); its last line: {line}",
            container=CONTAINER,
            pod=pod.name,
            count=pod.restarts,
            line=lines[-1][:300] if lines else say("(none)"),
        ),
        remedy=say(
            "Read the whole log: kubectl logs {pod} --previous -n {ns}",
            pod=pod.name,
            ns=settings.namespace,
        ),
    )
