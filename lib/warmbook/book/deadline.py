"""The time that a run may take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Deadline:
    """The end of `limit_s` seconds from now; without a limit it never comes."""

    def __init__(
        self, limit_s: float | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit_s, self._clock, self._began = limit_s, clock, clock()

    @property
    def left_s(self) -> float | None:
        """The seconds that are left, at least 0; None without a limit."""
        if self.limit_s is None:
            return None
        return max(0.0, self.limit_s - (self._clock() - self._began))

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return self.left_s == 0
