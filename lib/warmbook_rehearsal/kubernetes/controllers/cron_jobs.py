"""CronJobs: a Job at each time of the schedule, by this machine's clock.

Source: Kubernetes, pkg/controller/cronjob (order of decisions, names, events).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone

from ...timestamps import parse_time
from ..errors import ApiError
from ..history import Change
from ..objects import (
    Obj,
    holds,
    name_of,
    namespace_of,
    owner_of,
    owner_reference,
    terminating,
    uid_of,
)
from ..schedules import Schedule, zone_of
from ..store import Key, Store
from .pods_of import MANAGER
from .queue_keys import key_of, owner_key

SOURCE = "cronjob-controller"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
"""Annotation of a Job: the time of the schedule that it was created for."""

LATE_S = 0.1
"""How long after its time a Job is created, so that no clock is ahead of it."""


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class CronJobs:
    """The CronJob controller."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = _utc_now) -> None:
        self._store, self._clock = store, clock

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the CronJob, or the one of a Job."""
        if change.kind == "CronJob":
            return [key_of(change.obj)]
        return owner_key(change, "CronJob") if change.kind == "Job" else []

    def reconcile(self, key: Key) -> float | None:
        """Create the Job that is due, drop old ones; return the seconds until the next time."""
        cron_job = self._store.find("CronJob", *key)
        if cron_job is None:
            return None
        self._keep_to_limits(cron_job)
        cron_job = self._note(cron_job)
        spec, moment = cron_job["spec"], self._clock()
        if terminating(cron_job) or spec.get("suspend"):
            return None
        schedule = Schedule.parse(spec["schedule"], spec.get("timeZone") or "")
        due = schedule.before(moment)
        if due and due > _since(cron_job, moment):
            self._start(cron_job, due)
        following = schedule.after(moment)
        return (following - moment).total_seconds() + LATE_S if following else None

    def _jobs(self, cron_job: Obj) -> list[Obj]:
        """Return the Jobs of a CronJob, also those that a person has created from it."""
        owned = self._store.list("Job", namespace_of(cron_job))
        return [job for job in owned if (owner_of(job) or {}).get("uid") == uid_of(cron_job)]

    def _keep_to_limits(self, cron_job: Obj) -> None:
        """Delete the oldest Jobs that are over, beyond the limits of the history."""
        spec = cron_job["spec"]
        limits = {
            "Complete": spec["successfulJobsHistoryLimit"],
            "Failed": spec["failedJobsHistoryLimit"],
        }
        jobs = sorted(self._jobs(cron_job), key=_started)
        for condition, limit in limits.items():
            over = [job for job in jobs if holds(job, condition) and not terminating(job)]
            for job in over[: max(0, len(over) - limit)]:
                self._delete(cron_job, job)

    def _delete(self, cron_job: Obj, job: Obj) -> None:
        self._store.delete("Job", namespace_of(job), name_of(job))
        self._event(cron_job, "SuccessfulDelete", f"Deleted job {name_of(job)}")

    def _note(self, cron_job: Obj) -> Obj:
        """Bring the status up to date with the Jobs; return the CronJob as stored."""
        jobs = self._jobs(cron_job)
        known = {one["uid"] for one in (cron_job.get("status") or {}).get("active") or ()}
        for job in jobs:
            if uid_of(job) in known and (ended := _ended(job)):
                said = f"Saw completed job: {name_of(job)}, condition: {ended}"
                self._event(cron_job, "SawCompletedJob", said)
        active = [job for job in jobs if not _ended(job) and not terminating(job)]
        times = [job["status"]["completionTime"] for job in jobs if holds(job, "Complete")]
        return self._tell(cron_job, active, lastSuccessfulTime=max(times, default=None))

    def _tell(self, cron_job: Obj, active: Sequence[Obj], **times: str | None) -> Obj:
        def change(new: Obj) -> None:
            status = new.setdefault("status", {})
            status |= {name: time for name, time in times.items() if time}
            status["active"] = [_reference(job) for job in active]
            if not active:
                del status["active"]

        place = namespace_of(cron_job), name_of(cron_job)
        return self._store.update("CronJob", *place, change, manager=MANAGER, subresource="status")

    def _start(self, cron_job: Obj, due: datetime) -> None:
        """Create the Job of a time, unless the concurrency policy is against it."""
        active = [job for job in self._jobs(cron_job) if not _ended(job) and not terminating(job)]
        policy = cron_job["spec"]["concurrencyPolicy"]
        if policy == "Forbid" and active:
            said = "Not starting job because prior execution is running and concurrency policy is "
            self._event(cron_job, "JobAlreadyActive", f"{said}Forbid")
            return
        if policy == "Replace":
            for job in active:
                self._delete(cron_job, job)
            active = []
        try:
            job = self._store.create("Job", _job_of(cron_job, due), manager=MANAGER)
        except ApiError as error:
            self._event(cron_job, "FailedCreate", f"Error creating job: {error.message}", "Warning")
            return
        self._event(cron_job, "SuccessfulCreate", f"Created job {name_of(job)}")
        self._tell(cron_job, [*active, job], lastScheduleTime=_written(due))

    def _event(self, cron_job: Obj, reason: str, said: str, kind_of: str = "Normal") -> None:
        self._store.event(cron_job, reason, said, kind_of=kind_of, source=SOURCE)


def _since(cron_job: Obj, moment: datetime) -> datetime:
    """Return the time up to which no Job is due any more."""
    status, spec = cron_job.get("status") or {}, cron_job["spec"]
    last = status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    if (deadline_s := spec.get("startingDeadlineSeconds")) is None:
        return parse_time(last)
    return max(parse_time(last), moment - timedelta(seconds=deadline_s))


def _job_of(cron_job: Obj, due: datetime) -> Obj:
    """Return the Job of a time, named by its minute so that no time has two."""
    template = copy.deepcopy(cron_job["spec"]["jobTemplate"])
    meta = template.get("metadata") or {}
    zone = zone_of(cron_job["spec"].get("timeZone") or "")
    scheduled = due.astimezone(zone).isoformat().replace("+00:00", "Z")
    return {
        "metadata": {
            "name": f"{name_of(cron_job)}-{int(due.timestamp()) // 60}",
            "namespace": namespace_of(cron_job),
            "labels": meta.get("labels") or {},
            "annotations": {**(meta.get("annotations") or {}), SCHEDULED: scheduled},
            "ownerReferences": [owner_reference(cron_job)],
        },
        "spec": template["spec"],
    }


def _ended(job: Obj) -> str:
    """Return how a Job has ended, "" if it has not."""
    return next((name for name in ("Complete", "Failed") if holds(job, name)), "")


def _started(job: Obj) -> tuple[str, str]:
    return (job.get("status") or {}).get("startTime", ""), name_of(job)


def _reference(job: Obj) -> Obj:
    meta = job["metadata"]
    told = {key: meta[key] for key in ("name", "namespace", "resourceVersion", "uid")}
    return {"apiVersion": job["apiVersion"], "kind": "Job", **told}


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
