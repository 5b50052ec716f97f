"""One rehearsal carries the guide again and again: it holds no more than before, leaves nothing.

$WARMBOOK_SOAK says how often.
"""

import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from ..figures import record
from .kernel import Kernels
from .process import GROWTH, alive, answers, at_rest, children, growth, ports

RUNS = int(os.environ.get("WARMBOOK_SOAK", "6"))


@pytest.mark.timeout(60 + 10 * RUNS)
def test_a_rehearsal_holds_no_more_after_many_runs_and_leaves_nothing(
    rehearsal_process, tmp_path, capsys
):
    running, environ = rehearsal_process
    folder = Path(environ["KUBECONFIG"]).parent
    begun, seen = time.monotonic(), []
    with Kernels(tmp_path / "told") as kernels:
        for number in range(1, RUNS + 1):
            kernels.run({**environ, "BUILT": str(tmp_path / "built")}, "build", "cleanup")
            seen.append(at_rest(running.pid, folder))
            with capsys.disabled():
                if RUNS > 20 and number % 10 == 0:
                    print(f"\n{number} of {RUNS} rehearsals, {seen[-1]}", end="", flush=True)
    seconds = time.monotonic() - begun
    below, listening = children(running.pid), ports(running.pid)
    running.communicate(timeout=30)
    left = [f"process {pid}" for pid in (running.pid, *below) if alive(pid)]
    left += [f"port {port}" for _, port in listening if answers(port)]
    left += [str(folder)] if folder.exists() else []
    first, last = seen[1], seen[-1]
    grown = growth([one.memory_mib for one in seen])
    record(
        "soak",
        runs=RUNS,
        seconds=round(seconds, 1),
        memory_mib=[round(one.memory_mib, 1) for one in (seen[0], seen[RUNS // 2], last)],
        growth=round(grown, 4),
        after_the_second_run={n: v for n, v in asdict(first).items() if n != "memory_mib"},
        after_the_last_run={n: v for n, v in asdict(last).items() if n != "memory_mib"},
        left=len(left),
    )
    assert left == []
    for name in ("children", "ports", "temporary"):
        assert getattr(last, name) <= getattr(first, name), seen
    assert last.files <= first.files + 3, seen
    assert grown < GROWTH, [one.memory_mib for one in seen]
