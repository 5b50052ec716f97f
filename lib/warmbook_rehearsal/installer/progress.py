"""Progress of what takes longer: one moving line on a terminal, few lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

Tell = Callable[[str, "float | None"], None]
"""Called with what is being done, and the share of it that is done, 0 to 1, if known."""

QUIET_S = 10
"""Seconds between two lines of progress where there is no terminal."""


SILENT_S = 2.0
"""Seconds without progress until a wait is shown."""

LOOK_S = 0.5


class Wait:
    """A wait that is shown if nothing else was for SILENT_S seconds; a short one never is."""

    def __init__(
        self, what: str, show: Tell | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what, self._show, self._clock = what, show or teller(), clock
        self._now: tuple[str, float | None] = what, None
        self._told_s, self._begun, self._shown = clock(), False, False
        self._over, self._lock = threading.Event(), threading.Lock()

    def begin(self) -> Wait:
        """Look from now on, in a thread, whether the wait must be shown; do nothing if it does."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __enter__(self) -> Wait:
        return self.begin()

    def __exit__(self, kind: object, *_: object) -> None:
        self.over(done=kind is None)

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            self.look()

    def tell(self, what: str, share: float | None) -> None:
        """Show progress of a part of the wait; it stands for the wait until it is done."""
        with self._lock:
            self._now = (self._what, None) if share == 1 else (what, share)
            self._told_s = self._clock()
            self._show(what, share)

    def look(self) -> None:
        """Show the wait, or the part that was told last, if nothing has been shown for long."""
        with self._lock:
            if not self._over.is_set() and self._clock() - self._told_s >= SILENT_S:
                self._shown = self._shown or self._now[0] == self._what
                with suppress(OSError):  # the terminal is gone
                    self._show(*self._now)

    def over(self, *, done: bool = True) -> None:
        """End the wait; if it was shown and is done, say so."""
        with self._lock:
            if done and self._shown and not self._over.is_set():
                with suppress(OSError):
                    self._show(self._what, 1.0)
            self._over.set()


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


STARTING = Wait("Starting the rehearsal")
"""The wait of this process until its command begins; its imports are part of it."""
