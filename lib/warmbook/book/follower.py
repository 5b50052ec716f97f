"""Who follows a run while it goes on: the command line, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..measure.runs.schema import Check
    from .execution import Done
    from .run import Run


@dataclass(frozen=True)
class Waiting:
    """A moment of a wait in a cell: as a line, for what, its state, the seconds since it began."""

    line: str
    what: str
    state: str
    elapsed_s: float


class Follower:
    """Follows a run; each method does nothing unless it is overridden."""

    run: Run | None = None
    """The run, once nothing was refused; it is kept up to date."""

    def run_started(self, run: Run) -> None:
        """Take note of a run that begins now."""
        self.run = run

    def notebook_started(self, notebook: str) -> None:
        """Take note of a notebook that begins now."""

    def waits(self, notebook: str, waiting: Waiting) -> None:
        """Take note of what a cell waits for."""

    def checked(self, notebook: str, check: Check) -> None:
        """Take note of a claim that was checked."""

    def notebook_ended(self, done: Done) -> None:
        """Take note of how a notebook ended."""
