"""The end of a rehearsal: who asks for it, how long it may take, and how it is forced."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from .installer.progress import Wait
from .processes import kill_below
from .rehearsal import Rehearsal

LIMIT_S = 10.0
"""How long a rehearsal may take to stop once its command has ended, in seconds."""

LIMIT_AFTER_SIGTERM_S = 1.5
"""The same after SIGTERM: CI systems send SIGKILL some seconds later."""

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """A context that takes the signals over by which a rehearsal is stopped.

    `asked` is set by the first, `forced` by a Ctrl-C after it. A second SIGTERM is none of these:
    CI systems send it to every process of a group, and what is above passes it on too.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.asked, self.forced = asyncio.Event(), asyncio.Event()
        self.first: signal.Signals | None = None
        self._rehearsal, self._loop = rehearsal, asyncio.get_running_loop()
        self._status, self._leaving = 1, False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stopping:
        self._before = {number: signal.signal(number, self._arrives) for number in NUMBERS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrives(self, number: int, frame: FrameType | None) -> None:
        if self.first is None:
            self.first = signal.Signals(number)
            self._loop.call_soon_threadsafe(self.asked.set)
        elif number == signal.SIGINT and self._leaving:  # at once, also where the loop hangs
            self._force(128 + number)
        elif number == signal.SIGINT:
            self._loop.call_soon_threadsafe(self.forced.set)

    def status_after(self, status: int) -> int:
        """Return the exit status after a command that ended with `status`."""
        self._status = 128 + signal.SIGTERM if self.first == signal.SIGTERM else status
        return self._status

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """Enter the rehearsal; leave it within the limit, or by force."""
        await self._rehearsal.__aenter__()
        try:
            yield
        finally:
            self._leaving = True
            if self.forced.is_set():
                self._force(128 + signal.SIGINT)
            limit_s = LIMIT_AFTER_SIGTERM_S if self.first == signal.SIGTERM else LIMIT_S
            late = threading.Timer(limit_s, self._too_late, (limit_s,))
            late.daemon = True
            late.start()
            with Wait("Stopping the rehearsal"):
                await self._rehearsal.__aexit__()
            late.cancel()

    def _too_late(self, limit_s: float) -> None:
        print(
            f"warmbook_rehearsal: it did not stop within {limit_s:g} s and was ended by force",
            file=sys.stderr,
            flush=True,
        )
        self._force(self._status)

    def _force(self, status: int) -> None:
        """Kill every process below this one, remove the state folder, and end."""
        try:
            kill_below(os.getpid())
            self._rehearsal.remove_files()
            sys.stdout.flush()
        finally:
            os._exit(status)
