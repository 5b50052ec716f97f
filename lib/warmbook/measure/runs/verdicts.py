"""Whether runs stay within thresholds: one verdict for each threshold and each run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...terminal import one_line
from ...texts import say
from .compare import Comparison
from .figures import Figure
from .threshold import Threshold, figure_of
from .unlike import unlike

State = Literal["within", "exceeded", "missing", "unlike"]


@dataclass(frozen=True)
class Verdict:
    """How one run stands to a threshold; `figure` is None where no run has it.

    `reason` says why a run can't be judged: one of both has no such figure, or they are unlike.
    """

    threshold: Threshold
    run: str
    state: State
    figure: Figure | None = None
    value: float | None = None
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether the run is known to be within the threshold."""
        return self.state == "within"

    def __str__(self) -> str:
        mark = "✔" if self.passed else "✗"
        first = f"{mark} {one_line(self.run)}: {self.threshold.text}: {self.word}"
        return "\n    ".join(filter(None, (first, self.told, self.reason)))

    @property
    def word(self) -> str:
        """The state in the reader's language."""
        return {
            "within": say("within the threshold"),
            "exceeded": say("exceeded"),
            "missing": say("not measured"),
            "unlike": say("not comparable"),
        }[self.state]

    @property
    def told(self) -> str:
        """Both values with their difference, and up to what chance explains it."""
        figure, value = self.figure, self.value
        if figure is None or value is None:
            return ""
        shown = figure.measure.shown
        if figure.base is None:
            return f"{figure.name.strip()} {shown(value)}"
        both = f"{figure.name.strip()} {shown(figure.base)} → {shown(value)}"
        difference = figure.told_difference(value)
        if self.threshold.share is None or not difference:
            return both
        chance = say("chance explains up to {noise}", noise=shown(figure.noise))
        return f"{both} ({difference}; {chance})"

    def record(self) -> dict[str, Any]:
        """Return the verdict as JSON has it."""
        figure = self.figure
        return {
            "threshold": self.threshold.text,
            "run": self.run,
            "state": self.state,
            "key": figure.key if figure else None,
            "base": figure.base if figure else None,
            "value": self.value,
            "noise": figure.noise if figure else None,
            "unit": figure.measure.unit if figure else None,
            "reason": self.reason,
        }


def judge(
    comparison: Comparison, thresholds: Sequence[Threshold], *, allow_unlike: bool = False
) -> tuple[Verdict, ...]:
    """Return the verdicts of each threshold on each run but the base.

    Raises:
        SettingsError: A threshold is about no figure, or its unit is not the figure's.
    """
    figures = comparison.figures()
    about = [(threshold, figure_of(threshold, figures)) for threshold in thresholds]
    return tuple(
        verdict
        for threshold, figure in about
        for verdict in _verdicts(comparison, threshold, figure, allow_unlike=allow_unlike)
    )


def _verdicts(
    comparison: Comparison, threshold: Threshold, figure: Figure | None, *, allow_unlike: bool
) -> Iterator[Verdict]:
    base, *others = comparison.runs
    for place, (name, record) in enumerate(others, 1):
        value = figure.values[place] if figure else None
        if figure is None or value is None:
            yield Verdict(threshold, name, "missing", figure, reason=_lacks(figure, base[0], name))
        elif figure.base is None and threshold.share is not None:
            yield Verdict(threshold, name, "missing", figure, reason=_lacks(figure, base[0], ""))
        elif exceeded(threshold, figure, value):
            yield Verdict(threshold, name, "exceeded", figure, value)
        elif not allow_unlike and (reason := unlike([base, (name, record)], figure.key)):
            yield Verdict(threshold, name, "unlike", figure, value, reason)
        else:
            yield Verdict(threshold, name, "within", figure, value)


def exceeded(threshold: Threshold, figure: Figure, value: float) -> bool:
    """Return whether a value exceeds a threshold.

    A relative threshold looks at the difference from the base, which is none where chance
    explains it. An absolute one looks at the value, to the grain of its clock.
    """
    if threshold.share is None:
        limit = threshold.limit(figure.measure.unit)
        within_grain = abs(value - limit) <= figure.grain
        return threshold.holds(limit if within_grain else value, limit)
    difference = figure.difference(value)
    if not figure.base:
        return threshold.holds(
            math.copysign(math.inf, difference) if difference else 0, threshold.share
        )
    return threshold.holds(difference / figure.base, threshold.share)


def _lacks(figure: Figure | None, base: str, run: str) -> str:
    if figure is None:
        return say("none of the runs has this figure")
    lacking = run if run and figure.base is not None else base
    return say("{run} does not have this figure", run=one_line(lacking))


Overall = Literal["within", "exceeded", "not-judged"]


def overall(verdicts: Sequence[Verdict], *, complete: bool) -> Overall:
    """Return the verdict of them all, the worst; not `complete` where a run has none."""
    if any(one.state == "exceeded" for one in verdicts):
        return "exceeded"
    passed = complete and verdicts and all(one.passed for one in verdicts)
    return "within" if passed else "not-judged"


@dataclass(frozen=True)
class Judged:
    """The verdicts on a comparison; `outcome` is None where there was no threshold.

    `left_out` has the runs that could not be compared, and why.
    """

    verdicts: Sequence[Verdict]
    outcome: Overall | None
    left_out: Mapping[str, str]

    def __str__(self) -> str:
        return "\n".join((*map(str, self.verdicts), self.summary)) if self.outcome else ""

    @property
    def summary(self) -> str:
        """The outcome in one line, with how many verdicts there are of each kind."""
        count = len(self.verdicts)
        if self.outcome == "within":
            return "✔ " + say("Verdicts: {count}, all within their thresholds", count=count)
        told = say(
            "Verdicts: {count}, of which exceeded: {over}, not judged: {unjudged}",
            over=sum(one.state == "exceeded" for one in self.verdicts),
            count=count,
            unjudged=sum(one.state in ("missing", "unlike") for one in self.verdicts),
        )
        missing = say("Runs left out: {count}", count=len(self.left_out)) if self.left_out else ""
        return f"✗ {told}. {missing}".strip()

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "left_out": dict(self.left_out),
            "verdicts": [one.record() for one in self.verdicts],
            "verdict": self.outcome,
        }
