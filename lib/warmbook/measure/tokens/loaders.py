"""The same tokens, whoever loaded the weights: each loader's answers held against one's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...display.card import Card, Row
from ...serving.prompts import PROMPTS, Answers, Difference, differences
from ...severity import Severity
from ...texts import say
from ..runs import schema
from .server import NAME, Served, first_difference, known_reports


@dataclass(frozen=True, repr=False)
class Parity(Card):
    """Whether each loader brought the same weights: its greedy answers beside the reference's.

    `answers` are by loader, `reference` names the one that the others are held against, `again`
    are the answers of its second run; `declined` is what a server says that answers nothing.
    `server` is what the running server had answered to the same prompts, if it was asked.
    """

    answers: Mapping[str, Answers]
    reference: str
    again: Answers | None
    version: str
    distributed: bool = False
    declined: str = ""
    server: Served | None = None

    @property
    def parted(self) -> dict[str, list[Difference]]:
        """Where each loader's answers part from the reference's; empty without a reference."""
        reference = self.answers.get(self.reference)
        if reference is None:
            return {}
        return {name: differences(reference, found) for name, found in self.answers.items()}

    @property
    def repeats(self) -> bool:
        """Whether the reference gives the same tokens twice on this machine."""
        reference = self.answers.get(self.reference)
        return bool(reference and self.again and not differences(reference, self.again))

    @property
    def corrupted(self) -> tuple[str, ...]:
        """Who brought other weights: loaders with other tokens on a machine that repeats itself.

        The server too, where its answers prove it.
        """
        loaders = [name for name, parted in self.parted.items() if parted and self.repeats]
        return (*loaders, *([NAME] if self.server and self.server.corrupted else []))

    @property
    def equal(self) -> bool:
        """Whether at least one other loader was compared, and each gave the same tokens."""
        return self.repeats and len(self.answers) > 1 and not self.corrupted

    def title(self) -> str:
        if len(self.parted) < 2:
            return say("No answers to compare")
        if not self.repeats:
            return say("This machine does not reproduce its own answers: no conclusion is possible")
        if self.corrupted:
            return say("Different tokens: the weights are corrupted")
        return say("All loaders produce the same tokens for {count} prompts", count=len(PROMPTS))

    def rows(self) -> Sequence[Row]:
        declined = [Row(say("no answer"), self.declined, "warning")] if self.declined else []
        loaders = (self._row(name, parted) for name, parted in self.parted.items())
        return (*declined, *loaders, *(self.server.rows() if self.server else ()))

    def _row(self, name: str, parted: Sequence[Difference]) -> Row:
        counts = {"equal": len(PROMPTS) - len(parted), "count": len(PROMPTS)}
        told = say("{equal} of {count} answers equal", **counts)
        if not parted:
            return Row(name, told, "ok")
        severity: Severity = "error" if self.repeats else "warning"
        return Row(name, f"{told}; {first_difference(parted)}", severity)

    def note(self) -> str:
        if self.corrupted:
            return known_reports(self.version, distributed=self.distributed)
        return self.server.note() if self.server else ""

    def record(self) -> dict[str, Any]:
        """Return the outcome for the run record: of the loader that differs most, if one does."""
        others = {name: parted for name, parted in self.parted.items() if name != self.reference}
        if not others:
            return {}
        worst = max(others, key=lambda name: len(others[name]))
        first = others[worst][0] if others[worst] else None
        return schema.RecordedParity(
            prompts=len(PROMPTS),
            equal=len(PROMPTS) - len(others[worst]),
            against=self.reference,
            first_difference={"loader": worst, **vars(first)} if first else None,
        ).dumped()
