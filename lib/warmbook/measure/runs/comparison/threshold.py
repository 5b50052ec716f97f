"""A threshold as somebody typed it: `cold_start > +20%`, `stream_rate < 1.5 GiB/s`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from ....errors import SettingsError
from ....terminal import one_line
from ....texts import did_you_mean, say
from ...coldstart.phases import SINCE, UNEXPLAINED
from .figures import Figure, Unit

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
ALIASES = {
    "cold_start": "first_answer",
    "stream_rate": "stream.gib_s",
    "stream_seconds": "stream.seconds",
    "stream_bytes": "stream.bytes",
    "cost": "usd",
}
"""Shorter words for keys. A cold start ends when it is ready, unless every run tells more."""
KEYS = (
    *("cold_start", "ready", "first_answer", "stream.gib_s", "stream.seconds", "stream.bytes"),
    *("usd", "equal_answers", *(f"phase.{name}" for name in (*SINCE, UNEXPLAINED))),
)
"""Every key that a figure can have, besides `notebook.NAME`."""

UNITS: Mapping[Unit, Mapping[str, float]] = {
    "seconds": {"": 1, "s": 1, "ms": 0.001, "min": 60, "m": 60, "h": 3600},
    "bytes": {"": 1, "bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40},
    "GiB/s": {"": 1, "GiB/s": 1, "MiB/s": 1 / 2**10},
    "share": {"": 1, "%": 0.01},
    "USD": {"": 1, "$": 1, "USD": 1},
}
"""What may follow the number of an absolute threshold, by the figure's unit."""

_EXPRESSION = re.compile(r"\s*(?P<key>[^<>=]+?)\s*(?P<operator>>=|<=|>|<)\s*(?P<limit>\S.*?)\s*")
_PERCENT = re.compile(r"(?P<share>[+-]\d+(?:\.\d+)?)\s*%", re.ASCII)
_AMOUNT = re.compile(
    r"(?P<dollar>\$?)(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>%|[A-Za-z/]*)\s*", re.ASCII
)


@dataclass(frozen=True)
class Threshold:
    """A key, an operator and a limit: a `share` of the base's value, else `amounts` with units."""

    text: str
    key: str
    operator: str
    share: float | None
    amounts: tuple[tuple[float, str], ...] = ()

    def holds(self, value: float, limit: float) -> bool:
        """Return whether a value stands to the limit as the operator says: it is exceeded."""
        return OPERATORS[self.operator](value, limit)

    def fails_the_better(self, unit: Unit) -> bool:
        """Tell whether a change for the better fails a run, which is seldom what is meant.

        Times and costs are worse if they are higher, rates and shares if they are lower; the
        number of bytes is neither.
        """
        higher_fails = self.operator in (">", ">=")
        worse_if_higher = {"seconds": True, "USD": True, "GiB/s": False, "share": False}
        return self.share is not None and worse_if_higher.get(unit, higher_fails) != higher_fails

    def limit(self, unit: Unit) -> float:
        """Return an absolute limit in the figure's unit.

        Raises:
            SettingsError: The unit is not one of this figure's.
        """
        units = UNITS[unit]
        for number, name in self.amounts:
            if name not in units:
                meant = f"{_change_of(number)} " if name == "%" else ""
                listed = say("Its units: {units}.", units=", ".join(filter(None, units)))
                _refuse(
                    say("{text}: {name} is not a unit of this figure", text=self.text, name=name),
                    f"{meant}{listed}",
                )
        return sum(number * units[name] for number, name in self.amounts)


def parsed(text: str) -> Threshold:
    """Return the threshold that a text says.

    Raises:
        SettingsError: It has no operator, or its limit is no number.
    """
    text = one_line(text).strip()
    found = _EXPRESSION.fullmatch(text)
    if not found:
        _refuse(
            say("{text}: a threshold is a figure, an operator and a limit", text=text or '""'),
            say('Quote the whole of it: --fail-if "cold_start > +20%". Operators: > < >= <='),
        )
    key, sign, limit = found["key"], found["operator"], found["limit"]
    if percent := _PERCENT.fullmatch(limit):
        return Threshold(text, key, sign, float(percent["share"]) / 100)
    amounts = tuple(_AMOUNT.finditer(limit))
    whole = "".join(one[0] for one in amounts) == limit
    if not whole or (len(amounts) > 1 and not all(one["unit"] for one in amounts)):
        _refuse(
            say("{text}: {limit} is not a limit", text=text, limit=limit),
            say("Write a change, such as +20% or -10%, or a value: 90s, 1.5, 5 min 30 s."),
        )
    told = tuple((float(one["number"]), one["dollar"] or one["unit"]) for one in amounts)
    return Threshold(text, key, sign, None, told)


def figure_of(threshold: Threshold, figures: Iterable[Figure]) -> Figure | None:
    """Return the figure that a threshold is about, None where no run has it.

    Blanks, dots and underscores in keys are alike: `phase.node ready` is `phase_node_ready`.

    Raises:
        SettingsError: There is no such figure; the remedy names those of these runs.
    """
    by_key = {_plain(figure.key): figure for figure in figures}
    whole = by_key.get("first_answer")
    to_answer = whole and None not in whole.values
    aliases = {**ALIASES, "cold_start": "first_answer" if to_answer else "ready"}
    key = _plain(aliases.get(_plain(threshold.key), threshold.key))
    if key not in by_key and key not in map(_plain, KEYS):
        known = [figure.key for figure in by_key.values()]
        _refuse_key(threshold, [*ALIASES, *known])
    return by_key.get(key)


def _plain(key: str) -> str:
    return re.sub(r"[\s._]+", "_", key.strip().lower())


def _change_of(percent: float) -> str:
    return say(
        "Write a change from the base with its sign: {higher} or {lower}.",
        higher=f"+{percent:g}%",
        lower=f"-{percent:g}%",
    )


def _refuse_key(threshold: Threshold, known: list[str]) -> NoReturn:
    told = say("{text}: no figure is called {key}", text=threshold.text, key=threshold.key)
    meant = did_you_mean(threshold.key, known, 1)
    listed = say("The figures of these runs: {keys}.", keys=one_line(", ".join(known)))
    _refuse(told, f"{meant} {listed}".strip())


def _refuse(what: str, remedy: str) -> NoReturn:
    raise SettingsError(what, remedy=remedy)
