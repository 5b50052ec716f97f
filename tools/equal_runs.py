"""Record equal runs, and slowed ones, in rehearsals of their own; show how far equal runs spread.

python tools/equal_runs.py record DIR     20 equal runs and 2 slowed ones, a minute each
python tools/equal_runs.py spread DIR     the spread of each figure, and the tolerance that follows

`record` keeps the `run.json` of each run in DIR and nothing else. A run that is there already is
kept, so an interrupted recording goes on. The folders in tests/corpus/runs were made by it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from warmbook.files import save
from warmbook.measure.runs.comparison import noise
from warmbook.measure.runs.comparison.compare import Comparison
from warmbook.measure.runs.comparison.figures import Figure
from warmbook.measure.runs.record import FILE, read

NOTEBOOKS = "02,04,05,06,07,10"
NETWORK = ("--latency-ms", "30", "--stream-mib-s", "10")
"""The shape of each rehearsal's network: 16 streams at once bring 160 MiB/s."""
REHEARSALS: dict[str, tuple[str, ...]] = {
    "equal": (),
    "slowed": ("--fault", "image-pull-slow", "--minute", "0.3"),
}
"""What each kind of rehearsal is given besides: the slowed ones pull the server's image slowly."""
RUNS: dict[str, tuple[str, ...]] = {"equal": (), "slowed": ("-p", "concurrency", "1")}
"""What each kind of run is given: the slowed ones have fewer streams."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Record runs or show their spread; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("act", choices=("record", "spread"))
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--equal", type=int, default=20, help="how many equal runs (20)")
    parser.add_argument("--slowed", type=int, default=2, help="how many slowed runs (2)")
    options = parser.parse_args(arguments)
    if options.act == "spread":
        return _show(options.folder)
    for kind in RUNS:
        for number in range(1, getattr(options, kind) + 1):
            _record(options.folder / f"{kind}-{number:02}", kind)
    return 0


def _record(home: Path, kind: str) -> None:
    """Carry out a run in a rehearsal of its own and keep its record, unless it is there.

    Raises:
        SystemExit: The run failed.
    """
    if (home / FILE).exists():
        return
    with tempfile.TemporaryDirectory() as work:
        rehearse = [sys.executable, "-m", "warmbook_rehearsal", "--engine", "quick"]
        rehearse += (*NETWORK, *REHEARSALS[kind])
        run = [sys.executable, "-m", "warmbook", "run", "--out", "run", "--only", NOTEBOOKS]
        words = [*rehearse, "--", *run, *RUNS[kind]]
        done = subprocess.run(words, cwd=work, env=os.environ, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{home.name} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        home.mkdir(parents=True, exist_ok=True)
        save((Path(work) / "run" / FILE).read_bytes(), home / FILE, public=True)
    print(f"{home.name} recorded", flush=True)


def _show(folder: Path) -> int:
    """Print the spread of each figure over the equal runs, and by kind what may be chance."""
    runs = [(home.name, read(home)) for home in sorted(folder.glob("equal-*"))]
    figures, kinds = Comparison(tuple(runs)).figures(), dict[str, float]()
    loads = [record.cpu_load for _, record in runs if record.cpu_load is not None]
    told = f"load per processor {min(loads)} to {max(loads)}" if loads else "load not known"
    print(f"{len(runs)} equal runs, {told}")
    print(f"{'':26}  median   least    most  deviation  tolerance")
    for figure in figures:
        found = noise.spread([value for value in figure.values if value is not None])
        if found is None:
            continue
        told = (found.median, found.least, found.most)
        share = _tolerance(figure, found)
        print(f"{figure.key:26}{''.join(f'{one:8.3f}' for one in told)}", end="")
        print(f"{found.deviation:11.3f}{share:11.0%}")
        kind = next((start for start in noise.TOLERANCES if figure.key.startswith(start)), "")
        kinds[kind] = max(kinds.get(kind, 0.0), share)
    for kind, share in kinds.items():
        documented = noise.tolerance(kind, quiet=figures[0].quiet)
        print(f"{kind or 'exact'}: {share:.0%}, documented {documented:.0%}")
    return 0


def _tolerance(figure: Figure, found: noise.Spread) -> float:
    """Return the share of a value, beyond the grain, up to which equal runs differ.

    By chance, one pair of runs in a thousand differs by more; no pair of these runs does.
    """
    usual = noise.quantile(len(figure.values)) * sqrt(2) * found.deviation - figure.grain
    widest = found.most - found.least - figure.grain
    shares = (usual / found.median, widest / found.least) if found.least else (0.0,)
    return max(0.0, *shares)


if __name__ == "__main__":
    sys.exit(main())
