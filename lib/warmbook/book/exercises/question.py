"""What an exercise asks, which answers it takes, and when one of them is right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import shorten

from ...errors import SettingsError
from ...texts import say

Value = float | str
"""A measured number, or the choice that turned out to be right."""

CLOSE = 2.0
"""A number is close to what was measured if neither is more than so many times the other."""

LONGEST = 4000
"""How many characters an explanation may have."""

SHOWN = 60
"""How many of them are shown once more when it is committed."""

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Question:
    """A number in a `unit` or, with `choices` (value to text), one of them; texts are English.

    `why` is what the result teaches, shown with it.
    """

    name: str
    title: str
    asks: str
    why: str
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What the record calls it."""
        return "choose" if self.choices else "predict"

    def taken(self, typed: str) -> str:
        """Return an answer as the record has it: a number with its unit, or a choice's value.

        Raises:
            SettingsError: It is neither.
        """
        answer = typed.strip()
        if self.choices:
            if answer not in self.choices:
                raise SettingsError(say("Choose one of the answers first."), remedy="")
            return answer
        return self._with_unit(str(_number(answer)))

    def measured(self, value: Value) -> str:
        """Return a measured value as the record has it."""
        return value if isinstance(value, str) else self._with_unit(figure(value))

    def value(self, told: str) -> Value | None:
        """Return a measured value of the record, None where it has none."""
        return (told or None) if self.choices else self._number_in(told)

    def shown(self, told: str) -> str:
        """Return an answer or a measured value of the record in the reader's language."""
        if self.choices:
            return say(self.choices.get(told, told))
        number, _, unit = told.partition(" ")
        return f"{number}%" if unit == "%" else f"{number} {say(unit)}".strip()

    def typed(self, told: str) -> str:
        """Return what had been typed for an answer of the record."""
        return told if self.choices else told.partition(" ")[0]

    def ratio(self, answer: str, value: Value) -> float | None:
        """Return how many times the larger of both is the smaller; None where that says nothing."""
        guess = self._number_in(answer)
        if isinstance(value, str) or not guess or value <= 0:
            return None
        return max(guess, value) / min(guess, value)

    def right(self, answer: str, value: Value) -> bool:
        """Whether a choice is the right one, or a number close to the measured one."""
        if isinstance(value, str):
            return answer == value
        ratio = self.ratio(answer, value)
        return self._number_in(answer) == value if ratio is None else ratio <= CLOSE

    def _number_in(self, told: str) -> float | None:
        """Return the number of an answer or a result; None where somebody wrote another there."""
        typed = self.typed(told)
        return float(typed) if _NUMBER.fullmatch(typed) else None

    def _with_unit(self, number: str) -> str:
        return f"{number} {self.unit}".strip()


@dataclass(frozen=True)
class Explanation:
    """A free text about a change that the reader makes."""

    asks: str
    name: str = "explain"
    kind: str = "explain"
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def taken(self, typed: str) -> str:
        """Return an explanation as the record has it.

        Raises:
            SettingsError: It is empty, or too long.
        """
        text = typed.strip().encode(errors="replace").decode()
        if not text:
            raise SettingsError(say("Write your explanation first."), remedy="")
        if len(text) > LONGEST:
            told = say("Write at most {count} characters.", count=LONGEST)
            raise SettingsError(told, remedy="")
        return text

    def shown(self, told: str) -> str:
        """Return its beginning: all of it stands in its field."""
        return shorten(told, SHOWN, placeholder=" …")

    def typed(self, told: str) -> str:
        """Return what had been typed."""
        return told


@dataclass(frozen=True)
class Exercises:
    """The exercises of a notebook: what to predict, and which change to make and explain."""

    questions: tuple[Question, ...]
    explanation: Explanation

    @property
    def all(self) -> tuple[Question | Explanation, ...]:
        """Every one of them, in order."""
        return (*self.questions, self.explanation)


def figure(value: float) -> str:
    """Return a number with three digits that count, or more where it is larger."""
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def _number(typed: str) -> str:
    if not typed:
        raise SettingsError(say("Write your prediction first."), remedy="")
    if "," in typed:
        told = say("Write a decimal point and no thousands separator, such as 1.5 or 1200.")
        raise SettingsError(told, remedy="")
    if not _NUMBER.fullmatch(typed):
        told = say("Write a number without its unit, such as 12 or 0.5.")
        raise SettingsError(told, remedy="")
    return typed
