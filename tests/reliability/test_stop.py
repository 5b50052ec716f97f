"""A rehearsal stops in bounded time, whatever refuses to; nothing of it stays."""

import os
import signal
import subprocess
import sys
import time

import pytest

from warmbook_rehearsal.state_folder import PREFIX

from ..machine import slowness
from ..processes import GUIDE, processes_with, until

LIMIT_S = 2
IMPATIENT = f"""
import asyncio, time
from warmbook_rehearsal import stopping
stopping.LIMIT_S = {LIMIT_S}
"""
PATIENT = IMPATIENT.replace(f"= {LIMIT_S}", "= 600")

REFUSALS = {
    "a task that takes no cancellation": """
async def refuses(self):
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass
""",
    "a loop that is blocked": """
async def refuses(self):
    while True:
        time.sleep(0.1)
""",
}
REFUSE = """
from warmbook_rehearsal.clusters import Clusters
def told(refuses):
    async def stop_all(self):
        print("stopping", flush=True)
        await refuses(self)
    return stop_all
Clusters.stop_all = told(refuses)
"""
DEAF = """
import signal, sys, time
from pathlib import Path
for name in sys.argv[2:]:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
Path(sys.argv[1]).touch()
time.sleep(600)
"""


def nothing_is_left(tmp_path):
    until(lambda: not processes_with(str(tmp_path)), 10 * slowness())
    assert not list(tmp_path.glob(f"{PREFIX}*"))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_process_that_does_not_stop_is_killed_after_the_limit(door, tmp_path, refusal):
    process = door(
        sys.executable, "-c", "raise SystemExit(7)", before=IMPATIENT + REFUSALS[refusal] + REFUSE
    )
    assert process.stdout.readline() == "stopping\n"
    begun = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert LIMIT_S - 0.5 < time.monotonic() - begun < LIMIT_S + 3 * slowness()
    assert process.returncode == 7
    assert f"within {LIMIT_S} s" in told
    nothing_is_left(tmp_path)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_second_ctrl_c_ends_a_stop_that_hangs_at_once(door, tmp_path, refusal):
    mark = tmp_path / "started"
    process = door(
        *(sys.executable, "-c", GUIDE, str(mark)), before=PATIENT + REFUSALS[refusal] + REFUSE
    )
    until(lambda: mark.exists() or process.poll() is not None, 100)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopping\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert time.monotonic() - begun < 3 * slowness()
    assert process.returncode == 130
    nothing_is_left(tmp_path)


def test_a_second_ctrl_c_ends_a_command_that_ignores_the_first(door, tmp_path):
    mark = tmp_path / "started"
    process = door(sys.executable, "-c", DEAF, str(mark), "SIGINT")
    until(mark.exists, 60)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert time.monotonic() - begun < 3 * slowness()
    assert process.returncode == 130
    nothing_is_left(tmp_path)


@pytest.mark.parametrize("times", [1, 2])
def test_sigterm_ends_a_command_that_ignores_it_before_a_ci_system_kills(door, tmp_path, times):
    mark = tmp_path / "started"
    process = door(sys.executable, "-c", DEAF, str(mark), "SIGTERM", "SIGINT")
    until(mark.exists, 60)
    begun = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    process.communicate(timeout=60)
    assert time.monotonic() - begun < 5 * slowness()
    assert process.returncode == 143
    nothing_is_left(tmp_path)


def test_sigterm_reaches_what_a_shell_does_not_wait_for(door, tmp_path):
    mark = tmp_path / "started"
    inner = "trap 'echo told > {0}; exit' TERM; touch {0}; while :; do sleep 0.05; done"
    process = door("sh", "-c", f'sh -c "{inner.format(mark)}"; true')
    until(mark.exists, 60)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert mark.read_text() == "told\n"
    nothing_is_left(tmp_path)


def test_a_rehearsal_without_a_command_ends_with_143_too(door, tmp_path):
    process = door()
    while not process.stdout.readline().startswith("export WARMBOOK"):
        pass
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    nothing_is_left(tmp_path)


def test_sigterm_while_the_engine_is_built_is_143(tmp_path):
    build = (
        "import signal, os, sys, warmbook_rehearsal.__main__ as door\n"
        "def build(*_, **__): os.kill(os.getpid(), signal.SIGTERM)\n"
        "door.prepared = build\n"
        "sys.exit(door.main(['--cache', sys.argv[1], '--', 'true']))"
    )
    words = [sys.executable, "-c", build, str(tmp_path / "cache")]
    done = subprocess.run(words, env=dict(os.environ), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (143, b"")


def test_the_command_gets_a_signal_when_the_rehearsal_is_killed(door, tmp_path):
    mark = tmp_path / "started"
    hears = f"trap 'echo told > {mark}; exit' TERM; touch {mark}; while :; do sleep 0.05; done"
    process = door("sh", "-c", hears)
    until(mark.exists, 60)
    process.kill()
    process.wait(10)
    until(lambda: mark.read_text() == "told\n", 5 * slowness())
    until(lambda: not processes_with(str(tmp_path)), 5 * slowness())
