"""A word of a command: what it says, where it stands, and whether that is sure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...limited_yaml import Text

_OPEN = re.compile(
    r"\$\(|\$\{|\{\{|\$[A-Za-z_]|<[^<>\s/][^<>/]*>|\bYOUR[_-]|\bREPLACE|\bCHANGE_?ME\b|\bV_[A-Z]+_"
)
"""What somebody or something fills in later: `$(VAR)`, `${VAR}`, `{{ … }}`, `<bucket>`."""


@dataclass(frozen=True)
class Word:
    """One word; `sure` unless a part of it is filled in later, `many` if it may be several.

    `value` is what stood in the manifest where it is no text, else None; `block` says that each
    line of the text has its own line in the file.
    """

    text: str
    line: int = 0
    sure: bool = True
    many: bool = False
    value: Any = None
    block: bool = False


def is_open(text: str) -> bool:
    """Say whether a part of the text is filled in later."""
    return bool(_OPEN.search(text))


def line_of(value: object, otherwise: int = 0) -> int:
    """Return the line that a value of a document begins in."""
    return getattr(value, "line", 0) or otherwise


def key_line(mapping: object, key: str, otherwise: int = 0) -> int:
    """Return the line of a mapping's key, else the line of the mapping itself."""
    return getattr(mapping, "lines", {}).get(key) or line_of(mapping, otherwise)


def as_word(value: object, otherwise: int = 0) -> Word:
    """Return a value of a list as a word."""
    line = line_of(value, otherwise)
    if isinstance(value, str):
        block = isinstance(value, Text) and value.block
        return Word(str(value), line, sure=not is_open(value), block=block)
    return Word(str(value), line, sure=False, value=value)


def inner_line(text: object, at: int, otherwise: int = 0) -> int:
    """Return the line in the file of the letter `at` of a text that may have several lines."""
    first = line_of(text, otherwise)
    return first + text[:at].count("\n") if isinstance(text, Text) and text.block else first
