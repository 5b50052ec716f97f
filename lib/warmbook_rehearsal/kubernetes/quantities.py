"""Kubernetes quantities: `500m`, `16`, `64Gi` as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

_SUFFIXES: Mapping[str, Decimal] = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{name: Decimal(1000) ** (power + 1) for power, name in enumerate("kMGTPE")},
    **{f"{name}i": Decimal(1024) ** (power + 1) for power, name in enumerate("KMGTPE")},
}
_PARTS = re.compile(r"([+-]?[0-9.]+)([eE][+-]?[0-9]+)?([a-zA-Z]*)")


def number(quantity: str | int | float) -> Decimal:
    """Return a quantity as a number, 0 if it is none."""
    found = _PARTS.fullmatch(str(quantity))
    if not found or found[3] not in _SUFFIXES:
        return Decimal(0)
    try:
        return Decimal(found[1] + (found[2] or "")) * _SUFFIXES[found[3]]
    except InvalidOperation:
        return Decimal(0)
