"""A rehearsal is killed at any second; nothing of it stays, and the next one ends right.

$WARMBOOK_KILLS says how many, $WARMBOOK_SEED when.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ..conftest import RehearsalThread
from ..figures import record
from ..machine import slowness
from .kernel import Kernels
from .process import alive, answers, children, ports
from .state import Watched

KILLS = int(os.environ.get("WARMBOOK_KILLS", "2"))
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
MINUTE_S = 0.03
LATEST_S = 2.5
"""How long an undisturbed kernel takes for the guide and its cleanup, about."""
ENDED_S = 5


def killed(after_s, kernels, image_and_model, folder):
    """Kill a rehearsal in which a kernel is at work; return its folder and what is left of it."""
    image, model = image_and_model
    words = [sys.executable, str(Path(__file__).with_name("rehearsal_process.py"))]
    words += [str(image.folder), str(model.folder), str(MINUTE_S)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as told:
        environ = json.loads(told.stdout.readline())
        kernels.start({**environ, "BUILT": str(folder / "built")}, ["build", "cleanup"])
        time.sleep(after_s)
        held = children(told.pid), [port for _, port in ports(told.pid)]
        told.send_signal(signal.SIGKILL)
        told.wait()
        kernels.kill()  # how soon it notices by itself is another matter
        kernels.wait()
    return Path(environ["KUBECONFIG"]).parent, still_there(*held)


def still_there(pids, listening):
    """Return the processes and ports that are there after ENDED_S."""
    end = time.monotonic() + ENDED_S * slowness()
    while time.monotonic() < end:
        found = [f"process {pid}" for pid in pids if alive(pid)]
        found += [f"port {port}" for port in listening if answers(port)]
        if not found:
            break
        time.sleep(0.02)
    return found


def survives(after_s, kernels, image_and_model, folder):
    """Kill a rehearsal, begin another; return what is wrong in that, and what is left of both."""
    before, left = killed(after_s, kernels, image_and_model, folder)
    with RehearsalThread(*image_and_model, minute_s=MINUTE_S) as rehearsal:
        left += [str(before)] if before.exists() else []
        watched = Watched(rehearsal, "autopilot")
        environ = {**rehearsal.environ, "BUILT": str(folder / "built")}
        kernels.run(environ, "build")
        wrong = watched.wrong_when_built(created_once=True)
        kernels.run(environ, "cleanup")
        return wrong, left + watched.left_behind()


@pytest.mark.timeout(60 + 30 * KILLS)
def test_a_killed_rehearsal_leaves_nothing_and_the_next_one_ends_right(
    image_and_model, tmp_path, monkeypatch
):
    # so that only rehearsals of this test sweep what is left here
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chance = random.Random(SEED)
    begun, wrong, left = time.monotonic(), [], []
    with Kernels(tmp_path / "told") as kernels:
        for number in range(KILLS):
            folder, after_s = tmp_path / str(number), chance.uniform(0.05, LATEST_S)
            folder.mkdir()
            found, behind = survives(after_s, kernels, image_and_model, folder)
            wrong += [f"killed after {after_s:.3f} s: {one}" for one in found]
            left += [f"killed after {after_s:.3f} s: {one}" for one in behind]
    record(
        "killed rehearsals",
        seed=SEED,
        kills=KILLS,
        wrong=len(wrong),
        left=len(left),
        seconds=round(time.monotonic() - begun, 1),
    )
    assert not wrong + left, f"seed {SEED}:\n" + "\n".join(wrong + left)
