"""What a report's page is made of; `data/report.html` has the shape of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is its class in the style sheet. Without text there is none."""

    text: str
    kind: str = ""
    shape: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Table:
    """Rows of text; the first cell of each is its head."""

    rows: tuple[tuple[str, ...], ...]
    shape: ClassVar[str] = "table"


@dataclass(frozen=True)
class Grid:
    """Rows of text below a row of heads, which a reader sees again where the page scrolls."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    last: tuple[str, ...] = ()
    """A row that sums the others up, such as their medians."""
    texts: tuple[int, ...] = ()
    """The columns whose cells are broken into lines, by number from 0; no other cell is."""
    shape: ClassVar[str] = "grid"


@dataclass(frozen=True)
class Drawing:
    """A picture, as the HTML that `Picture.page` makes."""

    html: str
    shape: ClassVar[str] = "drawing"


@dataclass(frozen=True)
class Folded:
    """Rows that a reader opens by clicking on their `head`; printed, they are open."""

    head: str
    rows: tuple[tuple[str, ...], ...]
    shape: ClassVar[str] = "folded"


@dataclass(frozen=True)
class PhaseRow:
    """A phase beside its bar: `start` and `width` in percent; no `usd`, no such column."""

    title: str
    time: str
    source: str
    usd: str | None
    start: float
    width: float
    colour: str
    alternative: str
    """What the bar shows, as text."""


@dataclass(frozen=True)
class Phases:
    """The phases of a cold start, and what each colour of the bars means."""

    rows: tuple[PhaseRow, ...]
    legend: tuple[tuple[str, str], ...]
    shape: ClassVar[str] = "phases"


Part: TypeAlias = "Paragraph | Table | Grid | Drawing | Folded | Phases"


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; without parts it was not run."""

    head: str
    parts: Sequence[Part]
