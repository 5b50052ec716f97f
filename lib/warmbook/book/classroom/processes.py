"""A process by its number and its start time: a number that was given again means nobody.

Linux only, as the rehearsal is. Sources: proc(5), stat and cmdline and smaps_rollup; pidfd_open(2).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_STATE, _PARENT, _STARTED = 0, 1, 19
"""Places in /proc/PID/stat after the command's name, from 0; the start is in clock ticks."""
_MOST_BYTES = 100_000
"""Of a command line that is read: its process may be anybody's."""


@dataclass(frozen=True)
class Process:
    """A process of this machine; `started` is in clock ticks since the machine's start."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """Return the process that has this number now.

        Raises:
            ProcessLookupError: There is none.
        """
        return cls(pid, int(_stat(pid)[_STARTED]))

    def runs_for(self, user: int) -> bool:
        """Tell whether it runs, and as this user; a zombie has ended."""
        try:
            found = _stat(self.pid)
            owner = (PROC / str(self.pid)).stat().st_uid
        except OSError:
            return False
        ended = found[_STATE] in "ZX"
        return owner == user and int(found[_STARTED]) == self.started and not ended

    def words(self) -> list[str]:
        """Return the words of its command line; none where it has ended."""
        try:
            with (PROC / str(self.pid) / "cmdline").open("rb") as file:
                return os.fsdecode(file.read(_MOST_BYTES)).split("\0")
        except OSError:
            return []

    def send(self, number: signal.Signals, user: int) -> bool:
        """Send it a signal if it runs as this user; tell whether it did.

        The handle is opened first, so that the signal reaches the process that was looked at.
        """
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:  # there is none, or the number is a thread's
            return False
        try:
            if not self.runs_for(user):
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def memory_bytes(self) -> int:
        """Return the memory of it and of all below it; what several share counts in part.

        Another user's process counts nothing, unless root asks.
        """
        return sum(map(_memory_bytes, (self.pid, *below(self.pid))))


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the command's name, which may have spaces."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None


def below(pid: int) -> Iterator[int]:
    """Yield the numbers of all processes that descend from this one."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                parent = int(_stat(int(entry.name))[_PARENT])
                children.setdefault(parent, []).append(int(entry.name))
    waiting = list(children.get(pid, ()))
    while waiting:
        yield (one := waiting.pop())
        waiting += children.get(one, ())


def _memory_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
