"""A headless run dies at any second; run again, it comes to the same end, nothing twice.

$WARMBOOK_KILLS says how many, $WARMBOOK_SEED when.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..conftest import RehearsalThread
from ..figures import record
from .state import Watched

KILLS = int(os.environ.get("WARMBOOK_KILLS", "1"))
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
ROOT = Path(__file__).parents[2]
MINUTE_S = 0.03
LONGEST_S = 25
"""Not much longer than an undisturbed run takes up to notebook 08."""

BUILD = "01,02,03,04,05,06,07,08"


@dataclass(frozen=True)
class Killed:
    """When a run is killed, and whether its kernel dies with it, as when a machine does."""

    after_s: float
    kernel_too: bool

    def __str__(self):
        who = "the runner and its kernel" if self.kernel_too else "the runner"
        return f"{who} killed after {self.after_s:.1f} s"


def started(rehearsal, out, only):
    words = [sys.executable, "-m", "warmbook", "run", "--out", str(out), "--only", only]
    environ = {**os.environ, **rehearsal.environ}
    return subprocess.Popen(
        words,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kernels_of(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


def finished(rehearsal, out, only):
    """Run these notebooks to their end; return what is wrong with that, or nothing."""
    run = started(rehearsal, out, only)
    told, _ = run.communicate(timeout=200)
    return [] if run.returncode == 0 else [told[-1500:]]


def survives(killed, image_and_model, folder):
    """Kill a run, run it again; return what is wrong, and what is left after cleanup."""
    with RehearsalThread(*image_and_model, minute_s=MINUTE_S) as rehearsal:
        watched = Watched(rehearsal, "autopilot")
        run = started(rehearsal, folder, BUILD)
        time.sleep(killed.after_s)
        for kernel in kernels_of(run.pid) if killed.kernel_too and run.poll() is None else []:
            os.kill(kernel, signal.SIGKILL)
        run.kill()
        run.communicate(timeout=30)
        if (folder / "run.json").exists():  # whole, or not there
            json.loads((folder / "run.json").read_text())
        wrong = finished(rehearsal, folder, BUILD) or watched.wrong_when_built(created_once=True)
        wrong += finished(rehearsal, folder, "10")
        return wrong, watched.left_behind()


@pytest.mark.timeout(100 + 150 * KILLS)
def test_a_killed_run_started_again_ends_right_and_leaves_nothing(image_and_model, tmp_path):
    chance = random.Random(SEED)
    begun, wrong, left = time.monotonic(), [], []
    for number in range(KILLS):
        killed = Killed(chance.uniform(1, LONGEST_S), chance.random() < 0.5)
        found, behind = survives(killed, image_and_model, tmp_path / str(number))
        wrong += [f"{killed}: {one}" for one in found]
        left += [f"{killed}: {one}" for one in behind]
    record(
        "killed runs",
        seed=SEED,
        kills=KILLS,
        wrong=len(wrong),
        left=len(left),
        seconds=round(time.monotonic() - begun, 1),
    )
    assert not wrong + left, f"seed {SEED}:\n" + "\n".join(wrong + left)
