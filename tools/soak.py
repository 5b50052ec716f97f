"""`make soak`: the long form of the tests of reliability; their figures go to docs/reliability.*.

Each part is a run of pytest, with more cases than `make test` has time for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import reliability
import suites

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "runs" / "reliability.jsonl"

PARTS = {
    "killed kernels": ("tests/reliability/test_kills.py",),
    "killed nodes": ("tests/reliability/test_node_killed.py",),
    "killed rehearsals": ("tests/reliability/test_rehearsal_killed.py",),
    "killed runs": ("tests/reliability/test_run_killed.py",),
    "mixed use": ("tests/reliability/test_mixed_use.py",),
    "rehearsals": ("tests/reliability/test_soak.py",),
    "retries": ("tests/cloud/test_retry.py", "tests/reliability/test_retries.py"),
    "interrupts": ("tests/reliability/test_interrupts.py",),
    "faults": ("tests/faults/test_named.py",),
    "fresh projects": ("tests/notebooks/test_fresh_project.py",),
    "safety": ("tests/safety",),
    "requests": tuple(
        f"tests/rehearsal/{server}/test_described.py"
        for server in ("google", "kubernetes", "storage")
    ),
    "any input": ("-m", "hypothesis", "--ignore=tests/safety", "tests"),
}
SIZES = {
    **dict.fromkeys(
        ("killed kernels", "killed nodes", "killed rehearsals", "killed runs"), "kills"
    ),
    "mixed use": "minutes",
    "rehearsals": "runs",
    "requests": "requests",
}
"""The option that says how much of a part there is, where a part has one."""


def main() -> int:
    """Run the parts that were asked for and write their figures; return 0 if all passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"of {', '.join(PARTS)}, comma-separated")
    parser.add_argument(
        "--kills",
        type=int,
        default=120,
        help="how many kernels, runs, rehearsals and nodes are killed, of each (120)",
    )
    parser.add_argument(
        "--minutes", type=float, default=60, help="how long the mixed use takes (60)"
    )
    parser.add_argument("--runs", type=int, default=50, help="how many rehearsals in a row (50)")
    parser.add_argument(
        "--requests", type=int, default=100_000, help="how many random requests (100000)"
    )
    parser.add_argument("--seed", type=int, default=5, help="which moments they are killed at (5)")
    parser.add_argument(
        "--suites",
        type=Path,
        metavar="DIR",
        help="run only the tests of other projects whose checkouts are in DIR",
    )
    options = parser.parse_args()
    if options.suites:
        return suites.run(options.suites)
    wanted = [name for name in options.only.split(",") if name] or list(PARTS)
    FIGURES.parent.mkdir(exist_ok=True)
    environ = {
        "WARMBOOK_KILLS": str(options.kills),
        "WARMBOOK_SOAK": str(options.runs),
        "WARMBOOK_MINUTES": str(options.minutes),
        "WARMBOOK_REQUESTS": str(options.requests),
        "WARMBOOK_SEED": str(options.seed),
        "WARMBOOK_CASES": "others",  # than those that `make test` draws every time
        "WARMBOOK_FIGURES": str(FIGURES),
    }
    print(f"seed {options.seed}; figures go to {FIGURES.relative_to(ROOT)}", flush=True)
    passed = []
    for name in wanted:
        passed.append(_part(name, environ))
        reliability.write(name, FIGURES, command=_command(name, options), seed=options.seed)
    return 0 if all(passed) else 1


def _command(part: str, options: argparse.Namespace) -> str:
    """Return what repeats a part with the size that it was measured with."""
    name = SIZES.get(part)
    size = f" --{name} {getattr(options, name)}" if name else ""
    return f"make soak SOAK=\"--only '{part}'{size}\""


def _part(name: str, environ: dict[str, str]) -> bool:
    """Run a part's tests; add how they ended to its figures; return whether all passed."""
    FIGURES.write_text("")
    print(f"\n{name}", flush=True)
    report, begun = FIGURES.with_name(f"{name}.xml"), time.monotonic()
    words = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *PARTS[name]]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, **environ})
    ends = Counter(_end(case) for case in ElementTree.parse(report).iter("testcase"))
    told = {"name": f"tests of {name}", **ends, "seconds": round(time.monotonic() - begun)}
    with FIGURES.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(told) + "\n")
    return done.returncode == 0


def _end(case: ElementTree.Element) -> str:
    """Return how a test ended; of one that failed, whether no name, a wrong name or an error."""
    told = case.find("failure") if case.find("failure") is not None else case.find("error")
    if told is None:
        return "skipped" if case.find("skipped") is not None else "passed"
    if not told.get("message", "").startswith(("AssertionError", "assert")):
        return "raised"
    return "unnamed" if re.search(r"assert \(\) ==", told.get("message", "")) else "wrong"


if __name__ == "__main__":
    sys.exit(main())
