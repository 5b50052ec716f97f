"""A Deployment's status: counts of Pods, and the conditions Available and Progressing.

Source: Kubernetes, pkg/controller/deployment (sync.go, progress.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from ...timestamps import parse_time
from ..objects import Obj, condition, name_of, now
from .rollout import Limits

_COUNTS = ("replicas", "readyReplicas", "availableReplicas")


def status_of(deployment: Obj, new: Obj | None, everyone: Sequence[Obj], created: bool) -> Obj:
    """Return the status that a Deployment has with these ReplicaSets."""
    counts = {key: sum(_count(rs, key) for rs in everyone) for key in _COUNTS}
    wanted = sum(rs["spec"]["replicas"] for rs in everyone)
    status = {
        "observedGeneration": deployment["metadata"]["generation"],
        **counts,
        "updatedReplicas": _count(new, "replicas") if new else 0,
        "unavailableReplicas": max(0, wanted - counts["availableReplicas"]),
    }
    told: Obj = {key: value for key, value in status.items() if value}
    found = [_available(deployment, counts), _progressing(deployment, new, told, created)]
    told["conditions"] = [
        *(_dated(deployment, new_condition) for new_condition in found if new_condition),
        *_failures(new),
    ]
    return told


def _count(replica_set: Obj, field: str) -> int:
    return int((replica_set.get("status") or {}).get(field, 0))


def _available(deployment: Obj, counts: dict[str, int]) -> Obj:
    if counts["availableReplicas"] >= Limits.of(deployment).least_available:
        reason, word = "MinimumReplicasAvailable", "has"
    else:
        reason, word = "MinimumReplicasUnavailable", "does not have"
    return {
        "type": "Available",
        "status": "True" if word == "has" else "False",
        "reason": reason,
        "message": f"Deployment {word} minimum availability.",
    }


def _progressing(deployment: Obj, new: Obj | None, status: Obj, created: bool) -> Obj | None:
    if deployment["spec"].get("paused"):
        return _progress("Unknown", "DeploymentPaused", "Deployment is paused")
    if new is None:
        return condition(deployment, "Progressing")
    subject = f'ReplicaSet "{name_of(new)}"'
    moving = _progress("True", "ReplicaSetUpdated", f"{subject} is progressing.")
    if _complete(deployment, status):
        message = f"{subject} has successfully progressed."
        return _progress("True", "NewReplicaSetAvailable", message)
    if created:
        message = f'Created new replica set "{name_of(new)}"'
        return _progress("True", "NewReplicaSetCreated", message)
    if _further(deployment.get("status") or {}, status):
        return {**moving, "moved": True}
    if seconds_left(deployment) == 0:
        message = f"{subject} has timed out progressing."
        return _progress("False", "ProgressDeadlineExceeded", message)
    old = condition(deployment, "Progressing")
    if old is None or old["reason"] in ("NewReplicaSetAvailable", "DeploymentPaused"):
        return moving
    return old


def _progress(status: str, reason: str, message: str) -> Obj:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _complete(deployment: Obj, status: Obj) -> bool:
    wanted = deployment["spec"]["replicas"]
    fields = ("replicas", "updatedReplicas", "availableReplicas")
    return all(status.get(field, 0) == wanted for field in fields)


def _further(old: Obj, new: Obj) -> bool:
    """Tell whether the rollout has moved since the last status."""

    def stale(status: Obj) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return stale(new) < stale(old) or any(new.get(f, 0) > old.get(f, 0) for f in grown)


def seconds_left(deployment: Obj) -> float | None:
    """Return how long the rollout may go on without moving, None if there is no deadline."""
    progressing = condition(deployment, "Progressing")
    deadline_s = deployment["spec"].get("progressDeadlineSeconds")
    if not progressing or deadline_s is None or deployment["spec"].get("paused"):
        return None
    if progressing["reason"] == "NewReplicaSetAvailable":
        return None
    if progressing["reason"] == "ProgressDeadlineExceeded":
        return 0.0
    still_s = (
        datetime.now(timezone.utc) - parse_time(progressing["lastUpdateTime"])
    ).total_seconds()
    return max(0.0, float(deadline_s) - still_s)


def _dated(deployment: Obj, new: Obj) -> Obj:
    """Return a condition with its times: those of the old one as far as nothing changed."""
    moved = new.pop("moved", False)
    old = condition(deployment, new["type"]) or {}
    same_status = old.get("status") == new["status"]
    if same_status and old.get("reason") == new["reason"] and not moved:
        return {**old, "message": new["message"]}
    at = now()
    since = old["lastTransitionTime"] if same_status else at
    return {**new, "lastUpdateTime": at, "lastTransitionTime": since}


def _failures(new: Obj | None) -> list[Obj]:
    found = condition(new, "ReplicaFailure") if new else None
    if found is None:
        return []
    return [{**found, "lastUpdateTime": found["lastTransitionTime"]}]
