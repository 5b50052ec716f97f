"""The same tokens, whoever loaded the weights: prompts, and the first difference; asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import oracle
from .texts import say
from .views import Card, Row

TOKENS = 4
"""How many tokens follow each prompt: damaged weights show in the first ones."""

PROMPTS = (
    "The capital of France is",
    "Water boils at a temperature of",
    "The three primary colours are",
    "In one sentence, a black hole is",
    "The opposite of 'generous' is",
    "1, 1, 2, 3, 5, 8, 13,",
    "17 plus 25 is",
    "A week has seven days, a year has",
    "def fibonacci(n):\n    if n < 2:\n        return",
    "SELECT name FROM customers WHERE",
    '{"city": "Lima", "country":',
    "kubectl get pods -n",
    "La capital de Colombia es",
    "El agua hierve a",
    "Había una vez, en un pueblo pequeño,",
    "Guten Morgen, meine Damen und",
    "Translate to Spanish: good morning ->",
    "Dear Ms. Alvarez, thank you for your letter of",
    "To make bread you need flour, water, yeast and",
    "The moon orbits the earth once every",
    "If all cats are animals and Tom is a cat, then Tom is",
    "Shakespeare wrote",
    "The chemical symbol of gold is",
    "Once the weights are loaded, the server",
)
"""What every loader is asked, greedily: languages, code, numbers, a story."""


@dataclass(frozen=True)
class Difference:
    """Where two lists of answers part: the prompt, the token's place in it, and both texts."""

    prompt: str
    place: int
    reference: str
    other: str


@dataclass(frozen=True)
class Answers:
    """A loader's answers to PROMPTS: for each its tokens, and the same as text."""

    tokens: tuple[tuple[int, ...], ...]
    texts: tuple[str, ...]


def differences(reference: Answers, other: Answers) -> list[Difference]:
    """Return where the answers part, the first place of each prompt; empty if they are equal."""
    return list(_parted(reference, other))


def _parted(reference: Answers, other: Answers) -> Iterator[Difference]:
    if len(reference.tokens) != len(other.tokens):
        raise ValueError("the two were asked different prompts")
    for at, (one, two) in enumerate(zip(reference.tokens, other.tokens, strict=True)):
        if one != two:
            yield Difference(PROMPTS[at], _place(one, two), reference.texts[at], other.texts[at])


def _place(one: Sequence[int], two: Sequence[int]) -> int:
    """Return the place of the first token that differs; a shorter answer differs at its end."""
    pairs = enumerate(zip(one, two, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(two)))


@dataclass(frozen=True, repr=False)
class Parity(Card):
    """Whether each loader brought the same weights: its greedy answers beside the reference's.

    `answers` are by loader, `reference` names the one that the others are held against, `again`
    are the answers of its second run; `declined` is what a server says that answers nothing.
    """

    answers: Mapping[str, Answers]
    reference: str
    again: Answers | None
    version: str
    distributed: bool = False
    declined: str = ""

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
        """The loaders whose tokens are not the reference's, on a machine that repeats itself."""
        return tuple(name for name, parted in self.parted.items() if parted and self.repeats)

    @property
    def equal(self) -> bool:
        """Whether at least one other loader was compared, and each gave the same tokens."""
        return self.repeats and len(self.answers) > 1 and not self.corrupted

    def title(self) -> str:
        if len(self.parted) < 2:
            return say("No answers to compare")
        if not self.repeats:
            return say("This machine does not repeat its own answers: nothing can be proved")
        if self.corrupted:
            return say("Other tokens: the weights are corrupted")
        return say("The same tokens by each loader, for {count} prompts", count=len(PROMPTS))

    def rows(self) -> Sequence[Row]:
        declined = [Row(say("no answer"), self.declined, "wait")] if self.declined else []
        return (*declined, *(self._row(name, parted) for name, parted in self.parted.items()))

    def _row(self, name: str, parted: Sequence[Difference]) -> Row:
        counts = {"equal": len(PROMPTS) - len(parted), "count": len(PROMPTS)}
        told = say("{equal} of {count} answers equal", **counts)
        if not parted:
            return Row(name, told, "ok")
        first = parted[0]
        difference = say(
            "«{prompt}», token {place}: {reference} | {other}",
            prompt=first.prompt,
            place=first.place + 1,
            reference=repr(first.reference),
            other=repr(first.other),
        )
        return Row(name, f"{told}; {difference}", "bad" if self.repeats else "wait")

    def note(self) -> str:
        if not self.corrupted:
            return ""
        known = oracle.corruption(self.version, distributed=self.distributed)
        return known or say("No report of this is known for vLLM {version}.", version=self.version)

    def record(self) -> dict[str, Any]:
        """Return the outcome for the run record: of the loader that differs most, if one does."""
        others = {name: parted for name, parted in self.parted.items() if name != self.reference}
        if not others:
            return {}
        worst = max(others, key=lambda name: len(others[name]))
        first = others[worst][0] if others[worst] else None
        return {
            "prompts": len(PROMPTS),
            "equal": len(PROMPTS) - len(others[worst]),
            "against": self.reference,
            "first_difference": first and {"loader": worst, **vars(first)},
        }
