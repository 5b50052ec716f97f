"""Give a learner a fresh rehearsal and fresh notebooks; what they had is set aside."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...errors import UnreachableError
from ...texts import say
from .seats import Running, Seat, not_running
from .start import reason_of
from .supervisor import RESET

LOOK_S = 0.05
LIMIT_S = 300.0
"""A reset takes seconds; where many seats start at once, minutes."""


def reset(one: Seat, tick: Callable[[float], None] = lambda _: None) -> float:
    """Reset a seat; return the seconds until its server answered again.

    Meanwhile `tick` is told the seconds since the beginning.

    Raises:
        SettingsError: Nobody runs there.
        UnreachableError: It did not come up again.
    """
    before, began = one.running(), time.monotonic()
    if before is None or not before.process.send(RESET, one.owner):
        raise not_running(one)
    while (seconds := time.monotonic() - began) < LIMIT_S:
        if _again(one.running(), before):
            return seconds
        tick(seconds)
        if not before.process.runs_for(one.owner):
            break
        time.sleep(LOOK_S)
    raise UnreachableError(
        say("Seat {name} did not start again: {reason}", name=one.name, reason=reason_of(one)),
        remedy=say("Read its log; the work is in {folder}.", folder=one.folder),
    )


def _again(now: Running | None, before: Running) -> bool:
    return now is not None and now.resets > before.resets and now.state == "up"
