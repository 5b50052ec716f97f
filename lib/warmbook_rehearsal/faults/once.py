"""What a fault does once, and once more while the guide is graded if nobody has repaired it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Left = TypeVar("Left")


def _nothing() -> None:
    """Do nothing."""


class Once(Generic[Left]):
    """An act of a fault that happens once, so that a repair lasts.

    The guide repairs some of it on its way: notebook 02 grants roles, 05 makes the service
    account. While the guide is graded, the fault is held: if its effect was in place when the hold
    began, the act is due until the hold ends. Then, and when the fault calls `keep_up`, it happens
    `again`, which undoes what the guide has repaired meanwhile, and nothing else.
    """

    def __init__(self, in_place: Callable[[], Left], again: Callable[[], None] = _nothing) -> None:
        self.due = True
        self.left: Left | None = None
        """What `in_place` returned at the beginning of the hold, None outside of one."""
        self._in_place, self._again = in_place, again

    def done(self) -> None:
        """Note that the act has happened; in a hold, it stays due."""
        self.due = self.left is not None

    def hold(self) -> None:
        """Let the act be due again if its effect is in place."""
        if not self.due and (left := self._in_place()):
            self.due, self.left = True, left

    def keep_up(self) -> None:
        """In a hold, undo what the guide has repaired by now."""
        if self.left is not None:
            self._again()

    def release(self) -> None:
        """End the hold, if there is one."""
        if self.left is not None:
            self._again()
            self.due, self.left = False, None
