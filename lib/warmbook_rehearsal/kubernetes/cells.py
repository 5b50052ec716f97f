"""What several kinds' rows in a Table have in common: ages, names, what is not there."""

from __future__ import annotations

from datetime import datetime, timezone

from ..timestamps import parse_time
from .objects import Obj

NONE = "<none>"


def age(since: str | None) -> str:
    """Return how long ago a time was, as kubectl shows it: 45s, 3m10s, 2h5m, 4d."""
    if not since:
        return "<unknown>"
    seconds = max(0, int((datetime.now(timezone.utc) - parse_time(since)).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{days}d{hours % 24}h" if days < 8 and hours % 24 else f"{days}d"


def created(obj: Obj) -> str:
    """Return how old an object is."""
    return age(obj["metadata"].get("creationTimestamp"))
