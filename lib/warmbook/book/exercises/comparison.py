"""Predictions beside what was measured, as a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...display.card import Card, Row
from ...texts import say
from ..entries import Told
from .question import Question, Value


@dataclass(frozen=True)
class Compared:
    """A question, the committed answer as the record has it, and what is measured now.

    `given` is empty where nobody answered, `now` is None where nothing was measured. `explained`
    is whether the reader has seen the reason already.
    """

    question: Question
    given: Told
    now: Value | None
    explained: bool = False

    @property
    def answer(self) -> str:
        """What was answered, "" for nothing."""
        return str(self.given.get("answer", ""))

    @property
    def value(self) -> Value | None:
        """The first result since the answer: a second run may find its work done already."""
        first = self.question.value(self.given.get("measured", ""))
        return self.now if first is None else first

    @property
    def recorded(self) -> Told:
        """The answer for the record, with the result."""
        return {**self.given, "measured": self.measured, "right": self.right}

    @property
    def is_new(self) -> bool:
        """Whether the record does not have that yet."""
        return bool(self.given) and self.value is not None and self.recorded != self.given

    @property
    def measured(self) -> str:
        """The value as the record has it, "" where nothing was measured."""
        return "" if self.value is None else self.question.measured(self.value)

    @property
    def right(self) -> bool | None:
        """Whether the answer was right, None where that can't be told."""
        if not self.answer or self.value is None:
            return None
        return self.question.right(self.answer, self.value)

    def rows(self) -> Iterator[Row]:
        """Yield the result, then, unless it was shown before, why it is so."""
        yield Row(say(self.question.title), self._told(), "ok" if self.right else "info")
        if self.value is not None and not self.explained:
            yield Row(say("why"), say(self.question.why))

    def _told(self) -> str:
        shown = self.question.shown
        if self.value is None:
            told = say("not measured here")
            if not self.answer:
                return told
            return f"{say('your prediction: {answer}', answer=shown(self.answer))}; {told}"
        result = say("result: {value}", value=shown(self.measured))
        if not self.answer:
            return result
        guess = say("your prediction: {answer}", answer=shown(self.answer))
        return f"{guess}; {result}; {self._verdict()}"

    def _verdict(self) -> str:
        if self.question.choices:
            return say("right") if self.right else say("not right")
        if self.value is None or (ratio := self.question.ratio(self.answer, self.value)) is None:
            return say("exact") if self.right else say("not close")
        if ratio == 1:
            return say("exact")
        told = say("close") if self.right else say("not close")
        return say("{verdict}, a factor of {ratio:.2g}", verdict=told, ratio=ratio)


@dataclass(frozen=True, repr=False)
class Comparison(Card):
    """What was predicted for a notebook, and what it measured."""

    compared: Sequence[Compared]

    def title(self) -> str:
        """Return the headline."""
        count = sum(bool(one.answer) for one in self.compared)
        if not count:
            return say("Results without a prediction")
        right = sum(bool(one.right) for one in self.compared)
        return say("Your predictions: {right} of {count} right or close", right=right, count=count)

    def rows(self) -> Sequence[Row]:
        """Return the rows of each question: the result, and why."""
        return [row for one in self.compared for row in one.rows()]

    def note(self) -> str:
        """Return how to answer what was not answered."""
        if all(one.answer for one in self.compared):
            return ""
        return say("To answer, commit a prediction above and run this cell again.")


@dataclass(frozen=True, repr=False)
class Seen(Comparison):
    """The result of a cell, with the predictions for it below."""

    result: Card

    def title(self) -> str:
        """Return the headline: the exercise's name."""
        return say("Predict, then see")

    def __repr__(self) -> str:
        return f"{self.result!r}\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        return self.result._repr_html_() + super()._repr_html_()
