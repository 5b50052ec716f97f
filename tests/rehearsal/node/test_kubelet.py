"""Pods as processes, seen through the store: what runs, what restarts, what is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from warmbook_rehearsal.node.process import ContainerProcess

SERVER = ("python3", "-m", "http.server", "8000", "--bind", "$(POD_IP)")
POD_IP = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
HEALTH = {"httpGet": {"path": "/", "port": 8000}}
LEAVE_BEHIND = "sleep 997 & setsid sleep 998 & (setsid sleep 999 &) ; echo $$ > pid; wait"


def descendants(pid: int) -> list[int]:
    """Return the processes below one, from the kernel's table."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    below, found = {pid}, [tuple(map(int, line.split())) for line in listed.splitlines()]
    for _ in found:
        grown = below | {one for one, parent in found if parent in below}
        if grown == below:
            break
        below = grown
    return sorted(below - {pid})


def test_a_server_whose_probe_passes_is_ready_on_a_loopback_address(play):
    async def scenario(cluster):
        cluster.run(*SERVER, env=POD_IP, readinessProbe=HEALTH, ports=[{"containerPort": 8000}])
        await cluster.until(cluster.ready)
        status = cluster.status()
        assert status["phase"] == "Running"
        assert status["podIP"].startswith("127.")
        assert status["podIP"] == cluster.kubelet.address("default", "pod")
        assert {c["type"] for c in status["conditions"] if c["status"] == "True"} == {
            *("PodScheduled", "Initialized", "ContainersReady", "Ready")
        }
        assert cluster.container()["ready"]
        assert "running" in cluster.container()["state"]

    play(scenario)


def test_two_servers_on_one_port_do_not_collide(play):
    async def scenario(cluster):
        for name in ("a", "b"):
            cluster.run(*SERVER, name=name, env=POD_IP, readinessProbe=HEALTH)
        await cluster.until(lambda: cluster.ready("a") and cluster.ready("b"))
        assert cluster.status("a")["podIP"] != cluster.status("b")["podIP"]

    play(scenario)


def test_the_events_have_each_step_and_state_that_nothing_was_pulled(play):
    async def scenario(cluster):
        cluster.run("sleep", "100")
        await cluster.until(lambda: cluster.events("Started"))
        told = cluster.events()
        assert [line.split()[0] for line in told] == [
            *("Pulling", "Successfully", "Created", "Started")
        ]
        assert "stands for the engine vLLM 0.32.0" in told[1]
        assert "nothing was pulled" in told[1]

    play(scenario)


def test_a_failing_container_restarts_at_once_and_then_backs_off(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "echo said; exit 3")
        await cluster.until(lambda: cluster.container().get("restartCount") == 1)
        assert not cluster.events("BackOff")
        waiting = await cluster.until(lambda: cluster.container()["state"].get("waiting"))
        assert waiting["reason"] == "CrashLoopBackOff"
        assert cluster.container()["restartCount"] == 1  # the next one is not created yet
        assert waiting["message"].startswith("back-off 10s restarting failed container=c pod=pod_")
        last = cluster.container()["lastState"]["terminated"]
        assert (last["exitCode"], last["reason"]) == (3, "Error")
        assert not cluster.ready()
        assert "said" in cluster.log(previous=True)
        await cluster.until(
            lambda: (
                "back-off 20s" in cluster.container()["state"].get("waiting", {}).get("message", "")
            )
        )

    play(scenario)


def test_the_previous_log_is_that_of_the_instance_before(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "test -e again && exec sleep 100; touch again; echo first; exit 1")
        await cluster.until(
            lambda: (
                "running" in cluster.container().get("state", {})
                and cluster.container()["restartCount"] == 1
            )
        )
        assert "first" in cluster.log(previous=True)
        assert "first" not in cluster.log()

    play(scenario)


def test_a_job_s_pod_succeeds_or_fails_and_stays(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "echo done", name="good", policy="Never")
        cluster.run("sh", "-c", "exit 4", name="bad", policy="Never")
        await cluster.until(lambda: cluster.status("good")["phase"] == "Succeeded")
        await cluster.until(lambda: cluster.status("bad")["phase"] == "Failed")
        assert cluster.container("good")["state"]["terminated"]["reason"] == "Completed"
        assert cluster.container("bad")["state"]["terminated"]["exitCode"] == 4
        assert "done" in cluster.log("good")
        cluster.store.delete("Pod", "default", "good")
        await cluster.until(lambda: len(cluster.turns) == 3)

    play(scenario)


def test_on_failure_restarts_a_failure_and_no_success(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "test -e again || { touch again; exit 1; }", policy="OnFailure")
        await cluster.until(lambda: cluster.status().get("phase") == "Succeeded")
        assert cluster.container()["restartCount"] == 1

    play(scenario)


def test_deletion_asks_the_process_to_end_and_removes_the_pod(play):
    async def scenario(cluster):
        script = "trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        cluster.run("sh", "-c", script)
        await cluster.until(lambda: "up" in cluster.log())
        log = cluster.kubelet.log_file("default", "pod", None, previous=False).open()
        start = time.monotonic()
        cluster.store.delete("Pod", "default", "pod")
        await cluster.until(lambda: cluster.pod() is None)
        assert time.monotonic() - start < 5
        assert cluster.events("Killing") == ["Stopping container c"]
        assert "asked" in log.read()
        await cluster.until(lambda: len(cluster.turns) == 2)
        assert [turn.split()[0] for turn in cluster.turns] == ["start", "stop"]

    play(scenario)


def test_a_process_that_will_not_end_is_killed_after_its_grace(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "trap '' TERM; touch deaf; while :; do sleep 0.05; done", grace_s=1)
        uid = cluster.pod()["metadata"]["uid"]
        folder = cluster.kubelet._folder / uid[:8]
        await cluster.until((folder / "0" / "deaf").exists)
        start = time.monotonic()
        cluster.store.delete("Pod", "default", "pod")
        await cluster.until(lambda: cluster.pod() is None)
        assert 0.9 < time.monotonic() - start < 5

    play(scenario)


def test_a_forced_deletion_cuts_the_grace_short(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done", grace_s=300)
        await cluster.until(lambda: "up" in cluster.log())
        cluster.store.delete("Pod", "default", "pod")
        cluster.store.delete("Pod", "default", "pod", grace_s=0)
        await cluster.until(lambda: len(cluster.turns) == 2, timeout_s=5)

    play(scenario)


def test_deletion_ends_what_the_container_detached(play, is_alive):
    async def scenario(cluster):
        cluster.run("sh", "-c", LEAVE_BEHIND, grace_s=1)
        pid = await cluster.until(lambda: cluster.container().get("containerID"))
        init = int(pid.removeprefix("process://"))
        started = await cluster.until(lambda: len(d := descendants(init)) == 5 and d)
        cluster.store.delete("Pod", "default", "pod")
        await cluster.until(lambda: cluster.pod() is None)
        assert not [pid for pid in (init, *started) if is_alive(pid)]

    play(scenario)


KILLS_ITS_INIT = """
mkfifo go
echo $$$$ > pids
setsid sleep 996 & echo $! >> pids
(setsid sh -c 'echo $$$$ >> pids; sleep 998 & echo $! >> pids; exec sleep 997' &)
until [ `wc -l < pids` = 4 ]; do sleep 0.02; done
read ready < go; kill -9 {}
"""
WHOM = {
    "its parent": "$PPID",
    "its grandparent": "`ps -o ppid= -p $PPID`",
    "itself": "$$$$",  # Kubernetes makes one $ of two
}


@pytest.mark.parametrize("whom", WHOM)
def test_a_container_that_kills_its_init_process_leaves_nothing(play, is_alive, whom):
    async def scenario(cluster):
        cluster.run("sh", "-c", KILLS_ITS_INIT.format(WHOM[whom]), policy="Never")
        folder = cluster.kubelet._folder / cluster.pod()["metadata"]["uid"][:8]
        started = await cluster.until(lambda: len(d := detached(folder / "0" / "pids")) == 4 and d)
        init = int(cluster.container()["containerID"].removeprefix("process://"))
        below = descendants(init)
        assert {*started} <= {*below}
        (folder / "0" / "go").write_text("ready\n")
        await cluster.until(lambda: cluster.status().get("phase") == "Failed")
        assert cluster.container()["state"]["terminated"]["exitCode"] == 137
        await cluster.until(lambda: not any(map(is_alive, (init, *below))), timeout_s=5)

    play(scenario)


def detached(file: Path) -> list[int]:
    """Return the processes that a container has noted."""
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_a_container_whose_init_is_killed_from_outside_leaves_nothing(play, is_alive):
    async def scenario(cluster):
        cluster.run("sh", "-c", LEAVE_BEHIND, policy="Never")
        pid = await cluster.until(lambda: cluster.container().get("containerID"))
        init = int(pid.removeprefix("process://"))
        started = await cluster.until(lambda: len(d := descendants(init)) >= 5 and d)
        os.kill(init, signal.SIGKILL)
        await cluster.until(lambda: not any(map(is_alive, started)), timeout_s=5)
        await cluster.until(lambda: cluster.status().get("phase") == "Failed")

    play(scenario)


def test_a_process_is_killed_as_it_starts_also_in_the_background_of_a_shell(tmp_path):
    async def killed():
        words = ["sleep", "996"]
        process = await ContainerProcess.start(words, os.environ, tmp_path, tmp_path / "log")
        process.kill()
        await asyncio.wait_for(process.exit_code(), 5)

    ignored = (signal.SIGINT, signal.SIGQUIT)
    before = [signal.signal(number, signal.SIG_IGN) for number in ignored]
    try:
        asyncio.run(killed())
    finally:
        for number, handler in zip(ignored, before, strict=True):
            signal.signal(number, handler)


def test_a_command_beside_the_container_ends_with_what_it_has_detached(play, is_alive):
    async def scenario(cluster):
        cluster.run("sleep", "1000")
        await cluster.until(lambda: cluster.events("Started"))
        words = ["sh", "-c", LEAVE_BEHIND]
        beside = await cluster.kubelet.exec("default", "pod", None, words, stdin=False, tty=False)
        started = await cluster.until(lambda: len(d := descendants(beside.pid)) >= 5 and d)
        cluster.store.delete("Pod", "default", "pod", grace_s=0)
        await cluster.until(lambda: not any(map(is_alive, (beside.pid, *started))), timeout_s=5)

    play(scenario)


def test_stop_ends_every_process_within_seconds_and_starts_none(play, is_alive):
    def below():
        return set(descendants(os.getpid()))

    before = below()  # what other tests of this process keep running

    async def scenario(cluster):
        for name in ("a", "b"):
            cluster.run("sh", "-c", "trap '' TERM; sleep 998 & sleep 999", name=name)
        await cluster.until(lambda: len(cluster.events("Started")) == 2)
        started = await cluster.until(lambda: len(d := below() - before) >= 10 and d)
        start = time.monotonic()
        await cluster.kubelet.stop()
        assert time.monotonic() - start < 5
        assert not [pid for pid in started if is_alive(pid)]
        cluster.run("sleep", "997", name="late")
        await cluster.until(lambda: len(cluster.turns) == 4)
        assert not cluster.status("late").get("podIP")

    play(scenario)


REHEARSAL = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from warmbook_rehearsal.node.process import spawn
async def main():
    process = await spawn(["sh", "-c", {script!r}], {{"PATH": "/usr/bin:/bin"}}, Path({folder!r}))
    print(process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_killed_rehearsal_leaves_no_process(tmp_path, is_alive):
    script = REHEARSAL.format(paths=sys.path, script=LEAVE_BEHIND, folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as rehearsal:
        init = int(rehearsal.stdout.readline())
        end = time.monotonic() + 10
        while len(started := descendants(init)) != 5 and time.monotonic() < end:
            time.sleep(0.02)
        assert len(started) == 5
        rehearsal.kill()
    end = time.monotonic() + 10
    while left := [pid for pid in (init, *started) if is_alive(pid)]:
        assert time.monotonic() < end, left
        time.sleep(0.02)


def test_a_missed_startup_deadline_kills_and_restarts_the_container(play):
    async def scenario(cluster):
        probe = {
            "httpGet": {"path": "/health", "port": 8000},
            "periodSeconds": 1,
            "failureThreshold": 1,
            "timeoutSeconds": 1,
        }
        start = time.monotonic()
        cluster.run("sleep", "1000", startupProbe=probe)
        await cluster.until(lambda: cluster.container().get("restartCount"))
        assert time.monotonic() - start > 1
        address = cluster.status()["podIP"]
        assert cluster.events("Unhealthy")[0] == (
            f'Startup probe failed: Get "http://{address}:8000/health": '
            f"dial tcp {address}:8000: connect: connection refused"
        )
        assert cluster.events("Killing") == ["Container c failed startup probe, will be restarted"]
        assert cluster.container()["lastState"]["terminated"]["exitCode"] == 128 + 15
        assert any(
            "deadline for the start stays 1 s" in told for told in cluster.events("Substituted")
        )

    play(scenario)


def test_a_container_is_not_ready_before_its_startup_probe_passes(play):
    async def scenario(cluster):
        probe = {"exec": {"command": ["test", "-e", "up"]}, "periodSeconds": 30}
        cluster.run("sleep", "1000", startupProbe=probe)
        await cluster.until(lambda: "running" in cluster.container().get("state", {}))
        assert not cluster.container()["started"]
        assert not cluster.ready()
        uid = cluster.pod()["metadata"]["uid"]
        (cluster.kubelet._folder / uid[:8] / "0" / "up").touch()
        await cluster.until(cluster.ready)
        assert cluster.container()["started"]

    play(scenario)


def test_readiness_comes_and_goes_with_its_probe_and_restarts_nothing(play):
    async def scenario(cluster):
        probe = {
            "exec": {"command": ["test", "-e", "up"]},
            "periodSeconds": 1,
            "failureThreshold": 1,
        }
        cluster.run("sh", "-c", "touch up; exec sleep 1000", readinessProbe=probe)
        await cluster.until(cluster.ready)
        uid = cluster.pod()["metadata"]["uid"]
        (cluster.kubelet._folder / uid[:8] / "0" / "up").unlink()
        await cluster.until(lambda: not cluster.ready())
        assert cluster.container()["restartCount"] == 0

    play(scenario)


def test_a_dead_container_is_restarted_by_its_liveness_probe(play):
    async def scenario(cluster):
        probe = {"tcpSocket": {"port": 1}, "periodSeconds": 1, "failureThreshold": 1}
        cluster.run("sleep", "1000", livenessProbe=probe)
        await cluster.until(lambda: cluster.container().get("restartCount"))
        assert (
            cluster.events("Killing")[0] == "Container c failed liveness probe, will be restarted"
        )

    play(scenario)


def test_a_program_that_is_not_there_is_a_start_error(play):
    async def scenario(cluster):
        cluster.run("no-such-program", policy="Never")
        await cluster.until(lambda: cluster.status().get("phase") == "Failed")
        ended = cluster.container()["state"]["terminated"]
        assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
        assert 'exec: "no-such-program": executable file not found' in cluster.events("Failed")[0]

    play(scenario)


def test_the_log_has_time_stream_and_tag_before_each_line(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "echo out; echo err >&2; printf rest", policy="Never")
        await cluster.until(lambda: cluster.status().get("phase") == "Succeeded")
        entries = [line.split(" ", 3) for line in cluster.log().splitlines()]
        assert sorted(entry[1:] for entry in entries) == [
            ["stderr", "F", "err"],
            ["stdout", "F", "out"],
            ["stdout", "F", "rest"],
        ]
        assert all(entry[0].endswith("Z") and "T" in entry[0] for entry in entries)

    play(scenario)


def test_a_long_line_is_logged_whole_in_parts(play):
    async def scenario(cluster):
        cluster.run("python3", "-c", "print('x' * 100_000)", policy="Never")
        await cluster.until(lambda: cluster.status().get("phase") == "Succeeded")
        entries = [line.split(" ", 3) for line in cluster.log().splitlines()]
        assert "".join(entry[3] for entry in entries) == "x" * 100_000
        assert [entry[2] for entry in entries] == ["P"] * (len(entries) - 1) + ["F"]

    play(scenario)


def test_exec_runs_beside_the_container_and_ends_with_it(play, is_alive):
    async def scenario(cluster):
        cluster.run("sleep", "1000", env=[{"name": "GREETING", "value": "hello"}])
        await cluster.until(lambda: cluster.events("Started"))
        ask = cluster.kubelet.exec
        told = await ask(
            "default",
            "pod",
            None,
            ["sh", "-c", "cat; echo $GREETING $SERVED_BY; exit 7"],
            stdin=True,
            tty=False,
        )
        said, _ = await told.communicate(b"in ")
        assert said.decode() == f"in hello {cluster.status()['podIP']}\n"
        assert told.returncode == 7
        beside = await ask("default", "pod", None, ["sleep", "1000"], stdin=False, tty=False)
        cluster.store.delete("Pod", "default", "pod", grace_s=0)
        await cluster.until(lambda: not is_alive(beside.pid))

    play(scenario)


def test_a_pod_without_an_address_has_an_event_with_the_reason(play):
    async def refuses(pod, address):
        raise OSError("address in use")

    async def scenario(cluster):
        cluster.run("sleep", "1000")
        told = await cluster.until(lambda: cluster.events("FailedCreatePodSandBox"))
        assert "address in use" in told[0]

    play(scenario, on_start=refuses)


def test_the_pod_s_files_go_with_it(play):
    async def scenario(cluster):
        cluster.run("sh", "-c", "touch file; exec sleep 1000")
        folder = Path(cluster.kubelet._folder) / cluster.pod()["metadata"]["uid"][:8]
        await cluster.until((folder / "0" / "file").exists)
        cluster.store.delete("Pod", "default", "pod", grace_s=0)
        await cluster.until(lambda: not folder.exists())

    play(scenario)
