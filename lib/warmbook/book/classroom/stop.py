"""End the seats of a class, and clear up after those that were killed; the work stays."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path

from .seats import Seat, existing
from .start import Tell

LOOK_S = 0.2
STOP_S = 20.0
"""How long seats may take to end, in seconds."""


def stop(chosen: Sequence[Seat], tell: Tell = lambda *_: None) -> list[Seat]:
    """End the seats that run, each with its rehearsal; return those that did not end in time.

    A process that is not the supervisor of its seat is left alone. Meanwhile `tell` is told how
    many seats have ended, of how many, and the seconds so far.

    Raises:
        SettingsError: What a killed supervisor left can't be removed.
    """
    waiting = [(one, told) for one in chosen if (told := one.send(signal.SIGTERM))]
    ending, began = {one.name for one, _ in waiting}, time.monotonic()
    while waiting and (seconds := time.monotonic() - began) < STOP_S:
        tell(len(ending) - len(waiting), len(ending), seconds)
        time.sleep(LOOK_S)
        waiting = [(one, told) for one, told in waiting if told.process.runs_for(one.owner)]
    if ending:
        tell(len(ending) - len(waiting), len(ending), time.monotonic() - began)
    for one in chosen:
        if one.name not in ending and one.stale:
            one.vacate()
    return [one for one, _ in waiting]


def clear_crashed(folder: Path) -> list[Seat]:
    """Remove the file of each seat whose supervisor was killed; return these seats."""
    crashed = [one for one in existing(folder) if one.stale]
    for one in crashed:
        one.vacate()
    return crashed
