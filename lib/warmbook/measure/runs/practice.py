"""What a learner practised, as parts of a page: answers to exercises, rounds of the gym, checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...texts import say
from ...units import duration
from . import headline
from .parts import Folded, Grid
from .schema import Answer, GymRound, Notebook


def answers(told: Iterable[Answer]) -> Sequence[Grid]:
    """Return the answers beside what was measured; nothing without an answer."""
    rows = tuple(
        (one.exercise, one.answer, one.measured or "-", right(one), headline.minute(one.at))
        for one in told
    )
    heads = (say("Exercise"), say("Answer"), say("Measured"), say("Right"), say("When (UTC)"))
    return (Grid(heads, rows, texts=(1, 2)),) if rows else ()


def right(answer: Answer) -> str:
    """Return a mark with the word for it: whether an answer was right."""
    if answer.right is None:
        return say("not judged")
    return f"✔ {say('right')}" if answer.right else f"✗ {say('wrong')}"


def gym(rounds: Iterable[GymRound]) -> Sequence[Grid]:
    """Return the rounds of the gym; nothing without a round."""
    rows = tuple(map(round_row, rounds))
    return (Grid(round_heads(), rows, texts=(1,)),) if rows else ()


def round_heads() -> tuple[str, ...]:
    """Return the heads of the columns of `round_row`."""
    return (
        *(say("Level"), say("Fault"), say("Points"), say("Attempts"), say("Hints")),
        *(say("Time"), say("Repaired"), say("When (UTC)")),
    )


def round_row(one: GymRound) -> tuple[str, ...]:
    """Return a round of the gym as cells."""
    return (
        level(one),
        ", ".join(one.faults) or "-",
        grade(one),
        str(one.attempts),
        str(one.hints),
        duration(one.seconds),
        f"✔ {say('yes')}" if one.mended else say("no"),
        headline.minute(one.at),
    )


def level(one: GymRound) -> str:
    """Return what the level of a round is called."""
    return {
        "easy": say("easy"),
        "medium": say("medium"),
        "hard": say("hard"),
        "two": say("two faults"),
    }[one.level]


def grade(one: GymRound) -> str:
    """Return the points of a round in percent; a round that goes on has none yet."""
    return f"{one.points:.0%}" if one.done else say("not graded")


def checks(notebooks: Sequence[Notebook]) -> Iterator[Folded]:
    """Yield each check as it ended the last time, folded; claims are in the reader's language."""
    rows = tuple(_checks(notebooks))
    if rows:
        passed = sum(one.passed for book in notebooks for one in book.checks)
        head = say("Checks: {passed} of {count} passed", passed=passed, count=len(rows))
        yield Folded(head, rows)


def _checks(notebooks: Iterable[Notebook]) -> Iterator[tuple[str, ...]]:
    for book in notebooks:
        for one in book.checks:
            mark = "✔" if one.passed else "✗"
            again = say("failures: {count}", count=one.failures) if one.failures else ""
            yield book.name, f"{mark} {say(one.claim)}", headline.minute(one.at), again
