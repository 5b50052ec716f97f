"""Pictures for results: PNG, drawn by matplotlib without a screen or a global state.

Each is drawn on white paper: it reads in light and in dark, offline, and where GitHub shows an
executed notebook.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .layers import KINDS, Block
from .texts import say
from .views import AMBER, BLUE, GREEN, GREY, RED, duration, size, sizes

PURPLE = "#8b5cf6"
_SERIES = (GREY, AMBER, BLUE, GREEN, PURPLE, RED, "#0f9aa8", "#d1569b", "#8a6d3b", "#4b5563")
COLOURS = {"attention": BLUE, "mlp": GREEN, "experts": AMBER, "rest": GREY}
"""Colour of each kind of bytes in a layer."""

_GIB = 2**30
_MOST_LETTERS = 46
_SHOWS = 0.01
"""What is smaller than this share of the largest column can't be seen."""


@dataclass(frozen=True)
class Picture:
    """A PNG that a notebook shows; `caption` stands for it in text, alone if there is no `png`."""

    png: bytes
    caption: str

    def __repr__(self) -> str:
        return self.caption

    def _repr_png_(self) -> bytes | None:
        return self.png or None


@dataclass(frozen=True)
class Part:
    """A part of a bar, in bytes: `low` is sure, up to `high` it may be."""

    name: str
    low: int
    high: int
    colour: str


def waterfall(parts: Sequence[tuple[str, float]], caption: str) -> Picture:
    """Draw named parts of a time, each in seconds, one after the other."""
    figure, axes = _paper(0.5 + 0.4 * len(parts))
    left, colours = 0.0, (GREY, AMBER, BLUE, GREEN)
    for number, (name, elapsed_s) in enumerate(parts):
        axes.barh(name, elapsed_s, left=left, color=colours[number % len(colours)])
        left += elapsed_s
        axes.annotate(f" {duration(elapsed_s)}", (left, name), va="center")
    axes.invert_yaxis()
    axes.set_xlabel(say("seconds"))
    axes.set_xlim(0, max(1.0, left) * 1.15)
    return _drawn(figure, caption)


def side_by_side(bars: Sequence[tuple[str, Sequence[tuple[str, float]]]], caption: str) -> Picture:
    """Draw a bar for each name, of named parts in seconds; a part has one colour in all bars."""
    names = list(dict.fromkeys(part for _, parts in bars for part, _ in parts))
    figure, axes = _paper(0.9 + 0.4 * len(bars) + 0.25 * (len(names) + 1) // 2)
    lefts = [0.0] * len(bars)
    for number, name in enumerate(names):
        widths = [sum(s for part, s in parts if part == name) for _, parts in bars]
        look = {"color": _SERIES[number % len(_SERIES)], "label": _short(name)}
        axes.barh(range(len(bars)), widths, left=lefts, height=0.65, **look)
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    for place, left in enumerate(lefts):
        axes.annotate(f" {duration(left)}", (left, place), va="center")
    axes.set_yticks(range(len(bars)), [_short(name, 24) for name, _ in bars])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel(say("seconds"))
    axes.set_xlim(0, max(1.0, *lefts) * 1.15)
    if names:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return _drawn(figure, caption)


def layer_map(blocks: Sequence[Block], caption: str) -> Picture:
    """Draw the bytes of each block of a model as a column, its kinds one upon the other.

    What does not show at this size is left out of the legend, and stands in the `caption`.
    """
    figure, axes = _paper(3.0)
    largest = max((block.size_bytes for block in blocks), default=0)
    unit, name = (_GIB, "GiB") if largest >= _GIB else (2**20, "MiB")
    places, bottom = range(len(blocks)), [0.0] * len(blocks)
    width = 0.9 if len(blocks) < 50 else 1.0  # thinner gaps would come and go by rounding
    for kind in KINDS:
        heights = [block.parts.get(kind, 0) / unit if _numbered(block) else 0 for block in blocks]
        if max(heights, default=0) * unit > largest * _SHOWS:
            axes.bar(places, heights, width, bottom, color=COLOURS[kind], label=_kind(kind))
            bottom = [below + height for below, height in zip(bottom, heights, strict=True)]
    beside = [0 if _numbered(block) else block.size_bytes / unit for block in blocks]
    if any(beside):
        axes.bar(places, beside, width, color=PURPLE, label=_beside(blocks))
    axes.set_ylabel(name)
    axes.set_xlabel(say("layer"))
    axes.set_xticks(*_ticks(blocks))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, borderpad=0)
    return _drawn(figure, caption)


def memory_bar(parts: Sequence[Part], budget: tuple[int, int], whole: int, caption: str) -> Picture:
    """Draw a GPU's memory as a bar: its parts, what vLLM may take (bytes), all of it (bytes)."""
    figure, axes = _paper(1.9)
    left, legend = 0.0, []
    for part in parts:
        sure, unsure = part.low / _GIB, (part.high - part.low) / _GIB
        label = f"{part.name}: {sizes(part.low, part.high)}"
        legend.append(axes.barh(0, sure, left=left, color=part.colour, label=label))
        look = {"facecolor": "white", "edgecolor": part.colour, "hatch": "////", "linewidth": 0}
        axes.barh(0, unsure, left=left + sure, **look)
        left += sure + unsure
    label = say("vLLM may take {range}", range=sizes(*budget))
    low, high = (edge / _GIB for edge in budget)
    legend.append(axes.axvspan(low, high, color=RED, alpha=0.35, label=label))
    edge = axes.axvline(whole / _GIB, color="black", label=f"GPU: {size(whole)}")
    axes.set_xlim(0, max(left, whole / _GIB) * 1.02)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("GiB")
    axes.legend(
        handles=[*legend, edge],
        **{"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "frameon": False},
    )
    return _drawn(figure, caption)


def load_bars(bars: Sequence[tuple[str, float, str]], caption: str) -> Picture:
    """Draw how long one load takes, in seconds, at several rates: (whose rate, time, colour)."""
    figure, axes = _paper(0.7 + 0.34 * len(bars))
    for place, (_, elapsed_s, colour) in enumerate(bars):
        axes.barh(place, elapsed_s, color=colour, height=0.65)
        told = duration(elapsed_s) if elapsed_s >= 1 else f"{elapsed_s:.2f} s"
        axes.annotate(f" {told}", (elapsed_s, place), va="center")
    axes.set_yticks(range(len(bars)), [_short(name) for name, _, _ in bars])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel(say("seconds"))
    axes.set_xlim(0, max((elapsed_s for _, elapsed_s, _ in bars), default=1.0) * 1.2)
    return _drawn(figure, caption)


def block_name(block: Block) -> str:
    """Return what people call a block."""
    names = {"embedding": say("embedding"), "head": say("head"), "rest": say("the rest")}
    return names.get(block.name, block.name)


def _kind(kind: str) -> str:
    return {
        "attention": say("attention"),
        "mlp": "MLP",
        "experts": say("experts"),
        "rest": say("the rest"),
    }[kind]


def _numbered(block: Block) -> bool:
    return block.name.isdecimal()


def _beside(blocks: Sequence[Block]) -> str:
    """Return what stands beside the layers, as far as it shows."""
    largest = max(block.size_bytes for block in blocks)
    shown = [b for b in blocks if not _numbered(b) and b.size_bytes > largest * _SHOWS]
    return _short(", ".join(map(block_name, shown)))


def _ticks(blocks: Sequence[Block]) -> tuple[list[int], list[str]]:
    """Return where the axis has numbers: at every so many layers."""
    every = max(1, -(-sum(map(_numbered, blocks)) // 12))
    numbered = [(n, block.name) for n, block in enumerate(blocks) if _numbered(block)]
    shown = [(place, name) for place, name in numbered if int(name) % every == 0]
    return [place for place, _ in shown], [name for _, name in shown]


def _short(text: str, most: int = _MOST_LETTERS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _paper(height_in: float) -> tuple[Any, Any]:
    """Return a figure of 8 inches by `height_in`, and its axes."""
    # Imported here: matplotlib takes a second, and only pictures need it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, height_in), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _drawn(figure: Any, caption: str) -> Picture:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = io.BytesIO()
    FigureCanvasAgg(figure).print_png(drawn)
    return Picture(drawn.getvalue(), caption)
