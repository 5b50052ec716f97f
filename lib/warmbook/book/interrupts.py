"""Ctrl-C while a notebook runs: the first ends its cell, which says what goes on; the next all.

Without this Ctrl-C would end the runner alone, for the kernel has a session of its own. SIGTERM
is Ctrl-C too, for every verb.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from .deadline import Deadline

GRACE_S = 2.0
"""How long a cell may take to end after Ctrl-C, in seconds, before its kernel is killed."""

DEADLINE_GRACE_S = 10.0
"""The same after a deadline, when nobody sits and waits."""


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
    """A context that ends the notebook of `client` at Ctrl-C, and at a deadline as at Ctrl-C.

    It counts how many `times` Ctrl-C was pressed.
    """

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.times = 0
        self.timed_out = False
        """Whether the deadline came before any Ctrl-C."""
        self.client: Any = None
        self._deadline = deadline or Deadline()
        self._before: Any = None
        self._kernel: Any = None
        self._alarm: threading.Timer | None = None
        self._rings = False
        """Whether the alarm's signal was sent and has not arrived yet."""
        self._sending = threading.Lock()
        self._over = False
        self._late: threading.Timer | None = None

    def __enter__(self) -> None:
        """Take Ctrl-C over, which only a program's main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._press)
            if self._deadline.left_s is not None:
                self._alarm = threading.Timer(self._deadline.left_s, self._ring)
                self._alarm.start()

    def __exit__(self, *_: object) -> None:
        """Take an alarm that is on its way; wait until the kernel is gone, if it was told to go."""
        self._over = True
        self._take_late_alarm()
        for timer in filter(None, (self._alarm, self._late)):
            timer.cancel()
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._kernel:
            with suppress(subprocess.TimeoutExpired):
                self._kernel.wait(GRACE_S)

    def ended_without_a_kernel(self) -> None:
        """Count a KeyboardInterrupt that nobody has counted: this is no main thread."""
        if not self.stopped:
            self.times += 1

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C or the deadline came."""
        return self.timed_out or self.times > 0

    def _ring(self) -> None:
        """Send the main thread a Ctrl-C, which also wakes it from its wait for the kernel."""
        with self._sending:
            if not self.stopped and not self._over:
                self._rings = True
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _take_late_alarm(self) -> None:
        """Wait for a signal that the alarm sends now: later it would end something else."""
        with self._sending:
            end = time.monotonic() + GRACE_S
        while self._rings and time.monotonic() < end:
            time.sleep(0.001)

    def _press(self, *_: object) -> None:
        again = self.stopped
        if self._rings:
            self._rings = False
            if again or self._over:
                return
            self.timed_out = True
        else:
            self.times += 1
            if self._over:
                return
        manager = self.client and self.client.km
        self._kernel = manager and manager.provisioner and manager.provisioner.process
        if not self._kernel:
            raise KeyboardInterrupt
        if again:
            self._kernel.kill()
            raise KeyboardInterrupt
        self._kernel.send_signal(signal.SIGINT)
        grace_s = DEADLINE_GRACE_S if self.timed_out else GRACE_S
        self._late = threading.Timer(grace_s, self._kernel.kill)
        self._late.start()
