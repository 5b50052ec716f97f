"""The difference of two texts, line by line, as HTML that reads in light and in dark."""

from __future__ import annotations

import difflib

from ..texts import say
from .card import escape

_TINTS = {"+": "rgba(31,157,85,.2)", "-": "rgba(229,72,77,.18)"}
_CONTEXT = 2
"""Unchanged lines shown around a change."""


def diff(before: str, after: str) -> list[str]:
    """Return the changed lines with their context, as `diff -U2` prints them, without its head."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=_CONTEXT, lineterm="")
    return [line if not line.startswith("@@") else "…" for line in list(lines)[2:]]


def diff_html(title: str, before: str, after: str) -> str:
    """Return the difference under a title that folds it; each line keeps its sign, + or -."""
    lines = "".join(map(_line, diff(before, after)))
    return (
        f'<details open style="margin:4px 0"><summary style="cursor:pointer;opacity:.8">'
        f'{escape(title)}</summary><pre tabindex="0" role="region" aria-label="{escape(title)}" '
        f'style="max-height:28em;overflow:auto;margin:4px 0;font-size:92%;line-height:1.35">'
        f"{lines or escape(say('no difference'))}</pre></details>"
    )


def _line(line: str) -> str:
    tint = _TINTS.get(line[:1], "transparent")
    return f'<span style="display:block;background:{tint}">{escape(line) or " "}</span>'
