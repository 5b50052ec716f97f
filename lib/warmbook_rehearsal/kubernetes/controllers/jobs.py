"""Jobs: Pods until enough have succeeded, or too many have failed. No indices, no policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import ApiError
from ..history import Change
from ..objects import Obj, holds, name_of, namespace_of, now, set_condition, terminating
from ..store import Key, Store
from . import pods_of
from .pods_of import MANAGER
from .queue_keys import key_of

SOURCE = "job-controller"


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

    def reconcile(self, key: Key) -> None:
        """Make the Pods that are still needed; tell when the Job is over."""
        job = self._store.find("Job", *key)
        if job is None or terminating(job) or holds(job, "Complete") or holds(job, "Failed"):
            return
        pods_of.claim(self._store, job)
        tally = self._tally(job)
        spec = job["spec"]
        if tally.failed > spec["backoffLimit"]:
            self._give_up(job, tally)
        elif tally.succeeded >= spec["completions"]:
            self._complete(job, tally)
        else:
            if not spec.get("suspend"):
                self._bring(job, tally)
            self._tell(job, self._tally(job))

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

    def _give_up(self, job: Obj, tally: _Tally) -> None:
        for pod in tally.active:
            self._store.delete("Pod", namespace_of(pod), name_of(pod))
        said = "Job has reached the specified backoff limit"
        more = {"reason": "BackoffLimitExceeded", "message": said}
        self._tell(job, tally, ("FailureTarget", "Failed"), **more)
        self._store.event(job, "BackoffLimitExceeded", said, kind_of="Warning", source=SOURCE)

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
