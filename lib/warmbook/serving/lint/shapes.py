"""What stands in a manifest that somebody wrote, which may hold anything anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_map(value: object) -> Mapping[str, Any]:
    """Return what stands where a mapping belongs, an empty one where something else does."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return what stands where a list belongs, an empty one where something else does."""
    return value if isinstance(value, list) else []


def as_whole(value: object) -> int | None:
    """Return a whole number of up to five digits, None for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
