"""The running server's answers beside the default loader's: equal, different, or corrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...display.card import Card, Row
from ...serving import vllm_releases
from ...serving.prompts import PROMPTS, Difference, Transcript, differences
from ...severity import Severity
from ...texts import say
from ..runs import schema

Verdict = Literal["declined", "unjudged", "equal", "different", "corrupted"]

CORRUPTED_SHARE = 0.5
"""Share of the prompts whose first token differs, from which on rounding explains it no more."""

NAME = "server"
SEVERITIES: dict[Verdict, Severity] = {
    "declined": "warning",
    "unjudged": "info",
    "equal": "ok",
    "different": "warning",
    "corrupted": "error",
}


@dataclass(frozen=True, repr=False)
class Served(Card):
    """A running server's greedy answers, held against the default loader's where these are known.

    The two need not agree in every token. The Job of notebook 09 runs the model as it is
    written; the server compiles it, captures CUDA graphs, and makes other batches. Each rounds
    in its own way, so where two tokens are nearly as likely, either may come. Damaged weights
    look otherwise: most answers part at their first token. What lies between is shown and not
    judged. A server that answers every prompt alike is judged without a reference.
    `declined` is why there are no answers.
    """

    transcript: Transcript | None
    reference: Transcript | None = None
    distributed: bool = False
    declined: str = ""

    @property
    def parted(self) -> list[Difference] | None:
        """Where the answers part from the reference's; None without one of the same origin."""
        mine, other = self.transcript, self.reference
        if mine is None or other is None or mine.origin != other.origin:
            return None
        return differences(other.answers, mine.answers)

    @property
    def verdict(self) -> Verdict:
        """What the answers prove."""
        if self.transcript is None:
            return "declined"
        if self._alike:
            return "corrupted"
        if (parted := self.parted) is None:
            return "unjudged"
        if not parted:
            return "equal"
        return "corrupted" if _at_once(parted) >= CORRUPTED_SHARE * len(PROMPTS) else "different"

    @property
    def corrupted(self) -> bool:
        """Whether only damaged weights explain the answers."""
        return self.verdict == "corrupted"

    def title(self) -> str:
        count = len(PROMPTS)
        titles = {
            "declined": say("No answers to compare"),
            "unjudged": say(
                "Server answers to {count} prompts: saved, not compared yet", count=count
            ),
            "equal": say(
                "The server's answers to {count} prompts match the default loader's", count=count
            ),
            "different": say(
                "The server's answers to a few prompts differ: this is within rounding"
            ),
            "corrupted": say("The server's answers differ: its weights are corrupted"),
        }
        return titles[self.verdict]

    def rows(self) -> Sequence[Row]:
        return (Row(say("server"), self._detail(), SEVERITIES[self.verdict]),)

    def note(self) -> str:
        notes = {
            "unjudged": say(
                "Notebook 09 sends the same prompts to the default loader and compares; in a "
                "terminal: python -m warmbook run --only 07,09"
            ),
            "different": say(
                "The server is compiled, the default loader's Job is not, so they round "
                "differently; of two almost equally likely tokens, either may result. With "
                "corrupted weights, most first tokens differ."
            ),
        }
        if self.corrupted and self.transcript:
            return known_reports(self.transcript.origin.vllm, distributed=self.distributed)
        return notes.get(self.verdict, "")

    def record(self) -> dict[str, Any]:
        """Return the answers for the reader's file, with what they proved; nothing if declined."""
        if self.transcript is None:
            return {}
        return {**self.transcript.record(), "outcome": self.outcome()}

    def outcome(self) -> dict[str, Any]:
        """Return what the answers proved, for the run record."""
        parted = self.parted
        return schema.RecordedServer(
            verdict=self.verdict,
            prompts=len(PROMPTS),
            equal=None if parted is None else len(PROMPTS) - len(parted),
            first_difference=vars(parted[0]) if parted else None,
        ).dumped()

    @property
    def _alike(self) -> bool:
        """Whether the answers are one and the same, as those of weights that are no numbers."""
        return self.transcript is not None and len({*self.transcript.answers.tokens}) == 1

    def _detail(self) -> str:
        if self.transcript is None:
            return self.declined
        if self._alike:
            one = repr(self.transcript.answers.texts[0])
            return say(
                "every prompt has the same answer, {answer}: the weights are corrupted", answer=one
            )
        if (parted := self.parted) is None:
            return self._unjudged()
        told = say(
            "{equal} of {count} answers equal",
            equal=len(PROMPTS) - len(parted),
            count=len(PROMPTS),
        )
        if not parted:
            return told
        at_once = say("{count} differ at the first token", count=_at_once(parted))
        return f"{told}, {at_once}; {first_difference(parted)}"

    def _unjudged(self) -> str:
        if self.reference is None:
            return say("the default loader has not been measured yet")
        return say(
            "the saved answers of the default loader are for other files or another vLLM release"
        )


def first_difference(parted: Sequence[Difference]) -> str:
    """Return the first difference as a reader sees it: prompt, place, both texts."""
    first = parted[0]
    return say(
        "«{prompt}», token {place}: {reference} | {other}",
        prompt=first.prompt,
        place=first.place + 1,
        reference=repr(first.reference),
        other=repr(first.other),
    )


def known_reports(version: str, *, distributed: bool) -> str:
    """Return which reports of wrong weights are known for a release, or that none is."""
    try:
        known = vllm_releases.corruption(version, distributed=distributed)
    except LookupError:
        known = ""
    return known or say("No known issue for vLLM {version}.", version=version)


def _at_once(parted: Sequence[Difference]) -> int:
    """Return how many answers differ at their first token."""
    return sum(one.place == 0 for one in parted)
