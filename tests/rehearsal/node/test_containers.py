"""Several containers of one Pod, as test/e2e/common/node/init_container.go expects them."""

from __future__ import annotations

import subprocess

import pytest


def container(name, *command, **more):
    return {"name": name, "command": [*command], **more}


def condition(cluster, kind):
    conditions = cluster.status().get("conditions") or []
    return next((c for c in conditions if c["type"] == kind), {})


def test_init_containers_run_in_order_and_before_the_others(play):
    """InitContainer should invoke init containers on a RestartNever pod."""

    async def scenario(cluster):
        mount = {"volumeMounts": [{"name": "v", "mountPath": "/shared"}]}
        cluster.create(
            restartPolicy="Never",
            volumes=[{"name": "v", "emptyDir": {}}],
            initContainers=[
                container("init1", "sh", "-c", "echo 1 >> /shared/turns", **mount),
                container("init2", "sh", "-c", "echo 2 >> /shared/turns", **mount),
            ],
            containers=[container("run1", "cat", "/shared/turns", **mount)],
        )
        assert await cluster.ended() == "Succeeded"
        assert cluster.said("run1") == ["1", "2"]
        for status in cluster.status()["initContainerStatuses"]:
            assert status["ready"]
            assert status["state"]["terminated"]["exitCode"] == 0
        assert condition(cluster, "Initialized")["status"] == "True"

    play(scenario)


def test_each_container_waits_for_initialization_until_it_first_runs(play):
    """InitContainer should not start app containers and fail the pod ….: no state but these."""
    reasons = set()

    async def scenario(cluster):
        changes = cluster.store.history.subscribe()
        cluster.create(
            restartPolicy="Never",
            initContainers=[container("init1", "true")],
            containers=[container("run1", "true")],
        )
        async for change in changes:
            if change.kind == "Pod":
                states = cluster.states()
                reasons.update(s["waiting"]["reason"] for s in states.values() if "waiting" in s)
                if change.obj.get("status", {}).get("phase") == "Succeeded":
                    break

    play(scenario)
    assert reasons == {"PodInitializing"}


def test_a_failing_init_container_is_tried_again_and_holds_the_rest_back(play):
    """InitContainer should not start app containers if init containers fail (RestartAlways)."""

    async def scenario(cluster):
        cluster.create(
            initContainers=[container("init1", "false"), container("init2", "true")],
            containers=[container("run1", "sleep", "100")],
        )
        await cluster.until(
            lambda: (
                (cluster.status().get("initContainerStatuses") or [{}])[0].get("restartCount", 0)
                > 1
            )
        )
        assert cluster.status()["phase"] == "Pending"
        found = condition(cluster, "Initialized")
        assert (found["status"], found["reason"]) == ("False", "ContainersNotInitialized")
        assert found["message"] == "containers with incomplete status: [init1 init2]"
        assert [cluster.waiting(name) for name in ("init2", "run1")] == ["PodInitializing"] * 2

    play(scenario)


def test_without_restarts_a_failing_init_container_ends_the_pod(play):
    """InitContainer … fail the pod if init containers fail on a RestartNever pod."""

    async def scenario(cluster):
        cluster.create(
            restartPolicy="Never",
            initContainers=[container("init1", "true"), container("init2", "false")],
            containers=[container("run1", "true")],
        )
        assert await cluster.ended() == "Failed"
        assert cluster.waiting("run1") == "PodInitializing"
        assert cluster.states()["init2"]["terminated"]["exitCode"] == 1
        assert condition(cluster, "Initialized")["message"].endswith("[init2]")

    play(scenario)


async def run_in(cluster, name, *command):
    process = await cluster.kubelet.exec("default", "pod", name, [*command], stdin=False, tty=False)
    return (await process.communicate())[0].decode().strip()


def test_each_container_has_its_own_log_variables_and_readiness(play):
    async def scenario(cluster):
        slow = {"exec": {"command": ["test", "-e", "up"]}, "periodSeconds": 1}
        cluster.create(
            containers=[
                container(
                    "a", "sh", "-c", "echo from a; sleep 100", env=[{"name": "ME", "value": "a"}]
                ),
                container("b", "sh", "-c", "echo from b; sleep 100", readinessProbe=slow),
            ]
        )
        await cluster.until(lambda: "running" in cluster.states().get("b", {}))
        await cluster.until(lambda: cluster.said("a") == ["from a"])
        await cluster.until(lambda: cluster.said("b") == ["from b"])
        assert condition(cluster, "Ready")["message"] == "containers with unready status: [b]"
        assert await run_in(cluster, "a", "sh", "-c", "echo $ME") == "a"
        assert await run_in(cluster, "b", "sh", "-c", "touch up; echo $ME") == ""
        await cluster.until(cluster.ready)
        with pytest.raises(LookupError):
            await cluster.kubelet.exec("default", "pod", "z", ["true"], stdin=False, tty=False)

    play(scenario)


def test_one_container_restarts_alone_and_the_pod_is_over_when_all_are(play):
    async def scenario(cluster):
        cluster.create(
            restartPolicy="OnFailure",
            containers=[
                container("a", "sh", "-c", "test -e again || { touch again; exit 1; }"),
                container("b", "true"),
            ],
        )
        assert await cluster.ended() == "Succeeded"
        statuses = cluster.status()["containerStatuses"]
        assert [one["restartCount"] for one in statuses] == [1, 0]

    play(scenario)


def test_a_deleted_pod_ends_all_of_its_containers(play, is_alive):
    async def scenario(cluster):
        stubborn = "trap '' TERM; echo $$$$; while :; do sleep 0.05; done"
        both = [container(name, "sh", "-c", stubborn) for name in "ab"]
        cluster.create(terminationGracePeriodSeconds=1, containers=both)
        await cluster.until(lambda: cluster.said("a") and cluster.said("b"))
        pids = [int(cluster.said(name)[0]) for name in "ab"]
        cluster.store.delete("Pod", "default", "pod")
        await cluster.until(lambda: cluster.pod() is None)
        assert not [pid for pid in pids if is_alive(pid)]
        assert sorted(cluster.events("Killing")) == ["Stopping container a", "Stopping container b"]

    play(scenario)


def test_a_sidecar_starts_first_and_ends_last(play):
    """Source: Kubernetes, "Sidecar Containers"; test/e2e_node/container_lifecycle_test.go."""

    async def scenario(cluster):
        beside = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        cluster.create(
            restartPolicy="Never",
            initContainers=[
                container("proxy", "sh", "-c", beside, restartPolicy="Always"),
                container("init", "true"),
            ],
            containers=[container("main", "sleep", "0.3")],
        )
        await cluster.until(lambda: "running" in cluster.states().get("main", {}))
        assert "running" in cluster.states()["proxy"]
        assert await cluster.ended() == "Succeeded"
        assert (cluster.said("proxy")[0], cluster.said("proxy")[-1]) == ("up", "bye")
        assert "terminated" in cluster.states()["proxy"]

    play(scenario)


def test_no_mount_of_a_container_is_seen_outside(play):
    async def scenario(cluster):
        mounts = [{"name": "v", "mountPath": "/seen/by/nobody"}]
        cluster.create(
            volumes=[{"name": "v", "emptyDir": {}}],
            containers=[container("c", "sleep", "100", volumeMounts=mounts)],
        )
        await cluster.until(cluster.ready)
        assert await run_in(cluster, "c", "sh", "-c", "cd /seen/by/nobody && pwd")
        listed = subprocess.run(["cat", "/proc/self/mounts"], capture_output=True, check=True)
        assert b"/seen/by/nobody" not in listed.stdout

    play(scenario)
