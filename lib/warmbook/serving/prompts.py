"""What every loader and the server are asked, greedily, and where answers part; asks nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

QUESTION = "What is the capital of Japan?"
"""What is asked unless the reader asks something else; the rehearsal's small model knows it."""

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


def _place(mine: Sequence[int], other: Sequence[int]) -> int:
    """Return the place of the first token that differs; a shorter answer differs at its end."""
    pairs = enumerate(zip(mine, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(mine), len(other)))


@dataclass(frozen=True)
class Origin:
    """What greedy answers depend on: the model's address, its files' fingerprint, vLLM."""

    model: str
    files: str
    vllm: str


@dataclass(frozen=True)
class Transcript:
    """Answers that are kept, with their origin: those of another origin prove nothing."""

    origin: Origin
    answers: Answers

    def record(self) -> dict[str, Any]:
        """Return the transcript for the reader's file."""
        return {
            **asdict(self.origin),
            "asked": _prompts_hash(),
            "tokens": [list(one) for one in self.answers.tokens],
            "texts": list(self.answers.texts),
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Transcript | None:
        """Return the transcript that was kept; None if there is none, or of other prompts."""
        try:
            found = dict(kept or {})
            if found["asked"] != _prompts_hash():
                return None
            tokens = tuple(tuple(map(int, one)) for one in found["tokens"])
            answers = Answers(tokens, tuple(map(str, found["texts"])))
            origin = Origin(*(str(found[name]) for name in ("model", "files", "vllm")))
        except (KeyError, TypeError, ValueError):  # a file that somebody has edited
            return None
        whole = len(answers.tokens) == len(answers.texts) == len(PROMPTS)
        return cls(origin, answers) if whole else None


def _prompts_hash() -> str:
    """Return what tells the questions from those of another warmbook."""
    return hashlib.sha256(repr((TOKENS, PROMPTS)).encode()).hexdigest()[:16]
