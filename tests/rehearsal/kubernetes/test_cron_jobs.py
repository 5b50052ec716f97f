"""CronJobs: when Jobs are created, replaced, kept and deleted."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from kubernetes import client

from warmbook_rehearsal.kubernetes import Store
from warmbook_rehearsal.kubernetes.controllers.cron_jobs import SCHEDULED, CronJobs
from warmbook_rehearsal.kubernetes.objects import now, set_condition

KEY = "default", "nightly"


class Clock:
    """A clock that the test sets; at first it is two o'clock."""

    def __init__(self):
        self.now = datetime(2026, 3, 1, 2, tzinfo=timezone.utc)

    def __call__(self):
        return self.now

    def strikes(self, hour, days=0):
        self.now = self.now.replace(hour=hour) + timedelta(days=days, milliseconds=50)


def _cron_job(**spec):
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "i:1"}]}
    job = {"metadata": {"labels": {"app": "nightly"}}, "spec": {"template": {"spec": pod}}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": "default"},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": job, **spec},
    }


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(clock, monkeypatch):
    """A store whose objects are created at the clock's time."""
    created = "warmbook_rehearsal.kubernetes.store.now"
    monkeypatch.setattr(created, lambda: clock().isoformat(timespec="seconds"))
    return Store()


@pytest.fixture
def night(store, clock):
    """Create the CronJob, then let the clock strike three on each call."""
    controller = CronJobs(store, clock)

    def strike(days=0, **spec):
        if store.find("CronJob", *KEY) is None:
            store.create("CronJob", _cron_job(**spec))
            controller.reconcile(KEY)
        clock.strikes(3, days)
        return controller.reconcile(KEY)

    return strike


def _end(store, job, how="Complete"):
    def change(new):
        new["status"].setdefault("startTime", now())
        set_condition(new, how, "True")
        if how == "Complete":
            new["status"]["completionTime"] = now()

    store.update("Job", "default", job["metadata"]["name"], change, manager="test")


def _reasons(store):
    return [event["reason"] for event in store.list("Event", "default")]


def test_no_job_before_its_time_and_one_at_its_time(store, clock, night):
    store.create("CronJob", _cron_job())
    assert CronJobs(store, clock).reconcile(KEY) == pytest.approx(3600, abs=0.2)
    assert store.list("Job") == []
    until_next_s = night()
    (job,) = store.list("Job")
    minute = int(clock.now.timestamp()) // 60
    assert job["metadata"]["name"] == f"nightly-{minute}"
    assert job["metadata"]["labels"]["app"] == "nightly"
    written = job["metadata"]["annotations"][SCHEDULED]
    assert written == clock.now.strftime("%Y-%m-%dT03:00:00Z")
    status = store.get("CronJob", *KEY)["status"]
    assert [one["name"] for one in status["active"]] == [job["metadata"]["name"]]
    assert status["lastScheduleTime"] == written
    assert until_next_s == pytest.approx(86400, abs=0.2)


def test_a_time_has_one_job_however_often_it_is_looked_at(store, night):
    night()
    night()
    assert len(store.list("Job")) == 1


@pytest.mark.parametrize(
    ("policy", "jobs", "reason"),
    [
        ("Allow", 2, "SuccessfulCreate"),
        ("Forbid", 1, "JobAlreadyActive"),
        ("Replace", 1, "SuccessfulDelete"),
    ],
)
def test_what_happens_while_the_last_job_still_runs(store, night, policy, jobs, reason):
    night(concurrencyPolicy=policy)
    first = store.list("Job")[0]["metadata"]["name"]
    night(days=1)
    names = [job["metadata"]["name"] for job in store.list("Job")]
    assert len(names) == jobs
    assert (first in names) == (policy != "Replace")
    assert reason in _reasons(store)


def test_forbid_waits_for_no_job_that_is_over(store, night):
    night(concurrencyPolicy="Forbid")
    _end(store, store.list("Job")[0])
    night(days=1)
    assert len(store.list("Job")) == 2
    assert "SawCompletedJob" in _reasons(store)
    assert store.get("CronJob", *KEY)["status"]["lastSuccessfulTime"]


def test_nothing_starts_while_it_is_suspended(store, night):
    assert night(suspend=True) is None
    assert store.list("Job") == []


def test_a_start_that_was_missed_by_more_than_the_deadline_is_left_out(store, clock, night):
    store.create("CronJob", _cron_job(startingDeadlineSeconds=600))
    clock.strikes(4)
    CronJobs(store, clock).reconcile(KEY)
    assert store.list("Job") == []


@pytest.mark.parametrize(("how", "kept"), [("Complete", 2), ("Failed", 1)])
def test_the_history_keeps_the_newest_jobs(store, night, how, kept):
    limits = {"successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1}
    for day in range(4):
        night(days=min(day, 1), **limits)
        for job in store.list("Job"):
            _end(store, job, how)
    newest = max(job["metadata"]["name"] for job in store.list("Job"))
    night()
    names = [job["metadata"]["name"] for job in store.list("Job")]
    assert len(names) == kept and newest in names


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("schedule", "every night", "spec.schedule"),
        ("schedule", "TZ=UTC 0 3 * * *", "spec.schedule"),
        ("timeZone", "Mars/Olympus", "spec.timeZone"),
        ("concurrencyPolicy", "Never", "spec.concurrencyPolicy"),
        ("failedJobsHistoryLimit", -1, "spec.failedJobsHistoryLimit"),
    ],
)
def test_a_wrong_field_is_refused(cluster, core, field, value, where):
    batch = client.BatchV1Api(cluster.api())
    with pytest.raises(client.ApiException) as refused:
        batch.create_namespaced_cron_job("default", _cron_job(**{field: value}))
    assert refused.value.status == 422 and where in refused.value.body


def test_a_pod_that_always_restarts_and_a_long_name_are_refused(cluster, core):
    batch, wrong = client.BatchV1Api(cluster.api()), _cron_job()
    wrong["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    wrong["metadata"]["name"] = "n" * 53
    with pytest.raises(client.ApiException) as refused:
        batch.create_namespaced_cron_job("default", wrong)
    assert "spec.jobTemplate.spec.template.spec.restartPolicy" in refused.value.body
    assert "metadata.name" in refused.value.body


def test_defaults_are_filled_in_and_the_client_lists_it(cluster, core):
    batch = client.BatchV1Api(cluster.api())
    batch.create_namespaced_cron_job("default", _cron_job())
    (found,) = batch.list_namespaced_cron_job("default").items
    spec = found.spec
    assert (spec.concurrency_policy, spec.suspend) == ("Allow", False)
    assert (spec.successful_jobs_history_limit, spec.failed_jobs_history_limit) == (3, 1)
    assert spec.job_template.spec.template.spec.dns_policy == "ClusterFirst"


def test_a_job_past_its_deadline_fails_and_its_pods_go(cluster, core, eventually):
    batch = client.BatchV1Api(cluster.api())
    job = _cron_job()["spec"]["jobTemplate"]
    job["metadata"]["name"] = "slow"
    job["spec"]["activeDeadlineSeconds"] = 1
    batch.create_namespaced_job("default", job)
    eventually(lambda: batch.read_namespaced_job("slow", "default").status.active)
    ended = eventually(lambda: _failed(batch))
    assert ended.reason == "DeadlineExceeded"
    eventually(lambda: not core.list_namespaced_pod("default").items)


def _failed(batch):
    conditions = batch.read_namespaced_job("slow", "default").status.conditions or ()
    return next((one for one in conditions if one.type == "Failed"), None)
