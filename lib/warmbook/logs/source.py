"""Who wrote a line: a container, as far as a form names it."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A container by its Pod's name and its own; "" what the form does not tell."""

    pod: str = ""
    container: str = ""
