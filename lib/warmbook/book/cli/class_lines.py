"""What the verbs of a class print: a line for each seat, and how far they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...errors import InterruptedWaitError, WarmbookError
from ...terminal import redraw, show
from ...texts import say
from .screen import show_wrapped

if TYPE_CHECKING:
    from ..classroom.at_once import AtOnce
    from ..classroom.seats import Seat

QUIET_S = 10.0
"""How long nothing is printed where there is no terminal, in seconds."""


def moving() -> Callable[[str], None]:
    """Return what writes a line in the place of the one before, on a terminal only."""
    return redraw if sys.stdout.isatty() else lambda _: None


def teller(said: Callable[[int, int], str]) -> Callable[[int, int, float], None]:
    """Return a reporter of how many seats are done, of how many, and the seconds so far.

    It shows what `said` says of the two numbers: one line, which moves on a terminal.
    """
    on_terminal, last = sys.stdout.isatty(), [-1]

    def tell(done: int, count: int, seconds: float) -> None:
        line = f"  … {said(done, count)}"
        if on_terminal:
            redraw(f"{line} ({seconds:.0f} s)" if done < count else "")
        elif done != last[0]:
            show(line)
        last[0] = done

    return tell


def up_of(up: int, count: int) -> str:
    """Return how far a start is."""
    return say("{up} of {count} seats are up", up=up, count=count)


def ended_of(ended: int, count: int) -> str:
    """Return how far a stop is."""
    return say("{ended} of {count} seats have ended", ended=ended, count=count)


def show_links(seats: Sequence[Seat], memory: dict[str, int]) -> None:
    """Show the link and the memory of each seat; `memory` is in bytes."""
    from ...units import size

    for one in seats:
        running = one.running()
        link = running.link if running else say("not running")
        show_wrapped(f"  {one.name}  {size(memory[one.name]):>10}  {link}")
    total = size(sum(memory.values()))
    show_wrapped("  " + say("Memory of these seats: {size}. It grows with the work.", size=total))


def together(acts: AtOnce[str], within_s: float, *, after_ctrl_c: str) -> int:
    """Say what came of each seat, in their order; return 1 if it failed on one.

    A seat is shown once all seats before it are.

    Raises:
        InterruptedWaitError: Ctrl-C; names the seats that are done, and those that are not.
    """
    failed, left, waits = 0, list(acts.seats), _Waits(acts)
    try:
        for _ in acts.as_they_end(within_s, waits):
            while left and left[0].name in acts.done:
                waits.over()
                failed += _show(left[0], acts.done[left.pop(0).name])
        waits.over()
    except KeyboardInterrupt:
        acts.stop()
        waits.over()
        for one in left:
            if one.name in acts.done:
                _show(one, acts.done[one.name])
        raise InterruptedWaitError(_interrupted(acts), remedy=after_ctrl_c) from None
    return min(failed, 1)


class _Waits:
    """Tells how many seats are done while others are not: a moving line, or few lines."""

    def __init__(self, acts: AtOnce[str]) -> None:
        self._acts, self._line = acts, moving()
        self._began = self._told = time.monotonic()

    def __call__(self) -> None:
        now, acts = time.monotonic(), self._acts
        told = say("{done} of {count} seats are done", done=len(acts.done), count=len(acts.seats))
        line = f"  … {told} ({now - self._began:.0f} s)"
        self._line(line)
        if now - self._told >= QUIET_S and not sys.stdout.isatty():
            show(line)
            self._told = now

    def over(self) -> None:
        """Remove the moving line: a seat is shown in its place."""
        self._line("")
        self._told = time.monotonic()


def _interrupted(acts: AtOnce[str]) -> str:
    names = [one.name for one in acts.seats]
    done = [name for name in names if name in acts.done]
    begun = [name for name in names if name in acts.begun and name not in acts.done]
    not_begun = [name for name in names if name not in acts.begun]
    parts = (
        say("Interrupted."),
        say("Done: {names}.", names=", ".join(done)) if done else "",
        say("Begun: {names}.", names=", ".join(begun)) if begun else "",
        say("Unchanged: {names}.", names=", ".join(not_begun)) if not_begun else "",
    )
    return " ".join(filter(None, parts))


def each(seats: Sequence[Seat], act: Callable[[Seat], str]) -> int:
    """Do something on each seat, one after the other, and say what came of it.

    The first failure ends it, as it does not depend on the seat: return 1 then, else 0.

    Raises:
        InterruptedWaitError: Ctrl-C; names the seat.
    """
    line = moving()
    for place, one in enumerate(seats, 1):
        line(f"  … {one.name}")
        try:
            came = act(one)
        except KeyboardInterrupt:
            line("")
            told = say(
                "Interrupted at seat {name}; the seats after it are unchanged.", name=one.name
            )
            raise InterruptedWaitError(told) from None
        except WarmbookError as error:
            line("")
            _show(one, error)
            if after := [other.name for other in seats[place:]]:
                show_wrapped(say("Not done: {names}", names=", ".join(after)), sys.stderr)
            return 1
        line("")
        _show(one, came)
    return 0


def _show(one: Seat, came: str | Exception) -> bool:
    """Show what came of a seat; return whether it failed."""
    from ...display.card import Row

    failed = isinstance(came, Exception)
    row = Row(one.name, str(came), "error" if failed else "ok")
    show_wrapped(row, sys.stderr if failed else sys.stdout)
    return failed
