"""Grading an answer: right, near or wrong, and the points with their parts; never the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...display.card import Card, Row
from ...display.widgets.sheet import AnswerSheet
from ...doctor.pitfalls import CATALOGUE, pitfall
from ...errors import MissingError
from ...severity import Severity
from ...texts import did_you_mean, say
from . import points, rounds
from .contradiction import contradiction
from .faults_server import FaultsServer
from .rounds import Drawn, Round
from .siblings import near, siblings


class Sheet(AnswerSheet):
    """Where the learner writes the answer: one of the catalogue's pitfalls.

    Without one, the last answer of the round stands there.

    Raises:
        MissingError: No pitfall has the name in `answer`.
    """

    def __init__(self, answer: str = "") -> None:
        _refuse_unknown(answer)
        options = {name: f"{name}: {say(one.symptom)}" for name, one in sorted(CATALOGUE.items())}
        super().__init__(say("root cause"), options, answer or _last_answer())


def _last_answer() -> str:
    one = rounds.begun(FaultsServer.open())
    return one.answer if one else ""


@dataclass(frozen=True, repr=False)
class Grade(Card):
    """How an answer compares with what is hidden, and the points so far.

    `named` are the faults that were named by now, rightly or by `reveal`: only these are shown.
    """

    round: Round
    answer: str
    right: bool
    near: bool = False
    against: str = ""

    def title(self) -> str:
        if self.right:
            return say("Found")
        if not self.answer:
            return say("No answer yet")
        return say("Close, but not this one") if self.near else say("Not this one")

    def edge(self) -> Severity:
        return "ok" if self.right else "warning" if self.near or not self.answer else "error"

    def rows(self) -> Sequence[Row]:
        return (*self._answer(), *self._named(), *points_of(self.round))

    def note(self) -> str:
        if self.round.done:
            return say("The round is finished.")
        if all(one.answered for one in self.round.drawn):
            return say("Now repair it, then verify the repair below.")
        answered = [one for one in self.round.drawn if one.answered]
        if answered and all(one.mended for one in answered):
            return say("One more fault is hidden: name it too.")
        if answered:
            return say("One more fault is hidden: repair this one, then run the guide again.")
        return ""

    def _answer(self) -> Iterator[Row]:
        if self.answer:
            yield Row(say("your answer"), self.answer, self.edge())
        if self.near:
            yield Row(
                say("what fits"), say("the kind of cause, but not the cause itself"), "warning"
            )
        if self.against:
            yield Row(say("what contradicts it"), self.against, "error")

    def _named(self) -> Iterator[Row]:
        for one in self.round.drawn:
            if one.answered:
                yield from _told(one)


def _told(one: Drawn) -> Iterator[Row]:
    """Yield what a fault was; its remedy only where nothing is left to repair by oneself."""
    found = pitfall(one.pitfall)
    yield Row(say("what was hidden"), say(one.what))
    yield Row(say("its name"), one.pitfall)
    yield Row(say("the cause"), say(found.cause))
    if one.beyond:
        yield Row(say("why there is nothing to repair"), say(one.beyond))
    if one.done:
        yield Row(say("remedy"), say(found.remedy))


def points_of(one: Round) -> Iterator[Row]:
    """Yield the points of a round so far, with the parts that they are made of."""
    for number, drawn in enumerate(one.drawn, 1):
        which = f" {number}" if len(one.drawn) > 1 else ""
        if drawn.evidence or drawn.answered:
            state: Severity = "ok" if drawn.found else "info"
            yield Row(f"{say('diagnosis')}{which}", _of_name(drawn), state)
            if drawn.mendable:
                mended: Severity = "ok" if drawn.mended else "info"
                yield Row(f"{say('repair')}{which}", "1" if drawn.mended else "0", mended)
    yield Row(say("points"), say("{points} of 1", points=f"{one.points:.2f}"))
    yield Row(say("time"), say("{minutes} min", minutes=f"{one.seconds / 60:.1f}"))


def _of_name(drawn: Drawn) -> str:
    """Return the points for a fault's name, and what was taken off them.

    As long as nothing near it was answered, those that the right answer would give.
    """
    still_open = not (drawn.found or drawn.near)
    worth = points.of_name(
        found=drawn.found or still_open,
        revealed=drawn.revealed,
        hints=drawn.hints,
        wrong=len(drawn.wrong),
        near=len(drawn.near),
    )
    if drawn.revealed:
        return say("0: the answer was revealed")
    taken_off = (
        (drawn.hints, points.HINT, say("hints")),
        (len(drawn.wrong), points.WRONG, say("wrong answers")),
        (len(drawn.near), points.NEAR, say("near misses")),
    )
    parts = [f"{what} {count}: -{count * cost:g}" for count, cost, what in taken_off if count]
    if drawn.near and not drawn.found:
        parts.append(say("half, as long as only a near miss was found"))
    worth_now = say("open, worth {points}", points=f"{worth:.2f}") if still_open else f"{worth:.2f}"
    return f"{worth_now} ({', '.join(parts)})" if parts else worth_now


def grade(answer: str) -> Grade:
    """Compare an answer with what is hidden, and count it in the round.

    A pitfall that the evidence can't tell from the hidden one counts as right; one of the same
    family counts in part. The same answer again costs nothing. Only a fault whose evidence was
    seen can be named.

    Raises:
        MissingError: Nothing is hidden, the guide was not carried out yet, or there is no such
            pitfall.
    """
    server = FaultsServer.open()
    one = rounds.present(server)
    _refuse_unknown(answer)
    if answer and not any(drawn.answered and _fits(answer, drawn) for drawn in one.drawn):
        rounds.need_evidence(one, uncounted=say("The answer was not counted."))
    judged = _judged(one, answer)
    if answer:
        one.answer = answer
        rounds.keep(one, server)
    return judged


def _refuse_unknown(answer: str) -> None:
    if answer and answer not in CATALOGUE:
        raise MissingError(
            say("There is no pitfall {name}.", name=answer),
            remedy=did_you_mean(answer, CATALOGUE)
            or say("Choose one of the list: docs/troubleshooting.md explains each."),
        )


def _judged(one: Round, answer: str) -> Grade:
    if not answer:
        return Grade(one, answer, right=all(drawn.found for drawn in one.drawn))
    if any(drawn.answered and _fits(answer, drawn) for drawn in one.drawn):
        return Grade(one, answer, right=True)  # named before
    for drawn in one.answerable:
        if _fits(answer, drawn):
            drawn.found = True
            return Grade(one, answer, right=True)
    for drawn in one.answerable:
        if answer in near(drawn.pitfall):
            drawn.near = _with(drawn.near, answer)
            return Grade(one, answer, right=False, near=True)
    showing = one.showing
    if not showing.answered:
        showing.wrong = _with(showing.wrong, answer)
    against = contradiction(answer, showing.evidence) if showing.evidence else ""
    return Grade(one, answer, right=False, against=against)


def _fits(answer: str, drawn: Drawn) -> bool:
    return answer == drawn.pitfall or answer in siblings(drawn.pitfall)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


@dataclass(frozen=True, repr=False)
class Revealed(Card):
    """What was hidden, for a learner who asked for it."""

    round: Round
    sure: bool

    def title(self) -> str:
        if self.sure:
            return say("The answer")
        return say("The answer is hidden")

    def rows(self) -> Sequence[Row]:
        if not self.sure:
            return ()
        named = [row for one in self.round.drawn if one.answered for row in _told(one)]
        return (*named, *points_of(self.round))

    def note(self) -> str:
        if self.sure:
            return ""
        return say("gym.reveal(True) shows it, and the diagnosis then counts 0 points.")


def reveal(sure: bool = True) -> Revealed:
    """Show what is hidden, and end the diagnosis with no points; a repair still counts.

    Of two faults, the one in hand is shown; the second not before the guide has stopped at it,
    however often the cell runs. `sure` is False in a notebook whose learner has not
    asked for it: then nothing is shown.

    Raises:
        MissingError: Nothing is hidden yet.
    """
    server = FaultsServer.open()
    one = rounds.present(server)
    drawn = one.showing
    if sure and (drawn.evidence or not any(other.answered for other in one.drawn)):
        drawn.revealed = not drawn.found
        rounds.keep(one, server)
    return Revealed(one, sure)
