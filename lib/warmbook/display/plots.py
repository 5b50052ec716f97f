"""Pictures for results, drawn by matplotlib without a screen or a global state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..model.layers import KINDS, Block
from ..texts import say
from ..units import duration, size, sizes
from .picture import AMBER, BLUE, GREEN, GREY, INK, PALE, PURPLE, RED, Picture

COLOURS = {"attention": BLUE, "mlp": GREEN, "experts": AMBER, "rest": GREY}
"""Colour of each kind of bytes in a layer."""
TIMES = {"cluster": GREY, "container": AMBER, "server": PURPLE, "weights": BLUE, "unexplained": RED}
"""Colour of each kind of time; what nobody explains is hatched."""

_GIB = 2**30
_MOST_LETTERS = 46
_TAIL = 12
_SHOWS = 0.01
"""What is smaller than this share of the largest column can't be seen."""


@dataclass(frozen=True)
class MemoryPart:
    """A part of a bar, in bytes: `low` is sure, up to `high` it may be."""

    name: str
    low: int
    high: int
    colour: str


@dataclass(frozen=True)
class Bar:
    """A part of a time, in seconds; `kind` gives its colour.

    It is cluster, container, server, weights or unexplained.
    """

    name: str
    start_s: float
    elapsed_s: float
    kind: str

    @property
    def end_s(self) -> float:
        """When it ended."""
        return self.start_s + self.elapsed_s


def waterfall(bars: Sequence[Bar], caption: str, title: str = "") -> Picture:
    """Draw the parts of a time, each on a line of its own from where it began."""
    figure, axes = _paper(1.0 + 0.27 * len(bars))
    for place, bar in enumerate(bars):
        axes.barh(place, bar.elapsed_s, left=bar.start_s, height=0.7, **_fill(bar.kind))
        _beside_the_bar(axes, duration(bar.elapsed_s), bar.end_s, place)
    axes.set_yticks(range(len(bars)), [_short(bar.name) for bar in bars])
    _time_axis(axes, [bars], room=1.15)
    return _drawn(figure, caption, title)


def lanes(rows: Sequence[tuple[str, Sequence[Bar]]], caption: str, title: str = "") -> Picture:
    """Draw several times under each other, a row for each, its parts side by side."""
    figure, axes = _paper(1.0 + (0.27 if len(rows) <= 16 else 0.16) * len(rows))
    placed = [(place, bar) for place, (_, bars) in enumerate(rows) for bar in bars]
    for kind in TIMES:
        shown = [(at, bar) for at, bar in placed if bar.kind == kind and bar.elapsed_s > 0]
        ends = {"width": [b.elapsed_s for _, b in shown], "left": [b.start_s for _, b in shown]}
        axes.barh([at for at, _ in shown], **ends, height=0.75, **_fill(kind))
    # only what tells them apart; the caption and the card have the whole names
    names = [f"…{name[-_TAIL:]}" if len(name) > _TAIL else name for name, _ in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=10 if len(rows) <= 16 else 7)
    _time_axis(axes, [bars for _, bars in rows], room=1.02)
    return _drawn(figure, caption, title)


def _time_axis(axes: Any, rows: Sequence[Sequence[Bar]], *, room: float) -> None:
    """Let time run to the right, rows downwards, and say what each colour is."""
    from matplotlib.patches import Patch

    bars = [bar for row in rows for bar in row]
    kinds = [kind for kind in TIMES if any(bar.kind == kind for bar in bars)]
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(axes.get_yticks()) - 0.4, -0.6)
    axes.set_xlabel(say("seconds"))
    axes.set_xlim(0, max([1.0, *(bar.end_s for bar in bars)]) * room)
    axes.figure.legend(
        handles=[Patch(label=kind_name(kind), **_fill(kind)) for kind in kinds],
        **{"loc": "outside upper center", "ncols": 5, "frameon": False, "columnspacing": 1.5},
    )


def _fill(kind: str) -> dict[str, Any]:
    if kind == "unexplained":
        return {"facecolor": "none", "edgecolor": RED, "hatch": "////", "linewidth": 0.8}
    return {"facecolor": TIMES[kind]}


def kind_name(kind: str) -> str:
    """Return what a kind of time is called in a legend."""
    return {
        "cluster": say("cluster"),
        "container": say("image and container"),
        "server": "vLLM",
        "weights": say("weights"),
        "unexplained": say("unexplained"),
    }[kind]


def dots(
    rows: Sequence[tuple[str, float, Sequence[float]]], caption: str, title: str = ""
) -> Picture:
    """Draw runs as points on a row for each name: the first hollow, the median as a line."""
    from statistics import median

    figure, axes = _paper(1.1 + 0.42 * len(rows))
    for place, (_, first, later) in enumerate(rows):
        axes.plot(later, [place] * len(later), "o", color=BLUE, alpha=0.7, markersize=8)
        axes.plot([first], [place], "o", color=GREY, fillstyle="none", markersize=8)
        axes.plot([median(later)] * 2, [place - 0.3, place + 0.3], color=AMBER, linewidth=3)
    _run_legend(axes)
    axes.set_yticks(range(len(rows)), [_short(name, 24) for name, _, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(say("seconds"))
    axes.set_xlim(0, 1.1 * max([0.1, *(max(first, *later) for _, first, later in rows)]))
    return _drawn(figure, caption, title)


def curve(
    points: Sequence[tuple[str, float, Sequence[float]]],
    best: str,
    axis: str,
    caption: str,
    title: str = "",
) -> Picture:
    """Draw runs over the values of a setting: (value, first run, later runs), in seconds.

    The medians are joined to a curve; `best` is the value to mark, "" for none. Values stand at
    equal distances, which is a logarithmic axis where each is twice the one before.
    """
    from statistics import median

    figure, axes = _paper(3.2)
    for place, (_, first, later) in enumerate(points):
        axes.plot([place] * len(later), later, "o", color=BLUE, alpha=0.7, markersize=7)
        axes.plot([place], [first], "o", color=GREY, fillstyle="none", markersize=7)
    medians = [median(later) for _, _, later in points]
    axes.plot(range(len(points)), medians, color=AMBER, linewidth=2.5)
    for place, (value, _, _) in enumerate(points):
        if value == best:
            axes.axvline(place, color=GREEN, linewidth=1.5, linestyle="--", label=say("best value"))
    _run_legend(axes)
    axes.set_xticks(range(len(points)), [_short(value, 12) for value, _, _ in points])
    axes.set_xlabel(axis)
    axes.set_ylabel(say("seconds"))
    axes.set_ylim(0, 1.1 * max([0.1, *(max(first, *later) for _, first, later in points)]))
    return _drawn(figure, caption, title)


def _run_legend(axes: Any) -> None:
    axes.plot([], [], "o", color=BLUE, label=say("a run"))
    axes.plot([], [], "o", color=GREY, fillstyle="none", label=say("the first run"))
    axes.plot([], [], color=AMBER, linewidth=3, label=say("median"))
    axes.figure.legend(loc="outside upper center", ncols=4, frameon=False)


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
    if axes.containers:  # else matplotlib warns that there is nothing to tell
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, borderpad=0)
    return _drawn(figure, caption)


def memory_bar(
    parts: Sequence[MemoryPart],
    budget: tuple[int, int],
    whole: int,
    caption: str,
    title: str = "",
) -> Picture:
    """Draw a GPU's memory as a bar: its parts, what vLLM may take (bytes), all of it (bytes).

    What the parts leave of `budget` is drawn pale.
    """
    figure, axes = _paper(1.9)
    left, legend = 0.0, []
    for part in parts:
        sure, unsure = part.low / _GIB, (part.high - part.low) / _GIB
        label = f"{part.name}: {sizes(part.low, part.high)}"
        legend.append(axes.barh(0, sure, left=left, color=part.colour, label=label))
        look = {"facecolor": "none", "edgecolor": part.colour, "hatch": "////", "linewidth": 0}
        axes.barh(0, unsure, left=left + sure, **look)
        left += sure + unsure
    low, high = (edge / _GIB for edge in budget)
    free = say("free: {range}", range=sizes(*unused(parts, budget)))
    legend.append(axes.barh(0, max(0, low - left), left=left, color=PALE, label=free))
    label = say("available to vLLM: {range}", range=sizes(*budget))
    legend.append(axes.axvspan(low, high, fc=(RED, 0.35), ec=RED, label=label))
    edge = axes.axvline(whole / _GIB, color=INK, label=f"GPU: {size(whole)}")
    axes.set_xlim(0, max(left, whole / _GIB) * 1.02)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("GiB")
    axes.legend(
        handles=[*legend, edge],
        **{"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "frameon": False},
    )
    return _drawn(figure, f"{caption}; {free}", title)


def load_bars(bars: Sequence[tuple[str, float, str]], caption: str, title: str = "") -> Picture:
    """Draw how long one load takes, in seconds, at several rates: (whose rate, time, colour)."""
    figure, axes = _paper(0.7 + 0.34 * len(bars))
    for place, (_, elapsed_s, colour) in enumerate(bars):
        axes.barh(place, elapsed_s, color=colour, height=0.65)
        told = duration(elapsed_s) if elapsed_s >= 1 else f"{elapsed_s:.2f} s"
        _beside_the_bar(axes, told, elapsed_s, place)
    axes.set_yticks(range(len(bars)), [_short(name) for name, _, _ in bars])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel(say("seconds for these weights, at each rate"))
    axes.set_xlim(0, max((elapsed_s for _, elapsed_s, _ in bars), default=1.0) * 1.2)
    return _drawn(figure, caption, title)


def unused(parts: Sequence[MemoryPart], budget: tuple[int, int]) -> tuple[int, int]:
    """Return the least and the most that `parts` leave of `budget`, in bytes; 0 where nothing."""
    least = budget[0] - sum(part.high for part in parts)
    most = budget[1] - sum(part.low for part in parts)
    return max(0, least), max(0, most)


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


def _beside_the_bar(axes: Any, text: str, end: float, place: int) -> None:
    # an SVG drops a blank at the start of a text, so the gap is a distance
    gap = {"xytext": (3, 0), "textcoords": "offset points"}
    axes.annotate(text, (end, place), va="center", **gap)


def _paper(height_in: float) -> tuple[Any, Any]:
    """Return a figure of 8 inches by `height_in`, and its axes."""
    # Imported here: matplotlib takes a second, and only pictures need it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, height_in), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _drawn(figure: Any, caption: str, title: str = "") -> Picture:
    """Return the figure without paper of its own: the page's shows through."""
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    return Picture(figure, caption, title)
