"""Text as HTML whose lines break between words only: not in g2-standard-48, not before a unit."""

from __future__ import annotations

import html
import re

_NAME = re.compile(r"(?<!\S)(?:\d+ x )?(?=\S{1,64}(?!\S))\S*-\S*[^\s:](?!\S)")
"""A word with a hyphen in it, and how many: a browser would break its line there. What is much
longer breaks anyway, and so does a key, whose value shall stand beside it."""
_LINE = '<span style="display:inline-block;max-width:100%">{}</span>'
"""Breaks only where the whole line is too short for the word: then as the text around it does."""
_FIGURE = re.compile(
    r"(?<=\d) (?=(?:ms|s|min|h|bytes|[KMGT]iB(?:/s)?|Gbps|GB|seconds|segundos)(?!\w))"
)
_NO_BREAK = "\u00a0"


def figures_unbroken(text: str) -> str:
    """Return a text, still without markup, in which each figure keeps the line of its unit."""
    return _FIGURE.sub(_NO_BREAK, text)


def unbroken(text: str) -> str:
    """Return a text as HTML; names with hyphens and figures with their unit keep their line."""
    pieces, end = [], 0
    text = figures_unbroken(text)
    for name in _NAME.finditer(text):
        pieces += [html.escape(text[end : name.start()]), _LINE.format(html.escape(name[0]))]
        end = name.end()
    return "".join([*pieces, html.escape(text[end:])])
