"""The shell lines that messages about a class name."""

from __future__ import annotations

from pathlib import Path

from ...shell import quoted

FOLDER = Path("class")
"""Where a class is, unless another folder is named."""


def command(folder: Path, words: str) -> str:
    """Return the shell line of a verb of `class` for the class in `folder`."""
    elsewhere = folder.absolute() != FOLDER.absolute()
    return f"warmbook class {words}" + (f" --folder {quoted(str(folder))}" if elsewhere else "")
