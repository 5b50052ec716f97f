"""Progress of what takes longer: one moving line on a terminal, few lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Tell = Callable[[str, "float | None"], None]
"""Called with what is being done, and the share of it that is done, 0 to 1, if known."""

QUIET_S = 10
"""Seconds between two lines of progress where there is no terminal."""


def teller() -> Tell:
    """Return a reporter that writes to the standard error."""
    moving = sys.stderr.isatty()
    last, told_s, start = "", 0.0, time.monotonic()

    def tell(what: str, share: float | None) -> None:
        nonlocal last, told_s
        now = time.monotonic()
        percent = "" if share is None else f" {share:.0%}"
        line = f"  {what}{percent} ({now - start:.0f} s)"
        if moving:
            end = "\n" if share == 1 else ""
            print(f"\r\x1b[K{line}", end=end, file=sys.stderr, flush=True)
        elif what != last or share == 1 or now - told_s >= QUIET_S:
            print(line, file=sys.stderr, flush=True)
            last, told_s = what, now

    return tell
