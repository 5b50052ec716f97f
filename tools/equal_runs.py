"""Record equal runs, and slowed ones, in rehearsals of their own; show how far equal runs spread.

python tools/equal_runs.py record DIR     20 equal runs and 3 slowed ones, a minute each
python tools/equal_runs.py spread DIR     the spread of each figure over the equal ones

`record` keeps the `run.json` of each run in DIR and nothing else. A run that is there already is
kept, so an interrupted recording goes on. tests/corpus/runs was made by it, on 2 cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from warmbook.files import save
from warmbook.measure.runs.compare import Comparison
from warmbook.measure.runs.record import FILE, read
from warmbook.measure.runs.spread import spread

NOTEBOOKS = "02,04,05,06,07,10"
NETWORK = ("--latency-ms", "30", "--stream-mib-s", "10")
"""The shape of each rehearsal's network: 16 streams at once bring 160 MiB/s."""
KINDS: dict[str, tuple[str, ...]] = {"equal": (), "slowed": ("-p", "concurrency", "1")}
"""What each kind of run is given; one stream alone takes 26 s for the weights."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Record runs or show their spread; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("act", choices=("record", "spread"))
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--equal", type=int, default=20, help="how many equal runs (20)")
    parser.add_argument("--slowed", type=int, default=3, help="how many slowed runs (3)")
    options = parser.parse_args(arguments)
    if options.act == "spread":
        return _show(options.folder)
    for kind, given in KINDS.items():
        for number in range(1, getattr(options, kind) + 1):
            _record(options.folder / f"{kind}-{number:02}", given)
    return 0


def _record(home: Path, given: Sequence[str]) -> None:
    """Carry out a run in a rehearsal of its own and keep its record, unless it is there."""
    if (home / FILE).exists():
        return
    with tempfile.TemporaryDirectory() as work:
        rehearse = [sys.executable, "-m", "warmbook_rehearsal", "--engine", "quick", *NETWORK]
        run = [sys.executable, "-m", "warmbook", "run", "--out", "run", "--only", NOTEBOOKS]
        run += given
        done = subprocess.run(
            [*rehearse, "--", *run], cwd=work, env=os.environ, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{home.name} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        home.mkdir(parents=True, exist_ok=True)
        save((Path(work) / "run" / FILE).read_bytes(), home / FILE, public=True)
    print(f"{home.name} recorded", flush=True)


def _show(folder: Path) -> int:
    """Print the spread of each figure over the equal runs of a folder."""
    runs = [(home.name, read(home)) for home in sorted(folder.glob("equal-*"))]
    print(f"{len(runs)} equal runs")
    for figure in Comparison(tuple(runs)).figures():
        if told := spread(figure.known()):
            print(
                f"{figure.key:28} median {told.median:9.3f}  {told.least:9.3f} - {told.most:9.3f}  {told.deviation:8.3f} {told.share:6.1%}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
