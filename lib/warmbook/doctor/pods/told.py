"""A diagnosis as a card: the cause by its name, the line that proves it, the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...display.card import Card, Row
from ...errors import GUIDE_TO_PITFALLS
from ...severity import Severity
from ...texts import say
from ..pitfalls import pitfall
from .evidence import Diagnosis


@dataclass(frozen=True, repr=False)
class Told(Card):
    """What is known of one Pod: its diagnoses, or the first exception where none has a name.

    `state` is "up", "failed", "unfinished" or "none", by its log or its events.
    """

    pod: str
    state: str
    diagnoses: Sequence[Diagnosis] = ()
    exception: str = ""

    @property
    def found(self) -> bool:
        """Whether something is wrong."""
        return bool(self.diagnoses or self.exception) or self.state in ("failed", "unfinished")

    def title(self) -> str:
        pod = self.pod or say("the server")
        if self.diagnoses:
            return say("{pod}: {pitfall}", pod=pod, pitfall=self.diagnoses[0].pitfall)
        if self.exception:
            return say("{pod} failed with an error that is not in the catalogue", pod=pod)
        if self.state == "failed":
            return say("{pod} failed, and the cause is not in this log", pod=pod)
        if self.state == "unfinished":
            return say("{pod} is not ready yet, with no sign of a failure", pod=pod)
        return say("{pod}: the start succeeded", pod=pod)

    def rows(self) -> Sequence[Row]:
        return [*self._caused(), *_quoted(self.exception, "error")] or [*self._well()]

    def note(self) -> str:
        if not self.diagnoses:
            return ""
        return f"{GUIDE_TO_PITFALLS}#{self.diagnoses[0].pitfall}"

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it, with the texts in the reader's language."""
        return {
            "pod": self.pod,
            "state": self.state,
            "found": [recorded(one) for one in self.diagnoses],
            "exception": self.exception,
        }

    def _caused(self) -> Iterator[Row]:
        for place, one in enumerate(self.diagnoses):
            entry = pitfall(one.pitfall)
            if place:
                yield Row(say("Also"), one.pitfall, "warning")
            yield Row(say("Cause"), say(entry.cause), "warning" if place else "error")
            yield from _quoted(one.quote)
            yield Row(say("Remedy"), say(entry.remedy))

    def _well(self) -> Iterator[Row]:
        if self.state == "up":
            yield Row(say("Server"), say("up"), "ok")
        elif self.state == "unfinished":
            yield Row(
                say("Server"), say("it may still be loading, or its log is truncated"), "warning"
            )
        elif self.state == "failed":
            yield Row(say("Server"), say("failed"), "error")


def recorded(one: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as JSON has it."""
    entry = pitfall(one.pitfall)
    return {
        "pitfall": one.pitfall,
        "quote": one.quote,
        "cause": say(entry.cause),
        "remedy": say(entry.remedy),
        "lasts": one.hopeless,
    }


def _quoted(quote: str, severity: Severity = "info") -> Iterator[Row]:
    lines = [line for line in quote.splitlines() if line.strip()]
    for place, line in enumerate(lines):
        yield Row(say("Evidence") if place == 0 else "…", f"«{line.strip()}»", severity)
