"""The records of a seat: what all records of one learner say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..schema import Answer, GymRound, Notebook, Record


@dataclass(frozen=True)
class SeatRecords:
    """The records of a seat in `folder`, oldest first; `problems` are files left out."""

    name: str
    folder: Path
    records: tuple[Record, ...]
    problems: Mapping[str, str]

    @property
    def account(self) -> str:
        """Who worked last, by the credentials; empty where no record tells."""
        return next((one.account for one in reversed(self.records) if one.account), "")

    @property
    def began(self) -> str:
        """When the first record begins; empty where none tells."""
        return min((one.began for one in self.records if one.began), default="")

    @property
    def ended(self) -> str:
        """When the last record ends; empty where none tells."""
        return max((one.ended for one in self.records if one.ended), default="")

    @cached_property
    def notebooks(self) -> dict[str, Notebook]:
        """Each notebook by name: passed if it has passed once, its seconds added up."""
        merged: dict[str, Notebook] = {}
        for book in (book for record in self.records for book in record.notebooks):
            merged[book.name] = _together(merged.get(book.name), book)
        return dict(sorted(merged.items()))

    @property
    def passed(self) -> int:
        """How many notebooks have passed."""
        return sum(book.status == "passed" for book in self.notebooks.values())

    @property
    def failed(self) -> tuple[str, ...]:
        """The notebooks that failed or were interrupted, and have not passed since."""
        bad = ("failed", "interrupted")
        return tuple(name for name, book in self.notebooks.items() if book.status in bad)

    @property
    def seconds(self) -> float:
        """How long the notebooks ran altogether."""
        return sum(book.seconds for book in self.notebooks.values())

    @cached_property
    def checks(self) -> dict[tuple[str, str], bool]:
        """Each claim by the name of its notebook, and whether it held the last time."""
        books = (book for record in self.records for book in record.notebooks)
        return {(book.name, one.claim): one.passed for book in books for one in book.checks}

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """The last answer to each exercise."""
        found = (answer for record in self.records for answer in record.answers)
        return {answer.exercise: answer for answer in found}

    @property
    def judged(self) -> list[bool]:
        """Whether each answer was right, of those for which that is known."""
        return [one.right for one in self.answers.values() if one.right is not None]

    @cached_property
    def rounds(self) -> tuple[GymRound, ...]:
        """Every round of the gym, once: one that continued in another record as it ended there."""
        found: dict[object, GymRound] = {}
        for one in (one for record in self.records for one in record.gym):
            key = one.id or one.at or id(one)
            found[key] = max(found.get(key, one), one, key=_progress)
        return tuple(found.values())

    @property
    def gym_points(self) -> float | None:
        """The mean grade of the rounds that were graded, from 0 to 1; None without any."""
        graded = [one.points for one in self.rounds if one.done]
        return sum(graded) / len(graded) if graded else None

    @property
    def measured(self) -> Record | None:
        """The last record that has a cold start."""
        return next((one for one in reversed(self.records) if one.phases), None)

    @property
    def cold_start_s(self) -> float | None:
        """The last cold start that was measured, in seconds, until ready."""
        return self.measured.ready_s if self.measured else None

    @property
    def gib_s(self) -> float | None:
        """The rate of the slowest stream of that start, in GiB/s."""
        stream = self.measured.slowest_stream if self.measured else None
        return stream.gib_s if stream else None


def _progress(one: GymRound) -> tuple[bool, float, float]:
    """Return what orders the states of one round by time: it ends once, and points only rise."""
    return one.done, one.seconds, one.points


def _together(before: Notebook | None, later: Notebook) -> Notebook:
    if before is None:
        return later
    kept = before if later.status == "not-run" or before.status == "passed" else later
    return kept.model_copy(update={"seconds": before.seconds + later.seconds})
