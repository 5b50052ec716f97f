"""The kernel dies at any moment; run again, the guide comes to the same end, nothing twice.

$WARMBOOK_KILLS says how many, $WARMBOOK_SEED which.
"""

import asyncio
import os
import random
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from ..conftest import RehearsalThread
from ..figures import record
from .kernel import Kernels
from .state import Watched

KILLS = int(os.environ.get("WARMBOOK_KILLS", "14"))
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
MINUTE_S = 0.03
PARTS = ("build", "cleanup")
READS = re.compile(r" GET | ListAnywhere|:getIamPolicy")
MODES = {
    "autopilot": {},
    "standard": {"WARMBOOK_MODE": "standard", "WARMBOOK_LOCATION": "us-central1-a"},
}


@dataclass(frozen=True)
class Request:
    """When a kernel is killed: at its n-th request, when that arrives or as its answer leaves."""

    mode: str
    number: int
    leaving: bool
    what: str
    afterwards: str
    """Which of `PARTS` the reader runs next."""

    def __str__(self):
        side = "before the answer to" if self.leaving else "on the arrival of"
        return f"{self.mode}: killed {side} request {self.number}, {self.what}"

    @contextmanager
    def meets(self, rehearsal, kernels):
        Aim(rehearsal, kernels, self)
        yield


@dataclass(frozen=True)
class Second:
    """When a kernel is killed: so long after its start, whatever it is doing then."""

    mode: str
    after_s: float
    afterwards: str

    def __str__(self):
        return f"{self.mode}: killed after {self.after_s:.3f} s"

    @contextmanager
    def meets(self, rehearsal, kernels):
        timer = threading.Timer(self.after_s, kernels.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


class Aim:
    """Kills a kernel at its n-th request; counts the requests until then."""

    def __init__(self, rehearsal, kernels, moment=None):
        self._kernels, self._moment = kernels, moment
        self.seen = []
        way = rehearsal.inner.request_faults
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


@dataclass(frozen=True)
class Undisturbed:
    """What a kernel does that nobody kills: its requests, as words, and how long it takes."""

    requests: list[str]
    seconds: float


def undisturbed(mode, kernels, image_and_model, tmp_path):
    """Return what a kernel asks for, and the shorter time of two: the first finds nothing warm."""
    times = []
    for attempt in range(2):
        with RehearsalThread(*image_and_model, minute_s=MINUTE_S) as rehearsal:
            aim = Aim(rehearsal, kernels)
            begun = time.monotonic()
            built = tmp_path / f"built-{attempt}"
            kernels.run(environ_of(rehearsal, mode, built), *PARTS)
            times.append(time.monotonic() - begun)
            requests = [f"{r.service} {r.method} {r.path}" for r in aim.seen]
    return Undisturbed(requests, min(times))


def moments(kernels_left_alone, count, chance):
    """Return `count` moments: requests that change something, other requests, and seconds.

    A third of each, but that there may be fewer requests that change something.
    """
    every = [
        Request(mode, number, leaving, what, chance.choice(PARTS))
        for mode, kernel in kernels_left_alone.items()
        for number, what in enumerate(kernel.requests, 1)
        for leaving in (False, True)
    ]
    chance.shuffle(every)
    changing = [m for m in every if not READS.search(m.what)][: (count + 2) // 3]
    others = [m for m in every if READS.search(m.what)][: (count + 1) // 3]
    seconds = [  # not sooner than it takes to start one
        Second(mode, chance.uniform(0.03, 0.95 * kernel.seconds), chance.choice(PARTS))
        for mode, kernel in [chance.choice(list(kernels_left_alone.items())) for _ in range(count)]
    ]
    return (changing + others + seconds)[:count]


def survives(moment, kernels, image_and_model, folder):
    """Kill a kernel at the moment, run it again; return what is wrong, and what is left."""
    built = folder / "built"
    with RehearsalThread(*image_and_model, minute_s=MINUTE_S) as rehearsal:
        watched = Watched(rehearsal, moment.mode)
        environ = environ_of(rehearsal, moment.mode, built)
        with moment.meets(rehearsal, kernels):
            kernels.start(environ, PARTS)
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
    alone = {mode: undisturbed(mode, kernels, image_and_model, tmp_path) for mode in MODES}
    begun, killed, wrong, left = time.monotonic(), Counter(), [], []
    wanted = moments(alone, KILLS, chance)
    for number, moment in enumerate(wanted, 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            was_killed, found, behind = survives(moment, kernels, image_and_model, folder)
        except AssertionError as error:
            was_killed, found, behind = True, [str(error)], []
        killed[type(moment).__name__] += was_killed
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
        kills=killed.total(),
        at_a_second=killed["Second"],
        wrong=len(wrong),
        left=len(left),
        seconds=round(time.monotonic() - begun, 1),
    )
    assert not wrong + left, f"seed {SEED}:\n" + "\n".join(wrong + left)
    drawn = Counter(type(moment).__name__ for moment in wanted)
    assert killed["Request"] >= 0.9 * drawn["Request"], "too few kernels met their request"
    # a kernel may be done before its second comes: none is as fast as another
    assert killed["Second"] >= 0.5 * drawn["Second"], "too few kernels met their second"
