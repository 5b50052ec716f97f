"""What is shown as text: the one place where the library writes to a terminal.

Names, logs and answers come from others. An escape sequence in them could move the cursor, rename
the window or hide a line, and a mark of writing direction could make a command look like another.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import TextIO

INSTEAD = "·"
"""What stands where a character would have steered the terminal."""

_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of Unicode: controls (C0 and C1), invisible formats (those of direction among them),
halves of characters, and the separators of lines and paragraphs."""
_JOINERS = "\u200c\u200d"
"""Formats that words and emoji are written with."""
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
"""Select Graphic Rendition of ECMA-48: colours, and nothing that moves or hides."""


def printable(text: str) -> str:
    """Return the text without what would steer a terminal; it may have several lines and tabs."""
    if text.isprintable():
        return text
    return "".join(INSTEAD if _steers(letter) else letter for letter in text)


def one_line(text: str) -> str:
    """Return the text on one line, without what would steer a terminal."""
    return printable(text).replace("\n", INSTEAD).replace("\t", INSTEAD)


def show(text: object = "", file: TextIO | None = None, *, end: str = "\n") -> None:
    """Print the text, by default on standard output, without what would steer a terminal."""
    print(printable(str(text)), file=file or sys.stdout, end=end, flush=True)


def show_coloured(text: str, file: TextIO) -> None:
    """Print text with colours; every other sequence that would steer the terminal is replaced."""
    parts = _COLOUR.split(text)  # a colour after each part of text
    parts[::2] = map(printable, parts[::2])
    print("".join(parts), file=file, end="", flush=True)


def redraw(text: str) -> None:
    """Put one line in the place of the one that the terminal's cursor is in; it stays there."""
    print(f"\r\x1b[K{one_line(text)}", end="", flush=True)


def clear() -> None:
    """Empty the terminal and go to its first line. Source: ECMA-48, CUP and ED."""
    print("\x1b[H\x1b[2J", end="", flush=True)


def _steers(letter: str) -> bool:
    if letter in "\n\t" or letter in _JOINERS:
        return False
    return unicodedata.category(letter) in _STEERING
