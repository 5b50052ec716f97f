"""Values of a class as a picture: a dot for each seat, the median as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..texts import say
from .picture import AMBER, BLUE, Picture

_MOST_LETTERS = 28
_LAST_LETTER = 0x24F
"""Of Latin; the fonts of a page have more, but matplotlib warns of what its own font lacks."""


@dataclass(frozen=True)
class Panel:
    """Rows that share an axis, whose `unit` stands below it: a name and the values of the seats."""

    unit: str
    rows: tuple[tuple[str, tuple[float, ...]], ...]


def strips(panels: Sequence[Panel], caption: str, title: str) -> Picture:
    """Draw the panels under each other; without a panel there is nothing to draw."""
    if not panels:
        return Picture(None, caption, title)
    # Imported here: matplotlib takes a second, and only pictures need it.
    from matplotlib.figure import Figure

    heights = [len(panel.rows) + 1.6 for panel in panels]
    figure = Figure(figsize=(8, 0.5 + 0.32 * sum(heights)), layout="constrained")
    axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
    for one, panel in zip(axes, panels, strict=True):
        _draw(one, panel)
    axes[0].plot([], [], "o", color=BLUE, alpha=0.5, label=say("a seat"))
    axes[0].plot([], [], color=AMBER, linewidth=3, label=say("median"))
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    figure.patch.set_visible(False)
    return Picture(figure, caption, title)


def _draw(axes: Any, panel: Panel) -> None:
    for place, (_, values) in enumerate(panel.rows):
        axes.plot(values, [place] * len(values), "o", color=BLUE, alpha=0.5, markersize=6)
        axes.plot([median(values)] * 2, [place - 0.35, place + 0.35], color=AMBER, linewidth=3)
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(range(len(panel.rows)), [_short(name) for name, _ in panel.rows])
    axes.set_ylim(len(panel.rows) - 0.4, -0.6)
    most = max(value for _, values in panel.rows for value in values)
    axes.set_xlim(0, 1.06 * most or 1)
    axes.set_xlabel(panel.unit)


def _short(text: str) -> str:
    """Return a name as it is drawn: what the font lacks is a dot, and no formula is set."""
    drawn = "".join(letter if ord(letter) <= _LAST_LETTER else "·" for letter in text)
    short = drawn if len(drawn) <= _MOST_LETTERS else f"{drawn[: _MOST_LETTERS - 1]}…"
    return short.replace("$", r"\$")
