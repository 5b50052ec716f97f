"""Give a learner a fresh rehearsal and fresh notebooks; what they had is set aside."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...errors import UnreachableError, WarmbookError
from ...texts import say
from .seat_file import Running
from .seats import Seat, not_running, start_again
from .start import reason_of
from .supervisor import RESET, RESET_S

LOOK_S = 0.05
BEGIN_S = 20.0
"""A supervisor begins at once, on a machine that is busy after seconds."""


def reset(one: Seat) -> float:
    """Reset a seat; return the seconds until its server answered again.

    If a reset is under way, this waits for it: the supervisor begins no other meanwhile. A seat
    whose supervisor does not begin within BEGIN_S, or has not ended within RESET_S, is given up:
    its file may be forged, or its supervisor may hang.

    Raises:
        SettingsError: Nobody runs there.
        UnreachableError: It did not begin, or did not come up again.
    """
    began = time.monotonic()
    if (before := one.send(RESET)) is None:
        raise not_running(one)
    awaited = before.resets + (before.state != "resetting")

    def begun(now: Running) -> bool:
        return now.resets >= awaited

    def up(now: Running) -> bool:
        return begun(now) and now.state == "up"

    if not _until(begun, one, before, began + BEGIN_S):
        raise _ended(one) if one.running() is None else _not_begun(one, before)
    if not _until(up, one, before, began + RESET_S):
        raise _ended(one)
    return time.monotonic() - began


def _until(holds: Callable[[Running], bool], one: Seat, before: Running, end: float) -> bool:
    """Wait until something holds for a seat; tell whether it did before `end`."""
    while time.monotonic() < end:
        now = one.running()
        if now is not None and holds(now):
            return True
        if not before.process.runs_for(one.owner):
            return False
        time.sleep(LOOK_S)
    return False


def _ended(one: Seat) -> WarmbookError:
    return UnreachableError(
        say("Seat {name} did not start again: {reason}", name=one.name, reason=reason_of(one)),
        remedy=say("Read its log; the work is in {folder}.", folder=one.folder)
        + f" {start_again(one)}",
    )


def _not_begun(one: Seat, before: Running) -> WarmbookError:
    return UnreachableError(
        say(
            "Seat {name} did not begin the reset within {seconds:.0f} s.",
            name=one.name,
            seconds=BEGIN_S,
        ),
        remedy=say("End its supervisor: `kill -9 {pid}`.", pid=before.pid) + f" {start_again(one)}",
    )
