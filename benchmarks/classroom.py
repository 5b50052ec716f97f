"""What a seat of a class takes: memory, disk, and the seconds of a reset. Prints JSON.

Each seat gets JupyterLab in a rehearsal, as `warmbook class start` starts it. The guide then runs
headless up to a server, with the variables of the seat's JupyterLab, so that the Pod is the seat's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from warmbook.book.classroom import start
from warmbook.book.classroom.processes import below
from warmbook.book.classroom.reset import reset
from warmbook.book.classroom.seats import Seat
from warmbook.book.classroom.stop import stop

RESETS = 3
UP_TO_A_SERVER = "01,02,03,04,05,06,07"


def main() -> None:
    """Start a class, let every seat deploy a server, reset one, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__)
    parser.add_argument("--seats", type=int, default=2, help="how many (2)")
    parser.add_argument("--engine", choices=("quick", "vllm"), default="quick", help="(quick)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = start.Course(Path(folder), options.engine, ("en",))
        seats = start.start(options.seats, course, lambda up, seconds: None)
        try:
            print(json.dumps(measured(seats)))
        finally:
            stop(seats)


def measured(seats: Sequence[Seat]) -> dict[str, float]:
    """Return a seat's memory and disk in MiB, and the seconds of a reset."""
    idle = statistics.mean(map(memory_mib, seats))
    for one in seats:
        deploy(one)
    return {
        "idle_mib": idle,
        "server_mib": statistics.mean(map(memory_mib, seats)),
        "disk_mib": statistics.mean(map(disk_mib, seats)),
        "reset_s": statistics.median(reset(seats[0]) for _ in range(RESETS)),
    }


def deploy(one: Seat) -> None:
    """Run the guide up to the first answer in a seat's rehearsal."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "warmbook", "run", "--only", UP_TO_A_SERVER, "--out", out]
        quiet = subprocess.DEVNULL
        subprocess.run(command, env=environ_of(one), cwd=one.work, stdout=quiet, check=True)


def environ_of(one: Seat) -> dict[str, str]:
    """Return the variables of a seat's JupyterLab, which point at its rehearsal."""
    for pid in below(_supervisor(one)):
        words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        environ = dict(word.split("=", 1) for word in words if "=" in word)
        if "WARMBOOK_REHEARSAL_URL" in environ:
            return environ
    raise LookupError(f"seat {one.name} has no rehearsal")


def memory_mib(one: Seat) -> float:
    """Return the memory of everything on a seat, shared pages in part."""
    running = one.running()
    return running.process.memory_bytes() / 2**20 if running else 0.0


def disk_mib(one: Seat) -> float:
    """Return the disk of a seat's work and of its rehearsal's temporary files."""
    state = Path(environ_of(one)["WARMBOOK_FILE"]).parent
    told = subprocess.run(
        ["du", "-sk", str(one.folder), str(state)], capture_output=True, text=True, check=True
    )
    return sum(int(line.split()[0]) for line in told.stdout.splitlines()) / 1024


def _supervisor(one: Seat) -> int:
    running = one.running()
    return running.pid if running else os.getpid()


if __name__ == "__main__":
    sys.exit(main())
