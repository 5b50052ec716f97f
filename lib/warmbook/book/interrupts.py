"""Ctrl-C while a notebook runs: the first ends its cell, which says what goes on; the next all.

Without this Ctrl-C would end the runner alone, for the kernel has a session of its own. SIGTERM
is Ctrl-C too, for every verb.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

GRACE_S = 2.0
"""How long a cell may take to end after Ctrl-C, in seconds, before its kernel is killed."""


class Termination:
    """A context in which SIGTERM is Ctrl-C: it goes to whoever has taken Ctrl-C over.

    CI systems cancel a job by SIGTERM, some of them sent to each process of a group and passed
    on too, then by SIGKILL. So only the first counts.
    """

    def __init__(self) -> None:
        self._came = False
        self._before: Any = None

    @property
    def status(self) -> int:
        """The exit status after Ctrl-C: 128 and the number of the signal that it was."""
        return 128 + (signal.SIGTERM if self._came else signal.SIGINT)

    def __enter__(self) -> Termination:
        """Take SIGTERM over, which only a program's main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._arrives)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def _arrives(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            return
        self._came = True
        ctrl_c = signal.getsignal(signal.SIGINT)
        if not callable(ctrl_c):  # a shell starts what runs in the background without Ctrl-C
            raise KeyboardInterrupt
        ctrl_c(signal.SIGINT, frame)


class CtrlC:
    """A context that counts how many `times` Ctrl-C was pressed while `client` runs a notebook."""

    def __init__(self) -> None:
        self.times = 0
        self.client: Any = None
        self._before: Any = None
        self._kernel: Any = None
        self._late: threading.Timer | None = None

    def __enter__(self) -> None:
        """Take Ctrl-C over, which only a program's main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._press)

    def __exit__(self, *_: object) -> None:
        """Wait until the kernel is gone, if it was told to go."""
        if self._late:
            self._late.cancel()
        if self._before:
            signal.signal(signal.SIGINT, self._before)
        if self._kernel:
            with suppress(subprocess.TimeoutExpired):
                self._kernel.wait(GRACE_S)

    def _press(self, *_: object) -> None:
        self.times += 1
        manager = self.client and self.client.km
        self._kernel = manager and manager.provisioner and manager.provisioner.process
        if not self._kernel:
            raise KeyboardInterrupt
        if self.times > 1:
            self._kernel.kill()
            raise KeyboardInterrupt
        self._kernel.send_signal(signal.SIGINT)
        self._late = threading.Timer(GRACE_S, self._kernel.kill)
        self._late.start()
