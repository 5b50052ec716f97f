"""End the seats of a class, and clear up after those that were killed; the work stays."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path

from .seats import Seat, existing

LOOK_S = 0.2
STOP_S = 20.0
"""How long seats may take to end, in seconds."""


def stop(chosen: Sequence[Seat]) -> list[Seat]:
    """End the seats that run, each with its rehearsal; return those that did not end in time.

    A process that has only the number of a former supervisor is left alone.
    """
    waiting = []
    for one in chosen:
        found = one.running()
        if found is not None and found.process.send(signal.SIGTERM, one.owner):
            waiting.append((one, found.process))
        elif one.stale:
            one.vacate()
    end = time.monotonic() + STOP_S
    while waiting and time.monotonic() < end:
        waiting = [(one, process) for one, process in waiting if process.runs_for(one.owner)]
        time.sleep(LOOK_S)
    return [one for one, _ in waiting]


def clear_crashed(folder: Path) -> list[Seat]:
    """Remove the file of each seat whose supervisor was killed; return these seats."""
    crashed = [one for one in existing(folder) if one.stale]
    for one in crashed:
        one.vacate()
    return crashed
