"""Pictures for results: PNG, drawn by matplotlib without a screen or a global state."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from .texts import say
from .views import AMBER, BLUE, GREEN, GREY, duration


@dataclass(frozen=True)
class Picture:
    """A PNG that a notebook shows; `caption` stands for it in text."""

    png: bytes
    caption: str

    def __repr__(self) -> str:
        return self.caption

    def _repr_png_(self) -> bytes:
        return self.png


def waterfall(parts: Sequence[tuple[str, float]], caption: str) -> Picture:
    """Draw named parts of a time, each in seconds, one after the other."""
    # Imported here: matplotlib takes a second, and only this picture needs it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.5 + 0.4 * len(parts)), layout="constrained")
    canvas, axes, left = FigureCanvasAgg(figure), figure.subplots(), 0.0
    colours = (GREY, AMBER, BLUE, GREEN)
    for number, (name, elapsed_s) in enumerate(parts):
        axes.barh(name, elapsed_s, left=left, color=colours[number % len(colours)])
        left += elapsed_s
        axes.annotate(f" {duration(elapsed_s)}", (left, name), va="center")
    axes.invert_yaxis()
    axes.set_xlabel(say("seconds"))
    axes.set_xlim(0, max(1.0, left) * 1.15)
    axes.spines[["top", "right"]].set_visible(False)
    drawn = io.BytesIO()
    canvas.print_png(drawn)
    return Picture(drawn.getvalue(), caption)
