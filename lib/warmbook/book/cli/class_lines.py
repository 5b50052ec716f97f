"""What the verbs of a class print: a line for each seat, and how far they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ...errors import InterruptedWaitError, WarmbookError
from ...terminal import redraw, show
from ...texts import say
from .screen import show_wrapped

if TYPE_CHECKING:
    from ..classroom.seats import Seat


def moving() -> Callable[[str], None]:
    """Return what writes a line in the place of the one before, on a terminal only."""
    return redraw if sys.stdout.isatty() else lambda _: None


def teller() -> Callable[[int, int, float], None]:
    """Return a reporter of how many seats are up: one line, which moves on a terminal."""
    on_terminal, last = sys.stdout.isatty(), [-1]

    def tell(up: int, count: int, seconds: float) -> None:
        line = "  … " + say("{up} of {count} seats are up", up=up, count=count)
        if on_terminal:
            redraw(f"{line} ({seconds:.0f} s)" if up < count else "")
        elif up != last[0]:
            show(line)
        last[0] = up

    return tell


def show_links(seats: Sequence[Seat], memory: dict[str, int]) -> None:
    """Show the link and the memory of each seat; `memory` is in bytes."""
    from ...units import size

    for one in seats:
        running = one.running()
        link = running.link if running and one.occupied else say("not running")
        show_wrapped(f"  {one.name}  {size(memory[one.name]):>10}  {link}")
    total = size(sum(memory.values()))
    show_wrapped("  " + say("Memory of these seats: {size}. It grows with the work.", size=total))


def each(seats: Iterable[Seat], act: Callable[[Seat], str], *, after_ctrl_c: str = "") -> int:
    """Do something on each seat and say what came of it; return 1 if it failed on one.

    Raises:
        InterruptedWaitError: Ctrl-C; names the seat.
    """
    from ...display.card import Row

    failed = 0
    line = moving()
    for one in seats:
        line(f"  … {one.name}")
        try:
            row, file = Row(one.name, act(one), "ok"), sys.stdout
        except WarmbookError as error:
            failed += 1
            row, file = Row(one.name, str(error), "error"), sys.stderr
        except KeyboardInterrupt:
            raise InterruptedWaitError(
                say("Interrupted at seat {name}; the seats after it are unchanged.", name=one.name),
                remedy=after_ctrl_c,
            ) from None
        line("")
        show_wrapped(row, file)
    return min(failed, 1)
