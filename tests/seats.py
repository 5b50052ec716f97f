"""Seats whose supervisor is a process that has the command line of one, and only sleeps."""

from __future__ import annotations

import subprocess
import sys

from warmbook.book import origin
from warmbook.book.classroom.processes import Process
from warmbook.book.classroom.seat_file import Running
from warmbook.book.classroom.seats import seat

_BARE = "import time; print(flush=True); time.sleep(600)"
_DEAF = (
    "import signal, time; signal.signal(signal.SIGUSR1, signal.SIG_IGN); print(flush=True); "
    "time.sleep(600)"
)
"""It ignores the signal of a reset."""


def sleeping(*words, deaf=False):
    """Start a process that sleeps, with these words at the end of its command line.

    Popen alone returns too early: the pipe that it waits for is closed before the kernel sets
    the new command line, and until then /proc shows an empty one. Source: Linux, fs/exec.c
    (begin_new_exec) and fs/binfmt_elf.c (create_elf_tables).
    """
    code = _DEAF if deaf else _BARE
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, *words], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    return process


def ended(process):
    """Kill a process that was started here."""
    process.kill()
    process.wait()
    process.stdout.close()


class Occupied:
    """Makes such seats; `end` ends their processes."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def _supervisor(self, name, folder, deaf):
        process = sleeping("class", "seat", name, "--folder", str(folder), deaf=deaf)
        self._processes.append(process)
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
            ended(process)
