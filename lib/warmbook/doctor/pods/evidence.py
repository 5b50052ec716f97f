"""What is known of a Pod that does not come up, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...cloud.objects import Object, at, maps, time_at
from ...serving.containers import last_end, server_status

_NODE_USED = ("Pulling", "Pulled", "Created", "Started", "Killing", "BackOff", "FailedMount")
"""Reasons of events that only a Pod with a node has."""


@dataclass(frozen=True)
class Diagnosis:
    """A pitfall by name, the `quote` that it rests on, and whether waiting will not cure it."""

    pitfall: str
    quote: str
    hopeless: bool = False


@dataclass(frozen=True)
class Evidence:
    """One Pod as the cluster tells it; whatever is not known is left empty.

    `log` is of the container that runs or ran last, `previous` of the one before it. `others`
    are the Deployment's other Pods, `conditions` the Deployment's own. Ends of the instances of
    the container up to `instance_before` don't count: their cause may be mended since. Nor do the
    first `tries_before` tries to make a node.
    """

    pod: Object | None = None
    events: Sequence[Object] = ()
    log: str = ""
    previous: str = ""
    conditions: Sequence[Object] = ()
    nodes: Sequence[Object] = ()
    others: Sequence[Object] = ()
    autopilot: bool = False
    instance_before: int = -1
    now: datetime | None = None
    tries_before: int = 0

    @property
    def placed(self) -> bool:
        """Whether the Pod has a node; where there are only events, whether one says so."""
        if self.pod is not None:
            return bool(at(self.pod, "spec", "nodeName"))
        placing = [event.get("reason") for event in self.in_order()]
        placing = [one for one in placing if one in ("Scheduled", "FailedScheduling", *_NODE_USED)]
        return bool(placing) and placing[-1] != "FailedScheduling"

    @property
    def ready(self) -> bool:
        """Whether the Pod is ready; where there are only events, whether they end well."""
        if self.pod is not None:
            ready = [
                c for c in maps(at(self.pod, "status", "conditions")) if c.get("type") == "Ready"
            ]
            return any(one.get("status") == "True" for one in ready)
        events = self.in_order()
        fine = bool(events) and events[-1].get("reason") in ("Started", "Created", "Pulled")
        return fine and not any(c.get("type") == "ReplicaFailure" for c in maps(self.conditions))

    @property
    def container(self) -> Object:
        """The server's container as the node tells it."""
        return server_status(self.pod)

    @property
    def ended(self) -> Object:
        """How the container ended last, empty if it did not, or too long ago."""
        past = last_end(self.container) <= self.instance_before
        if past and self.instance_before >= 0:
            return {}
        for state in ("state", "lastState"):
            if found := at(self.container, state, "terminated"):
                return found if isinstance(found, Mapping) else {}
        return {}

    def in_order(self) -> list[Object]:
        """Return the events, the oldest first."""
        return sorted(maps(self.events), key=lambda event: str(moment_of(event) or ""))

    def passed_s(self, since: object) -> float:
        """Return the seconds since a time that Kubernetes wrote, 0 where one is not known."""
        then = time_at(since)
        return (self.now - then).total_seconds() if self.now and then else 0.0


def moment_of(event: Object) -> object:
    """Return when an event was told last, as it is written."""
    return event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp")
