"""Rows of text under each other, for a terminal or a file."""

from __future__ import annotations

from collections.abc import Sequence

SPACE = "  "
"""Between two columns; lines that have it are never broken, see `show_wrapped`."""


def laid_out(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        SPACE.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def shortened(text: str, most: int) -> str:
    """Return a text in at most so many characters: of a longer one its beginning and its end."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[head + 1 - most :]}"
