"""How much a finding matters: one scale for rows of cards, checkups, and faults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Severity = Literal["ok", "info", "warning", "error"]
"""ok: as it should be; info: nothing to judge; warning: it may go wrong; error: it will."""

_WORST_FIRST: tuple[Severity, ...] = ("error", "warning", "ok", "info")


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the one that matters most, info where there is none."""
    present = set(severities)
    return next((severity for severity in _WORST_FIRST if severity in present), "info")
