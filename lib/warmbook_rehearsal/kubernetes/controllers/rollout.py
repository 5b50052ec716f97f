"""The arithmetic of a rolling update: how many replicas each ReplicaSet gets next.

Source: Kubernetes, pkg/controller/deployment (rolling.go, util/deployment_util.go).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..objects import Obj


@dataclass(frozen=True)
class Limits:
    """How far a rolling update may go beyond and below the wanted number of Pods."""

    wanted: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, deployment: Obj) -> Limits:
        """Read a Deployment's limits; percentages of surge round up, of unavailable down."""
        spec = deployment["spec"]
        wanted = spec["replicas"]
        rolling = spec["strategy"].get("rollingUpdate") or {}
        surge = _resolved(rolling.get("maxSurge", 0), wanted, up=True)
        unavailable = _resolved(rolling.get("maxUnavailable", 0), wanted, up=False)
        if surge == unavailable == 0:
            unavailable = 1
        return cls(wanted, surge, min(unavailable, wanted))

    @property
    def most(self) -> int:
        """The most Pods there may be."""
        return self.wanted + self.surge

    @property
    def least_available(self) -> int:
        """The fewest Pods that must stay available."""
        return self.wanted - self.unavailable


def _resolved(value: Any, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * wanted / 100
    return math.ceil(share) if up else math.floor(share)


def replicas(replica_set: Obj) -> int:
    """Return how many Pods a ReplicaSet is asked for."""
    return int(replica_set["spec"]["replicas"])


def available(replica_set: Obj) -> int:
    """Return how many Pods of a ReplicaSet are available."""
    return int((replica_set.get("status") or {}).get("availableReplicas", 0))


def scaled_up(new: Obj, everyone: Sequence[Obj], limits: Limits) -> int:
    """Return how many replicas the new ReplicaSet may have now."""
    room = limits.most - sum(map(replicas, everyone))
    if replicas(new) >= limits.wanted or not [rs for rs in everyone if rs is not new]:
        return limits.wanted
    return replicas(new) + max(0, min(room, limits.wanted - replicas(new)))


def scaled_down(new: Obj, old: Sequence[Obj], limits: Limits) -> list[int]:
    """Return how many replicas the old ReplicaSets may keep, the unhealthy going first."""
    everyone = [new, *old]
    keep = [replicas(rs) for rs in old]
    starting = max(0, replicas(new) - available(new))
    spare = sum(map(replicas, everyone)) - limits.least_available - starting
    for index, rs in enumerate(old):
        unhealthy = min(max(0, spare), max(0, keep[index] - available(rs)))
        keep[index] -= unhealthy
        spare -= unhealthy
    excess = sum(map(available, everyone)) - limits.least_available
    for index in range(len(old)):
        dropped = min(max(0, excess), keep[index])
        keep[index] -= dropped
        excess -= dropped
    return keep
