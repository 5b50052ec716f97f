"""One rehearsal is used in many ways for a while: it holds no more than before.

$WARMBOOK_MINUTES says how long, $WARMBOOK_SEED what is done.
"""

import os
import random
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import requests

from ..figures import record
from .kernel import Kernels
from .process import GROWTH, at_rest, growth

MINUTES = float(os.environ.get("WARMBOOK_MINUTES", "0.2"))
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
WARM = 4
"""Rounds before the first that counts: each kind of use once."""
FEWEST = 40
"""Rounds from which on a line through their memory means something."""
VERBS = (("list",), ("doctor", "--before", "02"), ("manifest",), ("commands",), ("weights",))


class Use:
    """What a rehearsal in another process is used for, a round at a time."""

    def __init__(self, environ, kernels, chance, built):
        self._environ = {**environ, "BUILT": str(built)}
        self._kernels, self._chance = kernels, chance
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {environ['WARMBOOK_REHEARSAL_TOKEN']}"
        bucket = environ["WARMBOOK_MODEL_URI"].split("/")[2]
        self._objects = f"{environ['STORAGE_EMULATOR_HOST']}/{bucket}"

    def guide(self):
        """Go through the guide and clean up."""
        self._kernels.run(self._environ, "build", "cleanup")

    def killed_kernel(self):
        """Go through the guide, be killed on the way, begin again."""
        self._kernels.start(self._environ, ["build"])
        time.sleep(self._chance.uniform(0.1, 1.5))
        self._kernels.kill()
        self._kernels.wait()
        self.guide()

    def command_line(self):
        """Run a verb; what it says depends on what is there, and is not looked at."""
        verb = self._chance.choice(VERBS)
        words = [sys.executable, "-m", "warmbook", *verb]
        done = subprocess.run(
            words, env={**os.environ, **self._environ}, capture_output=True, timeout=120
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()

    def bucket(self):
        """Write objects, list them, read them in parts, delete them."""
        names = [f"mixed/{number}" for number in range(20)]
        for name in names:
            content = self._chance.randbytes(self._chance.randrange(1, 2**20))
            self._said("PUT", f"/{name}", data=content)
        self._said("GET", "?prefix=mixed/")
        for name in names:
            self._said("GET", f"/{name}", headers={"Range": "bytes=0-99"})
            self._said("DELETE", f"/{name}")

    def _said(self, verb, path, **more):
        answer = self._session.request(verb, self._objects + path, timeout=30, **more)
        assert answer.ok, (verb, path, answer.status_code, answer.text[:200])


def rounds(use, chance, until):
    """Use the rehearsal until that time: first in each way once, then by chance."""
    ways = (use.guide, use.killed_kernel, use.command_line, use.bucket)
    yield from (way() for way in ways)
    while time.monotonic() < until:
        yield chance.choice(ways)()


@pytest.mark.timeout(300 + 120 * MINUTES)
def test_a_rehearsal_in_mixed_use_holds_no_more_than_before(rehearsal_process, tmp_path):
    running, environ = rehearsal_process
    folder, chance = Path(environ["KUBECONFIG"]).parent, random.Random(SEED)
    until, seen = time.monotonic() + 60 * MINUTES, []
    with Kernels(tmp_path / "told") as kernels:
        use = Use(environ, kernels, chance, tmp_path / "built")
        for _ in rounds(use, chance, until):
            seen.append(at_rest(running.pid, folder))
        use.guide()  # so that nothing is there that the last round left
        seen.append(at_rest(running.pid, folder))
    first, last, memory = seen[WARM - 1], seen[-1], [one.memory_mib for one in seen]
    grown = growth(memory)
    record(
        "mixed use",
        seed=SEED,
        minutes=MINUTES,
        rounds=len(seen),
        memory_mib=[round(one, 1) for one in (memory[0], memory[len(memory) // 2], memory[-1])],
        growth=round(grown, 4),
        after_each_way_once={n: v for n, v in asdict(first).items() if n != "memory_mib"},
        after_the_last_round={n: v for n, v in asdict(last).items() if n != "memory_mib"},
    )
    for name in ("children", "ports", "temporary"):
        assert getattr(last, name) <= getattr(first, name), seen
    assert last.files <= first.files + 3, seen
    assert len(seen) < FEWEST or grown < GROWTH, memory
