"""What the cluster tells of a Pod's start: its conditions, its events, its node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone

from ...cloud.objects import Object, at, maps, text, time_at
from ...serving.containers import server_status
from ...serving.guide_manifest import GPU
from .phases import Cut

CLOCKS_S = 1.5
"""Kubernetes writes whole seconds; what differs by more is something else."""

_DRIVER = re.compile("driver")
_TOOK = re.compile(r" in ((?:\d{1,6}(?:\.\d+)?(?:ms|[hms]))+)", re.ASCII)
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|[hms])", re.ASCII)
_LENGTHS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NEVER = datetime.max.replace(tzinfo=timezone.utc)


def cuts(
    pod: Object, events: Iterable[Object], node: Object | None, installer: Object | None
) -> Iterator[Cut]:
    """Yield the ends of the phases that the cluster tells, from the wish for a node on.

    `installer` is the Pod that puts the GPU's driver on the node.
    """
    about = _about(events, text(at(pod, "metadata", "name")))
    if asked := _first_time(about, "TriggeredScaleUp"):
        yield Cut("node asked for", asked, "event")
    scheduled = condition(pod, "PodScheduled") or _first_time(about, "Scheduled")
    yield from _node(pod, node, scheduled, installer)
    yield from _image(about)
    yield from _container(pod, about)


def _node(
    pod: Object, node: Object | None, scheduled: datetime | None, installer: Object | None
) -> Iterator[Cut]:
    """Yield when a node made for the Pod was ready, had its driver, and got the Pod."""
    created, ready = time_at(pod, "metadata", "creationTimestamp"), condition(node, "Ready")
    if ready and scheduled and ready > scheduled:  # it changed since: when the node joined, then
        ready = time_at(node, "metadata", "creationTimestamp")
    if created and ready and ready >= created:
        yield Cut("node ready", ready, "Kubernetes")
        waited_s = (scheduled - ready).total_seconds() if scheduled else 0.0
        installed = _installed(installer) or (scheduled if _gpus(pod) else None)
        if installed and waited_s > CLOCKS_S:
            yield Cut("driver", installed, "Kubernetes")
            if installed == scheduled:
                return
    if scheduled:
        yield Cut("scheduling", scheduled, "Kubernetes")


def _image(about: Sequence[Object]) -> Iterator[Cut]:
    pulled = next((event for event in about if event.get("reason") == "Pulled"), None)
    end = _moment(pulled) if pulled else None
    seconds = _took(text(pulled.get("message"))) if pulled else None
    begin = _first_time(about, "Pulling")
    if begin is None and end and seconds is not None:
        begin = end - timedelta(seconds=seconds)
    if begin:
        yield Cut("Pod set-up", begin, "event")
    if end:
        yield Cut("image pull", end, "event", seconds)


def _container(pod: Object, about: Sequence[Object]) -> Iterator[Cut]:
    state = server_status(pod)
    started = time_at(state, "state", "running", "startedAt")
    first = _first_time(about, "Started")
    if at(state, "restartCount") and first and started and first < started:
        yield Cut("container start", first, "event")
        yield Cut("earlier attempts", started, "Kubernetes")
    elif started:
        yield Cut("container start", started, "Kubernetes")
    elif first:
        yield Cut("container start", first, "event")


def condition(obj: Object | None, name: str) -> datetime | None:
    """Return since when a condition holds, None where it does not."""
    for one in maps(at(obj, "status", "conditions")):
        if (one.get("type"), one.get("status")) == (name, "True"):
            return time_at(one, "lastTransitionTime")
    return None


def _installed(installer: Object | None) -> datetime | None:
    """Return when the driver was there, by the containers that install it."""
    ends = [
        time_at(state, "state", "terminated", "finishedAt")
        for state in maps(at(installer, "status", "initContainerStatuses"))
        if _DRIVER.search(text(state.get("name")))
    ]
    return max(filter(None, ends), default=None)


def _gpus(pod: Object) -> bool:
    containers = maps(at(pod, "spec", "containers"))
    return any(at(one, "resources", "limits", GPU) for one in containers)


def _took(message: str) -> float | None:
    """Return the seconds of "in 1m2.5s", as Go writes lengths of time."""
    found = _TOOK.search(message)
    parts = _PARTS.findall(found[1]) if found else []
    return sum(float(count) * _LENGTHS_S[unit] for count, unit in parts) if parts else None


def _about(events: Iterable[Object], name: str) -> list[Object]:
    """Return the events of the Pod, the oldest first."""
    found = [event for event in events if at(event, "involvedObject", "name") == name]
    return sorted(found, key=lambda event: _moment(event) or _NEVER)


def _first_time(about: Iterable[Object], reason: str) -> datetime | None:
    moments = (_moment(event) for event in about if event.get("reason") == reason)
    return next(filter(None, moments), None)


def _moment(event: Object) -> datetime | None:
    """Return when an event was told first."""
    fields = ("firstTimestamp", "eventTime", "lastTimestamp")
    return next(filter(None, (time_at(event, field) for field in fields)), None)
