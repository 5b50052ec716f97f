"""Pods that may be active for so long only, as test/e2e/common/pods.go expects them."""

from __future__ import annotations

import asyncio

SLEEPS = {"name": "c", "command": ["sleep", "100"]}


def overdue(cluster):
    status = cluster.status()
    return status.get("phase") == "Failed" and status.get("reason") == "DeadlineExceeded"


def test_a_pod_fails_at_its_deadline_and_stays(play):
    async def scenario(cluster):
        cluster.create(activeDeadlineSeconds=1, containers=[SLEEPS])
        await cluster.until(lambda: overdue(cluster))
        assert cluster.container()["state"]["terminated"]["exitCode"] == 143
        assert len(cluster.events("DeadlineExceeded")) == 1

    play(scenario)


def test_a_deadline_is_counted_from_the_start_also_if_it_is_given_later(play):
    """Pods should allow activeDeadlineSeconds to be updated."""

    async def scenario(cluster):
        cluster.create(containers=[SLEEPS])
        await cluster.until(lambda: cluster.status().get("phase") == "Running")
        cluster.store.update(
            *("Pod", "default", "pod"),
            lambda pod: pod["spec"].update(activeDeadlineSeconds=1),
            manager="t",
        )
        await cluster.until(lambda: overdue(cluster))

    play(scenario)


def test_a_deadline_ends_the_wait_for_a_volume(play):
    async def scenario(cluster):
        volumes = [{"name": "v", "configMap": {"name": "absent"}}]
        cluster.create(activeDeadlineSeconds=1, volumes=volumes, containers=[SLEEPS])
        await cluster.until(lambda: overdue(cluster))

    play(scenario)


def test_a_pod_that_is_over_has_no_deadline(play):
    async def scenario(cluster):
        done = {"name": "c", "command": ["true"]}
        cluster.create(restartPolicy="Never", activeDeadlineSeconds=3, containers=[done])
        assert await cluster.ended() == "Succeeded"
        await asyncio.sleep(3.5)
        assert cluster.status()["phase"] == "Succeeded"
        assert not cluster.events("DeadlineExceeded")

    play(scenario)
