"""The parameters cell of a notebook: each parameter's comment, in the notebook's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from warmbook.texts import say, speak

COMMENTED = re.compile(r"^(\w+: \w+ = .*?  # )(.+)$", re.MULTILINE)
"""The line of a parameter: its assignment, and the comment that papermill shows as its help."""


def comments(source: str) -> Iterator[str]:
    """Yield what the parameters of a source mean, in English."""
    yield from (found[2] for found in COMMENTED.finditer(source))


def translated(cell: str, language: str) -> str:
    """Return a parameters cell with its comments in `language`."""
    speak(language)
    return COMMENTED.sub(lambda found: found[1] + say(found[2]), cell)
