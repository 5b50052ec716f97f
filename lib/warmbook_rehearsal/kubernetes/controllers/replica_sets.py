"""ReplicaSets: as many Pods as asked for, no more, no fewer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...timestamps import parse_time
from ..errors import ApiError
from ..history import Change
from ..objects import Obj, labels_of, name_of, namespace_of, now, terminating
from ..store import Key, Store
from . import pods_of
from .pods_of import MANAGER
from .queue_keys import key_of

SOURCE = "replicaset-controller"
_BURST = 500
RETRY_S = 1.0
"""After which time a Pod that was refused is tried again, in seconds.

A real controller pauses from 5 ms to 1000 s, twice as long each time. Source: client-go,
util/workqueue/default_rate_limiters.go.
"""


class ReplicaSets:
    """The ReplicaSet controller."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the ReplicaSet, the one of a Pod, those that wait for a service account."""
        if change.kind == "ReplicaSet":
            return [key_of(change.obj)]
        if change.kind == "Pod":
            return pods_of.claimants(self._store, change, "ReplicaSet")
        if change.kind == "ServiceAccount" and change.type == "ADDED":
            namespace = namespace_of(change.obj)
            return [key_of(obj) for obj in self._store.list("ReplicaSet", namespace)]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Make or delete Pods, and tell how many there are."""
        found = self._store.find("ReplicaSet", *key)
        if found is None:
            return None
        failure: tuple[str, str] | None = None
        if not terminating(found):
            pods_of.claim(self._store, found)
            failure = self._bring(found, self._active(found))
        return self._tell(found, self._active(found), failure)

    def _active(self, owner: Obj) -> list[Obj]:
        pods = pods_of.owned_pods(self._store, owner)
        return [pod for pod in pods if not terminating(pod) and not pods_of.ended(pod)]

    def _bring(self, owner: Obj, pods: Sequence[Obj]) -> tuple[str, str] | None:
        missing = owner["spec"]["replicas"] - len(pods)
        for _ in range(min(missing, _BURST)):
            try:
                pod = pods_of.create_pod(self._store, owner, f"{name_of(owner)}-")
            except ApiError as error:
                said = f"Error creating: {error.message}"
                self._store.event(owner, "FailedCreate", said, kind_of="Warning", source=SOURCE)
                return "FailedCreate", error.message
            said = f"Created pod: {name_of(pod)}"
            self._store.event(owner, "SuccessfulCreate", said, source=SOURCE)
        for pod in sorted(pods, key=_worth)[: max(0, -missing)]:
            self._store.delete("Pod", namespace_of(pod), name_of(pod))
            said = f"Deleted pod: {name_of(pod)}"
            self._store.event(owner, "SuccessfulDelete", said, source=SOURCE)
        return None

    def _tell(
        self, owner: Obj, pods: Sequence[Obj], failure: tuple[str, str] | None
    ) -> float | None:
        min_ready_s = owner["spec"].get("minReadySeconds") or 0
        short = [pods_of.unavailable_s(pod, min_ready_s) for pod in pods]
        labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
        status: Obj = {
            "replicas": len(pods),
            "fullyLabeledReplicas": sum(labels.items() <= labels_of(pod).items() for pod in pods),
            "readyReplicas": sum(seconds is not None for seconds in short),
            "availableReplicas": sum(seconds == 0 for seconds in short),
            "observedGeneration": owner["metadata"]["generation"],
        }
        told = {key: value for key, value in status.items() if value or key == "replicas"}
        if failure:
            told["conditions"] = [_failure(owner, *failure)]

        def change(new: Obj) -> None:
            new["status"] = told

        self._store.update(
            "ReplicaSet",
            namespace_of(owner),
            name_of(owner),
            change,
            manager=MANAGER,
            subresource="status",
        )
        waits = [seconds for seconds in short if seconds]
        waits += [RETRY_S] if failure else []
        return min(waits) + 0.01 if waits else None


def _failure(owner: Obj, reason: str, message: str) -> Obj:
    known = (owner.get("status") or {}).get("conditions") or ()
    for old in known:
        if (old["type"], old.get("message")) == ("ReplicaFailure", message):
            return dict(old)
    return {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": now(),
        "reason": reason,
        "message": message,
    }


def _worth(pod: Obj) -> tuple[bool, bool, bool, float]:
    """Order Pods by what is lost with them: not on a node, not running, not ready, young."""
    age = -parse_time(pod["metadata"]["creationTimestamp"]).timestamp()
    phase = (pod.get("status") or {}).get("phase")
    return bool(pod["spec"].get("nodeName")), phase == "Running", pods_of.ready(pod), age
