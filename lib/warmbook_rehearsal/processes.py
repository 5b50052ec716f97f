"""The processes below one of this machine, as Linux tells them, and their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process; its number is another's once it has ended, `begun` tells the two apart."""

    pid: int
    begun: str
    parent: int = field(compare=False)
    """Its parent when it was looked at; another one adopts it when that has ended."""

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return _read(self.pid) == self

    def send(self, number: int) -> None:
        """Send a signal, if it still runs and is not somebody else's."""
        if self.runs:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)


def below(pid: int) -> list[Process]:
    """Return the processes below `pid` that run, parents before their children."""
    every = list(_every())
    found, parents = list[Process](), [pid]
    for parent in parents:
        children = [one for one in every if one.parent == parent]
        found += children
        parents += [one.pid for one in children]
    return found


def kill_below(pid: int, limit_s: float = 1.0) -> None:
    """Kill all that is below `pid`, and again what they start meanwhile, for `limit_s` seconds."""
    end = time.monotonic() + limit_s
    while (found := below(pid)) and time.monotonic() < end:
        send_all(found, signal.SIGKILL)
        time.sleep(0.01)


def send_all(processes: Iterable[Process], number: int) -> None:
    """Send a signal to each that still runs."""
    for one in processes:
        one.send(number)


def _every() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _read(int(entry.name))):
            yield found


def _read(pid: int) -> Process | None:
    """Return a process that runs; None for one that has ended and waits to be taken.

    Source: proc_pid_stat(5): state, parent and start are the 3rd, 4th and 22nd field; the 2nd,
    the name in parentheses, may hold anything.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    return None if fields[0] in "ZX" else Process(pid, fields[19], int(fields[1]))
