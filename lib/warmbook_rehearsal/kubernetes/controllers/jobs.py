"""Jobs: Pods until enough have succeeded, or too many have failed. No indices, no policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ...timestamps import parse_time
from ..errors import ApiError
from ..history import Change
from ..objects import Obj, holds, name_of, namespace_of, now, set_condition, terminating
from ..store import Key, Store
from . import pods_of
from .pods_of import MANAGER
from .queue_keys import key_of

SOURCE = "job-controller"
TOO_MANY = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
LATE = "DeadlineExceeded", "Job was active longer than specified deadline"
"""Why a Job is given up: reason and message."""


@dataclass(frozen=True)
class _Tally:
    """The Pods of a Job by how they stand."""

    active: Sequence[Obj]
    succeeded: int
    failed: int


class Jobs:
    """The Job controller."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the Job, the one of a Pod, those that wait for a service account."""
        if change.kind == "Job":
            return [key_of(change.obj)]
        if change.kind == "ServiceAccount" and change.type == "ADDED":
            return [key_of(obj) for obj in self._store.list("Job", namespace_of(change.obj))]
        return pods_of.claimants(self._store, change, "Job") if change.kind == "Pod" else []

    def reconcile(self, key: Key) -> float | None:
        """Make the Pods that are still needed; tell when the Job is over.

        Return in how many seconds the Job's deadline is, if it has one.
        """
        job = self._store.find("Job", *key)
        if job is None or terminating(job) or holds(job, "Complete") or holds(job, "Failed"):
            return None
        pods_of.claim(self._store, job)
        tally = self._tally(job)
        spec = job["spec"]
        left_s = _seconds_left(job)
        if left_s is not None and left_s <= 0:
            self._give_up(job, tally, *LATE)
        elif tally.failed > spec["backoffLimit"]:
            self._give_up(job, tally, *TOO_MANY)
        elif tally.succeeded >= spec["completions"]:
            self._complete(job, tally)
        else:
            if not spec.get("suspend"):
                self._bring(job, tally)
            self._tell(job, self._tally(job))
            return _seconds_left(self._store.get("Job", *key))
        return None

    def _tally(self, job: Obj) -> _Tally:
        pods = pods_of.owned_pods(self._store, job)
        phases = [(pod.get("status") or {}).get("phase") for pod in pods]
        active = [pod for pod in pods if not pods_of.ended(pod) and not terminating(pod)]
        return _Tally(active, phases.count("Succeeded"), phases.count("Failed"))

    def _bring(self, job: Obj, tally: _Tally) -> None:
        spec = job["spec"]
        wanted = min(spec["parallelism"], spec["completions"] - tally.succeeded)
        for _ in range(wanted - len(tally.active)):
            try:
                pod = pods_of.create_pod(self._store, job, f"{name_of(job)}-")
            except ApiError as error:
                said = f"Error creating: {error.message}"
                self._store.event(job, "FailedCreate", said, kind_of="Warning", source=SOURCE)
                return
            said = f"Created pod: {name_of(pod)}"
            self._store.event(job, "SuccessfulCreate", said, source=SOURCE)

    def _complete(self, job: Obj, tally: _Tally) -> None:
        more = {
            "reason": "CompletionsReached",
            "message": "Reached expected number of succeeded pods",
        }
        self._tell(job, tally, ("SuccessCriteriaMet", "Complete"), **more)
        self._store.event(job, "Completed", "Job completed", source=SOURCE)

    def _give_up(self, job: Obj, tally: _Tally, reason: str, said: str) -> None:
        for pod in tally.active:
            self._store.delete("Pod", namespace_of(pod), name_of(pod))
        self._tell(job, tally, ("FailureTarget", "Failed"), reason=reason, message=said)
        self._store.event(job, reason, said, kind_of="Warning", source=SOURCE)

    def _tell(self, job: Obj, tally: _Tally, conditions: Sequence[str] = (), **more: str) -> None:
        over = bool(conditions)
        ready = sum(map(pods_of.ready, tally.active))
        counts = {
            "active": 0 if over else len(tally.active),
            "ready": 0 if over else ready,
            "succeeded": tally.succeeded,
            "failed": tally.failed,
        }

        def change(new: Obj) -> None:
            status = new.setdefault("status", {})
            for key, value in counts.items():
                if value or key == "ready":
                    status[key] = value
                else:
                    status.pop(key, None)
            status.setdefault("startTime", now())
            for condition in conditions:
                set_condition(new, condition, "True", lastProbeTime=now(), **more)
            if "Complete" in conditions:
                status["completionTime"] = now()

        place = namespace_of(job), name_of(job)
        self._store.update("Job", *place, change, manager=MANAGER, subresource="status")


def _seconds_left(job: Obj) -> float | None:
    """Return the seconds until `activeDeadlineSeconds`, None without one or before the start."""
    limit_s, start = (
        job["spec"].get("activeDeadlineSeconds"),
        job.get("status", {}).get("startTime"),
    )
    if limit_s is None or not start or job["spec"].get("suspend"):
        return None
    return limit_s - (datetime.now(timezone.utc) - parse_time(start)).total_seconds()
