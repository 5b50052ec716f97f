"""Act on many seats at the same time, at most a given number at once."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from ...errors import UnreachableError, WarmbookError
from ...texts import say
from .seats import Seat

T = TypeVar("T")

LOOK_S = 0.2
"""How often whoever waits is told of it, in seconds."""


class AtOnce(Generic[T]):
    """Acts that have begun: `done` has what came of each seat so far, by its name.

    The threads do not keep the command from ending: what they wait for goes on without it.
    """

    def __init__(self, seats: Sequence[Seat], act: Callable[[Seat], T], most: int) -> None:
        self.seats, self._act = tuple(seats), act
        self._left = deque(self.seats)
        self._ended: SimpleQueue[tuple[Seat, T | Exception]] = SimpleQueue()
        self.begun: set[str] = set()
        self.done: dict[str, T | WarmbookError] = {}
        for _ in range(min(most, len(self.seats))):
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while self._left:
            try:
                one = self._left.popleft()
            except IndexError:  # another thread has the last one
                return
            self.begun.add(one.name)
            try:
                self._ended.put((one, self._act(one)))
            except Exception as error:
                self._ended.put((one, error))

    def as_they_end(
        self, within_s: float, tick: Callable[[], None] = lambda: None
    ) -> Iterator[T | WarmbookError]:
        """Yield what came of each seat, as they end; `tick` is called meanwhile.

        A seat that has not ended after `within_s` seconds does not answer. An error that is no
        WarmbookError is raised.
        """
        end = time.monotonic() + within_s
        while len(self.done) < len(self.seats) and (left_s := end - time.monotonic()) > 0:
            try:
                yield self._note(*self._ended.get(timeout=min(LOOK_S, left_s)))
            except Empty:
                tick()
        for one in self.seats:
            if one.name not in self.done:
                yield self._note(one, not_answering(one))

    def _note(self, one: Seat, came: T | Exception) -> T | WarmbookError:
        if isinstance(came, Exception) and not isinstance(came, WarmbookError):
            raise came
        self.done[one.name] = came
        return came

    def stop(self) -> None:
        """Begin no more; note what has ended meanwhile."""
        self._left.clear()
        while not self._ended.empty():
            self._note(*self._ended.get())


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def not_answering(one: Seat) -> UnreachableError:
    """Return the error for a seat whose rehearsal does not answer."""
    return UnreachableError(
        say("Seat {name} does not answer.", name=one.name), remedy=say("Reset the seat.")
    )
