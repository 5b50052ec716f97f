"""A node dies with every process of its Pods; the guide comes to the same end, nothing twice.

$WARMBOOK_KILLS says how many, $WARMBOOK_SEED when.
"""

import os
import random
import signal
import threading
import time
from contextlib import suppress

import pytest

from ..conftest import RehearsalThread
from ..figures import record
from ..machine import slowness
from .kernel import Kernels
from .process import alive, children, containers
from .state import Watched

KILLS = int(os.environ.get("WARMBOOK_KILLS", "2"))
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
MINUTE_S = 0.03
LATEST_S = 1.0
"""When the last Pod of an undisturbed kernel has been ready for long."""
ENDED_S = 5


class Node:
    """Kills what runs in Pods, so long after the first of them has started."""

    def __init__(self, after_s):
        self._after_s, self._over = after_s, threading.Event()
        self.killed = []
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        while not containers(os.getpid()):
            if self._over.wait(0.01):
                return
        if not self._over.wait(self._after_s):
            self.killed = [pid for one in containers(os.getpid()) for pid in (one, *children(one))]
            for pid in self.killed:
                with suppress(ProcessLookupError):  # it died with the one before
                    os.kill(pid, signal.SIGKILL)


def survives(after_s, kernels, image_and_model, folder):
    """Kill a node under a kernel, then run another; return who was killed, what is wrong, left."""
    with RehearsalThread(*image_and_model, minute_s=MINUTE_S) as rehearsal:
        watched = Watched(rehearsal, "autopilot")
        environ = {**rehearsal.environ, "BUILT": str(folder / "built")}
        with Node(after_s) as node:
            kernels.start(environ, ["build"])
            kernels.wait()
        kernels.run(environ, "build")
        wrong = watched.wrong_when_built(created_once=True)
        kernels.run(environ, "cleanup")
        left = watched.left_behind()
    return node.killed, wrong, [*left, *(f"process {pid}" for pid in still_there(node.killed))]


def still_there(killed):
    """Return the processes that have not ended within ENDED_S."""
    end = time.monotonic() + ENDED_S * slowness()
    while (found := [*filter(alive, killed), *containers(os.getpid())]) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.mark.timeout(60 + 20 * KILLS)
def test_a_killed_node_is_survived_and_leaves_nothing(image_and_model, tmp_path):
    chance = random.Random(SEED)
    begun, killed, wrong, left = time.monotonic(), 0, [], []
    with Kernels(tmp_path / "told") as kernels:
        for number in range(KILLS):
            folder, after_s = tmp_path / str(number), chance.uniform(0, LATEST_S)
            folder.mkdir()
            pids, found, behind = survives(after_s, kernels, image_and_model, folder)
            killed += bool(pids)
            wrong += [f"killed {after_s:.3f} s after its first Pod: {one}" for one in found]
            left += [f"killed {after_s:.3f} s after its first Pod: {one}" for one in behind]
    record(
        "killed nodes",
        seed=SEED,
        kills=killed,
        wrong=len(wrong),
        left=len(left),
        seconds=round(time.monotonic() - begun, 1),
    )
    assert not wrong + left, f"seed {SEED}:\n" + "\n".join(wrong + left)
    assert killed >= 0.9 * KILLS, "too few nodes had a Pod when they were to die"
