"""How results look: plain text in a terminal, a small table in a notebook; no widgets.

JupyterLab drops style sheets from notebooks it does not trust and keeps inline styles, so
every style here is inline, in mid-tones that read on light and on dark paper.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..severity import Severity, worst
from ..terminal import printable
from ..texts import say
from .unbroken import unbroken

GREEN, RED, AMBER, BLUE, GREY = "#1f9d55", "#e5484d", "#b7791f", "#3b82d0", "#7d8590"
MARKS: dict[Severity, tuple[str, str]] = {
    "ok": ("✔", GREEN),
    "warning": ("…", AMBER),
    "error": ("✗", RED),
    "info": ("·", GREY),
}
NEW = ("+", BLUE)
"""The mark of what is in order and was made just now."""

_CELL = "text-align:left;vertical-align:top;padding:4px 14px 4px 0;white-space:normal"
_NAME = "min-width:min(14em,22vw);overflow-wrap:anywhere"
"""Short names keep their line, however much room the detail wants."""
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:92%"
BOX = f"border-left:3px solid {{edge}};padding:4px 0 4px 14px;margin:6px 0;max-width:{56}em"

Wrap = Literal["break-all", "normal"]
ANYWHERE: Wrap = "break-all"
"""Long lines of a command wrap as in a terminal: else a browser breaks them after two hyphens."""
AT_WORDS: Wrap = "normal"
"""Long lines of a log wrap between words where they can."""

PLAIN = "mathjax_ignore tex2jax_ignore"
"""Keeps MathJax 3 and 2 away: two prices in a row are no formula."""

escape = html.escape


@dataclass(frozen=True)
class Row:
    """One line of a result: its `name`, the `detail`, its `severity`; `new` if made just now."""

    name: str
    detail: str
    severity: Severity = "info"
    new: bool = field(default=False, kw_only=True)

    @property
    def mark(self) -> tuple[str, str]:
        """The sign before the line, and its colour."""
        return NEW if self.new else MARKS[self.severity]

    def __str__(self) -> str:
        return printable(f"  {self.mark[0]} {self.name}: {self.detail}")


@dataclass(frozen=True, kw_only=True)
class Card:
    """A result that shows itself: a title, rows, and the command that does the same by hand."""

    command: str = field(default="", repr=False)

    def title(self) -> str:
        """Return the headline, in the reader's language."""
        raise NotImplementedError

    def rows(self) -> Sequence[Row]:
        """Return what there is to see, most important first."""
        return ()

    def note(self) -> str:
        """Return a sentence to stand under the rows, or nothing."""
        return ""

    def below(self) -> str:
        """Return HTML to stand at the end: what is folded, or nothing."""
        return folded(say("Equivalent command"), self.command)

    def edge(self) -> Severity:
        """Return the severity of the whole: the worst of its rows."""
        return worst(row.severity for row in self.rows())

    @property
    def mark(self) -> tuple[str, str]:
        """The sign before the title, and the colour of the edge."""
        severity = self.edge()
        new = severity == "ok" and any(row.new for row in self.rows())
        return NEW if new else MARKS[severity]

    def __repr__(self) -> str:
        lines = [f"{self.mark[0]} {self.title()}", *map(str, self.rows())]
        return printable("\n".join([*lines, *([f"  {self.note()}"] if self.note() else [])]))

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.rows()))
        table = f'<table style="border-collapse:collapse;margin:4px 0">{rows}</table>'
        return (
            f'<div class="{PLAIN}" style="{BOX.format(edge=self.mark[1])}">'
            f"<b>{unbroken(self.title())}</b>{table if rows else ''}"
            f"{_small(self.note())}{self.below()}</div>"
        )


def _row(row: Row) -> str:
    mark, colour = row.mark
    return (
        f'<tr style="background:none"><td style="{_CELL};color:{colour};padding-right:8px">'
        f'<b>{mark}</b></td><td style="{_CELL};{_NAME}">{unbroken(row.name)}</td>'
        f'<td style="{_CELL};overflow-wrap:anywhere">{unbroken(row.detail)}</td></tr>'
    )


def _small(text: str) -> str:
    style = "opacity:.8;font-size:93%;margin:4px 0;overflow-wrap:anywhere"
    return f'<div style="{style}">{unbroken(text)}</div>' if text else ""


def folded(summary: str, text: str, *, wrap: Wrap = ANYWHERE) -> str:
    """Return HTML that hides `text`, kept letter by letter, behind a line; a button copies it."""
    if not text:
        return ""
    return (
        f'<details style="margin:4px 0"><summary style="cursor:pointer;opacity:.8">'
        f"{escape(summary)}</summary>{copied(text, wrap)}</details>"
    )


def copied(text: str, wrap: Wrap = ANYWHERE) -> str:
    """Return HTML that shows `text` letter by letter, with a button that copies it."""
    return (
        f'<div>{_copy_button()}<pre style="{_MONO};white-space:pre-wrap;'
        f'word-break:{wrap};overflow-wrap:anywhere;margin:4px 0">{escape(text)}</pre></div>'
    )


# Selects the text too: the reader sees what was copied, and Ctrl-C still works where the
# browser refuses. navigator.clipboard would need https.
_COPY = (
    "getSelection().selectAllChildren(this.parentElement.querySelector('pre'));"
    "if(document.execCommand('copy'))this.value=this.dataset.copied"
)


def _copy_button() -> str:
    # Untrusted notebooks lose `onclick`; they lose `all` as well, so the dead button hides.
    shown = "display:none;all:revert"
    return (
        f'<input type="button" value="{escape(say("Copy"))}" '
        f'data-copied="✔ {escape(say("Copied"))}" onclick="{escape(_COPY)}" '
        f'style="{shown};cursor:pointer;font-size:90%;margin:4px 0;padding:1px 10px;'
        f'background:transparent;color:inherit;border:1px solid {GREY};border-radius:4px">'
    )
