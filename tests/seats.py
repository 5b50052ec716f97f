"""Seats whose supervisor is a process that has the command line of one, and only sleeps."""

from __future__ import annotations

import subprocess
import sys

from warmbook.book import origin
from warmbook.book.classroom.processes import Process
from warmbook.book.classroom.seat_file import Running
from warmbook.book.classroom.seats import seat

BARE = (sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)")
DEAF = (
    *(sys.executable, "-I", "-S", "-c"),
    "import signal, time; signal.signal(signal.SIGUSR1, signal.SIG_IGN); print(flush=True); "
    "time.sleep(600)",
)
"""It ignores the signal of a reset once it has printed a line."""


class Occupied:
    """Makes such seats; `end` ends their processes."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def _supervisor(self, name, folder, deaf):
        words = (*(DEAF if deaf else BARE), "class", "seat", name, "--folder", str(folder))
        process = subprocess.Popen(words, stdout=subprocess.PIPE)
        self._processes.append(process)
        if deaf:
            process.stdout.readline()
        return Process.of(process.pid)

    def seat(self, folder, name, *, deaf=False, **changed):
        """Return a seat that is up, except for what is `changed` in its file."""
        one = seat(folder, name)
        one.work.mkdir(parents=True, exist_ok=True)
        process = self._supervisor(name, folder, deaf)
        told = {"pid": process.pid, "started": process.started, "state": "up"}
        one.write(Running(**{**told, "since": origin.now(), **changed}))
        return one

    def end(self):
        for process in self._processes:
            process.kill()
            process.wait()
            process.stdout.close()
