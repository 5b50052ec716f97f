"""Text for people on a terminal: wrapped at the window's width, with coloured marks.

What is piped or written into a file stays as it is, so that `grep` finds whole lines. Colours
follow what rich detects: NO_COLOR takes them away, FORCE_COLOR puts them into a pipe too.
Source: no-color.org; force-color.org; rich, "Console API", environment variables.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, TextIO

from ...terminal import printable, show, show_coloured

if TYPE_CHECKING:
    from rich.text import Text

COLOURS = {"✔": "green", "✗": "red", "…": "yellow", "+": "blue", "→": "cyan"}
"""The colour of a line's mark: the terminal's own, which its theme keeps legible."""

VERBATIM = " " * 6
"""What begins so is a command or a quotation, and is never broken."""

COLUMNS = " " * 2
"""What stands between the columns of a table, whose rows are never broken either."""

_HEAD = re.compile(rf"( *)((?:[{''.join(COLOURS)}·] )?)")
_LEAST = 20
"""Characters that a line gets beside its indent, however narrow the window is."""


def show_wrapped(text: object = "", file: TextIO | None = None) -> None:
    """Print the text, by default on standard output; lay it out if that is a terminal."""
    stream = file or sys.stdout
    if stream.isatty() or os.environ.get("FORCE_COLOR"):
        show_coloured(_laid_out(printable(str(text)), stream), stream)
    else:
        show(text, stream)


def warn(text: str) -> None:
    """Print a message on standard error; do nothing where that can't be written."""
    with suppress(OSError):
        show_wrapped(text, sys.stderr)


def open_streams() -> None:
    """Open closed standard streams on the null device; let no character end a verb in an error.

    What the output's encoding does not have, such as a mark in a Windows code page, becomes a
    question mark. Source: the Python Library Reference, sys.stdin, "can be None".
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the lowest free number is its own
            opened = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, opened)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def discard_unread() -> None:
    """Discard what can't be printed, where nobody reads the output or its disk is full.

    Python flushes both streams at its end, and a failure then changes the exit status.
    Source: CPython, Py_FinalizeEx.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _laid_out(text: str, stream: TextIO) -> str:
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    width = console.width if stream.isatty() else 0
    with console.capture() as captured:
        for line in text.split("\n"):
            console.print(*_drawn(line, width), sep="\n", soft_wrap=True)
    return captured.get()


def _drawn(line: str, width: int) -> Iterator[Text]:
    """Yield the line in parts that fit, its mark in colour; markup in it is plain text."""
    from rich.text import Text

    for place, part in enumerate(_wrapped(line, width)):
        drawn, found = Text(part, end=""), _HEAD.match(line)
        if found and found[2] and not place:
            drawn.stylize(COLOURS.get(found[2][0], ""), found.start(2), found.start(2) + 1)
        yield drawn


def _wrapped(line: str, width: int) -> list[str]:
    """Return the line in parts; a word that is wider than the window stays whole."""
    found = _HEAD.match(line)
    indent = len(found[0]) if found else 0
    kept = line.startswith(VERBATIM) or COLUMNS in line[indent:]
    if kept or not width or len(line) <= width:
        return [line]
    marked = found and found[2]
    hanging = " " * (indent if marked else indent + 2)
    return wrap(
        line[indent:],
        max(width, len(hanging) + _LEAST),
        initial_indent=line[:indent],
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
