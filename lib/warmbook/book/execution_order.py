"""The notebooks of a run, executed one after the other into its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..files import FULL, writing
from .deadline import Deadline
from .execution import Done, execute
from .follower import Follower
from .kernels import Kernels
from .run import PASSED


@dataclass(frozen=True)
class Execution:
    """Runs notebooks into `folder` with the `given` parameters; without one, keeps no copies."""

    folder: Path | None
    given: Mapping[str, str]
    kernels: Kernels
    follower: Follower

    def run_in_order(self, pairs: Sequence[tuple[Path, Done]], deadline: Deadline) -> None:
        """Run each notebook until one does not pass."""
        for book, done in pairs:
            self.run_one(book, done, deadline)
            if done.status != PASSED:
                return

    def run_one(self, book: Path, done: Done, deadline: Deadline) -> None:
        """Run a notebook, unless no time is left."""
        copy = self.folder and self.folder / book.name
        self.follower.notebook_started(done.name)
        try:
            with _room_for(copy):
                execute(book, copy, self.given, self.kernels, self.follower, done, deadline)
        finally:
            if done.status != "not-run":
                self.follower.notebook_ended(done)


@contextmanager
def _room_for(copy: Path | None) -> Iterator[None]:
    """Say of a disk that has no room left for a notebook's copy that it is full.

    Raises:
        SettingsError: It is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL or not copy:
            raise
        with writing(copy):
            raise
