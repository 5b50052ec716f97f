"""A line of the doctor, and the card that holds all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from textwrap import indent
from typing import Any

from ...display.card import Card, Row, folded
from ...errors import GUIDE_TO_PITFALLS, Remedy
from ...severity import Severity
from ...texts import say

STATES: dict[Severity, str] = {"ok": "ok", "info": "later", "warning": "wait", "error": "bad"}
"""What `doctor --json` writes; info: a notebook still to come makes it, so nothing is judged."""


@dataclass(frozen=True)
class Checkup:
    """One line: its `severity`, `what` it means, the remedy, a `command` to copy, the pitfall."""

    severity: Severity
    what: str
    remedy: str = ""
    command: str = ""
    pitfall: str = ""
    name: str = ""

    def row(self) -> Row:
        """Return the line for a card: what it means, after an arrow the remedy, the pitfall."""
        told = " → ".join(filter(None, (self.what, self.remedy)))
        return Row(self.name, f"{told} ({self.pitfall})" if self.pitfall else told, self.severity)

    def record(self) -> dict[str, str]:
        """Return the line as JSON has it; its key `state` is older than the scale."""
        fields = asdict(self)
        return {"state": STATES[fields.pop("severity")], **fields}

    def __str__(self) -> str:
        lines = [str(Row(self.name, self.what, self.severity))]
        if self.remedy:
            lines.append(f"    → {self.remedy}")
        if self.command and self.severity != "info":
            lines.append(indent(self.command, "      "))
        if self.pitfall:
            lines.append(f"    ({GUIDE_TO_PITFALLS}#{self.pitfall})")
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Examination(Card):
    """All lines; true if nothing stands in the way of the notebook `before` which it is.

    As a card it is brief: what is in order shares a line, and so does what comes later.
    """

    checkups: tuple[Checkup, ...]
    before: str

    @property
    def healthy(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.in_the_way

    def __bool__(self) -> bool:
        return self.healthy

    @property
    def in_the_way(self) -> list[Checkup]:
        """The lines that must be mended first."""
        return self._of("error")

    @property
    def why(self) -> str:
        """What stands in the way, "" if nothing does."""
        return "; ".join(one.what.removesuffix(".") for one in self.in_the_way)

    @property
    def remedies(self) -> list[Remedy]:
        """What helps against it, each once, with its command."""
        ways = (Remedy(one.remedy, one.command) for one in self.in_the_way)
        return list(dict.fromkeys(one for one in ways if one.text or one.command))

    @property
    def pitfall(self) -> str:
        """Name of the first pitfall that stands in the way, "" where there is none."""
        return next((one.pitfall for one in self.in_the_way if one.pitfall), "")

    def _of(self, severity: Severity) -> list[Checkup]:
        return [one for one in self.checkups if one.severity == severity]

    def title(self) -> str:
        if self.healthy:
            return say("All preflight checks passed for notebook {number}", number=self.before)
        count = len(self.in_the_way)
        return say(
            "Failed preflight checks for notebook {number}: {count}",
            count=count,
            number=self.before,
        )

    def rows(self) -> Sequence[Row]:
        fine = ", ".join(one.name for one in self._of("ok"))
        return (
            *(one.row() for one in (*self.in_the_way, *self._of("warning"))),
            *([Row(say("checks passed"), fine, "ok")] if fine else ()),
            *(one.row() for one in self._of("info")),
        )

    def table(self) -> str:
        """Return every line with its remedy and its command, for a terminal."""
        return "\n".join([f"{self.mark[0]} {self.title()}", *map(str, self.checkups)])

    def below(self) -> str:
        mending = [one for one in (*self.in_the_way, *self._of("warning")) if one.command]
        told = "\n\n".join(f"# {one.name}\n{one.command}" for one in mending)
        return super().below() + folded(say("Commands"), told)

    def record(self) -> dict[str, Any]:
        """Return the lines as JSON has them."""
        lines = [checkup.record() for checkup in self.checkups]
        return {"before": self.before, "healthy": self.healthy, "checkups": lines}
