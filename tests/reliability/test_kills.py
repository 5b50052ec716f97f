"""The kernel dies at any moment; run again, the guide comes to the same end, nothing twice.

$WARMBOOK_KILLS says how many, $WARMBOOK_SEED which.
"""

import asyncio
import os
import random
import re
import time
from dataclasses import dataclass

import pytest

from ..conftest import Rehearsal
from ..figures import record
from .kernel import Kernels
from .state import Watched

KILLS = int(os.environ.get("WARMBOOK_KILLS", "14"))
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
MINUTE_S = 0.03
READS = re.compile(r" GET | ListAnywhere|:getIamPolicy")
MODES = {
    "autopilot": {},
    "standard": {"WARMBOOK_MODE": "standard", "WARMBOOK_LOCATION": "us-central1-a"},
}


@dataclass(frozen=True)
class Moment:
    """When a kernel is killed: at its n-th request, when that arrives or as its answer leaves."""

    mode: str
    number: int
    leaving: bool
    what: str
    afterwards: str
    """What the reader runs next: `build` or `cleanup`."""

    def __str__(self):
        side = "before the answer to" if self.leaving else "on the arrival of"
        return f"{self.mode}: killed {side} request {self.number}, {self.what}"


class Aim:
    """Kills a kernel at its n-th request; counts the requests until then."""

    def __init__(self, rehearsal, kernels, moment=None):
        self._kernels, self._moment = kernels, moment
        self.seen = []
        way = rehearsal.sandbox.interference
        rehearsal.call(lambda: way.add(self._arrived))
        rehearsal.call(lambda: way.add_on_leaving(self._leaving))

    async def _arrived(self, incoming):
        if incoming.address in ("", "127.0.0.1"):  # not a Pod's
            self.seen.append(incoming)
            if self._is_it(leaving=False, number=len(self.seen)):
                await self._shoot()

    async def _leaving(self, incoming):
        if self._is_it(leaving=True, number=_place(self.seen, incoming)):
            await self._shoot()

    def _is_it(self, *, leaving, number):
        # or the next one: a request that is refused has no answer that could be met
        moment = self._moment
        return moment is not None and number >= moment.number and leaving == moment.leaving

    async def _shoot(self):
        while not self._kernels.pid:
            await asyncio.sleep(0.001)
        self._kernels.kill()
        self._moment = None
        raise asyncio.CancelledError  # nobody is there to hear the answer


def _place(seen, incoming):
    """Return the number of a request, counted from 1; 0 if it was not counted."""
    return next((n for n, one in enumerate(seen, 1) if one is incoming), 0)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    with Kernels(tmp_path_factory.mktemp("kernel") / "told") as running:
        yield running


def environ_of(rehearsal, mode, built):
    return {**rehearsal.environ, **MODES[mode], "BUILT": str(built)}


def requests_of(mode, kernels, image_and_model, tmp_path):
    """Return the requests of an undisturbed kernel, as words."""
    with Rehearsal(*image_and_model, minute_s=MINUTE_S) as rehearsal:
        aim = Aim(rehearsal, kernels)
        kernels.run(environ_of(rehearsal, mode, tmp_path / "built"), "build", "cleanup")
        return [f"{one.service} {one.method} {one.path}" for one in aim.seen]


def moments(requests, count, chance):
    """Return `count` moments: half of them at requests that change something."""
    every = [
        Moment(mode, number, leaving, what, chance.choice(("build", "cleanup")))
        for mode, listed in requests.items()
        for number, what in enumerate(listed, 1)
        for leaving in (False, True)
    ]
    chance.shuffle(every)
    changing = [m for m in every if not READS.search(m.what)]
    others = [m for m in every if m not in changing]
    half = min(len(changing), (count + 1) // 2)
    return (changing[:half] + others)[:count]


def survives(moment, kernels, image_and_model, folder):
    """Kill a kernel at the moment, run it again; return what is wrong, and what is left."""
    built = folder / "built"
    with Rehearsal(*image_and_model, minute_s=MINUTE_S) as rehearsal:
        watched = Watched(rehearsal, moment.mode)
        environ = environ_of(rehearsal, moment.mode, built)
        Aim(rehearsal, kernels, moment)
        kernels.start(environ, ("build", "cleanup"))
        killed = kernels.wait() == -9
        during_cleanup = built.exists()
        wrong = []
        if killed and (not during_cleanup or moment.afterwards == "build"):
            kernels.run(environ, "build")
            wrong = watched.wrong_when_built(created_once=not during_cleanup)
        kernels.run(environ, "cleanup")
        return killed, wrong, watched.left_behind()


@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_killed_kernel_run_again_ends_right_and_leaves_nothing(
    kernels, image_and_model, tmp_path, capsys
):
    chance = random.Random(SEED)
    requests = {mode: requests_of(mode, kernels, image_and_model, tmp_path) for mode in MODES}
    begun, killed, wrong, left = time.monotonic(), 0, [], []
    for number, moment in enumerate(moments(requests, KILLS, chance), 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            was_killed, found, behind = survives(moment, kernels, image_and_model, folder)
        except AssertionError as error:
            was_killed, found, behind = True, [str(error)], []
        killed += was_killed
        wrong += [f"{moment}: {one}" for one in found]
        left += [f"{moment}: {one}" for one in behind]
        with capsys.disabled():
            for one in (*found, *behind):
                print(f"\n{moment}: {one}", end="")
            if KILLS > 20 and number % 10 == 0:
                print(f"\n{number} of {KILLS} kills", end="", flush=True)
    record(
        "kills",
        seed=SEED,
        kills=killed,
        wrong=len(wrong),
        left=len(left),
        seconds=round(time.monotonic() - begun, 1),
    )
    assert not wrong + left, f"seed {SEED}:\n" + "\n".join(wrong + left)
    assert killed >= 0.9 * KILLS, "too few kernels met their moment"
