"""Many runs in 80 columns: a row for each, then the spread of each figure and who lies outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from ....terminal import one_line
from ....texts import say
from . import noise
from .conditions import counted
from .figures import Figure
from .text_table import laid_out, shortened

SHOWN = ("ready", "first_answer", "stream.gib_s")
"""The figures that have a column; but for the first answer, with the difference from the base."""
MOST_NAME = 20
MOST_FIGURE = 34
"""Characters of a run's and of a figure's name, so that a line fits into 80 columns."""
FAR = 3.5
"""How many times their usual distance values lie from the median before one is an outlier.

Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), for the modified Z-score.
"""
_NORMAL = 1.4826
"""A normal distribution's standard deviation in median absolute deviations."""


def overview(figures: Sequence[Figure], runs: Sequence[str]) -> str:
    """Return a row for each run, then the spread of each figure over all of them."""
    lines = [laid_out(list(_rows(figures, runs))), laid_out(list(spreads(figures)))]
    return "\n\n".join((*lines, "\n".join(outlier_lines(figures, runs))))


def _rows(figures: Sequence[Figure], runs: Sequence[str]) -> Iterator[list[str]]:
    shown = [figure for figure in figures if figure.key in SHOWN]
    yield ["", *(_column(figure.key) for figure in shown)]
    cells = [list(_values(figure)) for figure in shown]
    for place, run in enumerate(runs):
        yield [shortened(run, MOST_NAME), *(column[place] for column in cells)]


def _values(figure: Figure) -> Iterator[str]:
    if figure.key != "first_answer":
        return figure.cells()
    return ("-" if value is None else figure.measure.shown(value) for value in figure.values)


def _column(key: str) -> str:
    return {
        "ready": say("ready"),
        "first_answer": say("response"),
        "stream.gib_s": say("rate"),
    }[key]


def spreads(figures: Sequence[Figure]) -> Iterator[list[str]]:
    """Yield the head and a row for each figure: its median, its least and its greatest value."""
    yield ["", say("median"), say("min"), say("max")]
    for figure in figures:
        if known := [value for value in figure.values if value is not None]:
            told = map(figure.measure.shown, (median(known), min(known), max(known)))
            yield [shortened(one_line(figure.name), MOST_FIGURE), *told]


def outlier_lines(figures: Sequence[Figure], runs: Sequence[str]) -> Iterator[str]:
    """Yield for each figure the runs that lie far from the others, and those that lack it."""
    yield say("Outliers:")
    found = False
    for figure in figures:
        if places := outliers(figure):
            told = [
                f"{runs[place]} {figure.measure.shown(figure.values[place] or 0)}"
                for place in places
            ]
            yield f"  {one_line(figure.name.strip())}: {counted(told)}"
            found = True
    if not found:
        yield f"  {say('none')}"


def outliers(figure: Figure) -> list[int]:
    """Return the places of the values that lie far from the median of all, and not by chance."""
    known = [value for value in figure.values if value is not None]
    if len(known) < noise.ENOUGH:
        return []
    middle = median(known)
    usual = _NORMAL * median(abs(value - middle) for value in known)
    far = max(FAR * usual, noise.explained(figure.key, (middle,), figure.grain, quiet=figure.quiet))
    return [
        place
        for place, value in enumerate(figure.values)
        if value is not None and abs(value - middle) > far
    ]
