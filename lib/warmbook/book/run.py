"""A run of the notebooks: what is known of it, and its record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..cloud.rehearsal import Network
from ..errors import WarmbookError
from ..measure.runs import measured
from ..measure.runs.record import FILE
from ..measure.runs.schema import SCHEMA, Record
from . import origin
from .execution import Done

CLEANUP = "10"
"""The number of the notebook that cleans up."""

PASSED, FAILED, INTERRUPTED, TIMED_OUT = "passed", "failed", "interrupted", "timed-out"
CLEANUP_FAILED, NOT_RUN = "cleanup-failed", "not-run"


@dataclass
class Run:
    """A run of the book, and what it measured."""

    target: str
    settings: dict[str, Any]
    network: Network | None = None
    """How the network was shaped, if it was."""
    origin: dict[str, Any] = field(default_factory=dict)
    """What tells this run from any other: see `origin.begun`."""
    notebooks: list[Done] = field(default_factory=list)
    measured: dict[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    earlier: Path | None = None
    """Where an earlier run of the same folder was moved, if there was one."""
    interrupted: bool = False
    """Whether Ctrl-C ended it."""
    problems: list[OSError | WarmbookError] = field(default_factory=list)
    """What could not be written, and does not change how it ended."""

    @property
    def file(self) -> Path:
        """Where the record is written."""
        return self.folder / FILE

    @property
    def passed(self) -> bool:
        """Whether every notebook ran to its end."""
        return all(done.status == PASSED for done in self.notebooks)

    @property
    def outcome(self) -> str:
        """How it ended: `passed`, `failed`, `timed-out`, `interrupted` or `cleanup-failed`.

        The first notebook that did not pass decides, except that Ctrl-C always does. Only the
        cleanup failed if every other notebook passed.
        """
        ended = self._not_passed
        if self.interrupted or any(done.status == INTERRUPTED for done in ended):
            return INTERRUPTED
        if not ended:
            return PASSED if self.passed else FAILED
        if not _cleans_up(ended[0]):
            return ended[0].status
        others = [done for done in self.notebooks if not _cleans_up(done)]
        return CLEANUP_FAILED if all(done.status == PASSED for done in others) else FAILED

    @property
    def over(self) -> bool:
        """Whether its outcome is known: by every notebook, by one that did not pass, by Ctrl-C."""
        return self.passed or self.interrupted or bool(self._not_passed)

    @property
    def _not_passed(self) -> list[Done]:
        return [done for done in self.notebooks if done.status not in (PASSED, NOT_RUN)]

    @property
    def cleaned_up(self) -> bool:
        """Whether notebook 10 ran to its end."""
        return any(_cleans_up(done) and done.status == PASSED for done in self.notebooks)

    @property
    def unfit(self) -> list[str]:
        """Keys of the record whose measurement is not as the schema says."""
        return measured.unfit(self._fields())

    def record(self) -> Record:
        """Return the run's record; what is `unfit` counts as not measured."""
        nothing = replace(self, measured={})._fields()
        return measured.checked({**self._fields(), **{name: nothing[name] for name in self.unfit}})

    def _fields(self) -> dict[str, Any]:
        """Return the keys of the record, with what the notebooks have recorded."""
        return {
            "schema": SCHEMA,
            "interactive": False,
            **self.origin,
            "target": self.target,
            "settings": self.settings,
            "versions": {**origin.versions(), **measured.packages(self.measured)},
            "notebooks": [done.dumped() for done in self.notebooks],
            **measured.NOTHING,
            **measured.keys(self.measured),
            "shaped": self.network and self.network.model_dump(),
        }


def _cleans_up(done: Done) -> bool:
    return done.name.startswith(CLEANUP)
