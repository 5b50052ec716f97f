"""One command in several lines."""

from __future__ import annotations


def line(*words: str) -> str:
    """Join quoted words; an option starts a new line of the command."""
    first, *rest = words
    return first + "".join(f" \\\n  {w}" if w.startswith("--") else f" {w}" for w in rest)
