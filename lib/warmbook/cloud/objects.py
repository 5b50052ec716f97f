"""Objects of Kubernetes as JSON has them, read without trust: any part may be missing or wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Object = Mapping[str, Any]

_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def at(value: object, *path: str) -> Any:
    """Return what stands at the path, None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def maps(value: object) -> list[Object]:
    """Return the maps of a list, and nothing if it is none."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def items(value: object) -> list[Any]:
    """Return what is in a list, and nothing if it is none."""
    return list(value) if isinstance(value, (list, tuple)) else []


def text(value: object) -> str:
    """Return the text, "" where it is none."""
    return value if isinstance(value, str) else ""


def time_at(value: object, *path: str) -> datetime | None:
    """Return the time that stands at the path, None where there is none that can be read."""
    try:
        return parse_time(text(at(value, *path)))
    except ValueError:
        return None


def parse_time(written: str) -> datetime:
    """Return an aware time from RFC 3339, to the microsecond; for UTC where no offset stands.

    Python 3.10's own `fromisoformat` reads neither a Z nor nine digits of a second.

    Raises:
        ValueError: It is no time, or none of this century, as no time of a cluster is.
    """
    parts = _RFC_3339.fullmatch(written)
    if parts is None:
        raise ValueError(f"no time of RFC 3339: {written!r}")
    clock, fraction, offset = parts.groups()
    zone = "+00:00" if offset in (None, "Z", "z") else offset
    moment = datetime.fromisoformat(f"{clock.upper()}.{(fraction or '')[:6]:0<6}{zone}")
    if not 2000 < moment.year < 2100:
        raise ValueError(f"no time of this century: {written!r}")
    return moment
