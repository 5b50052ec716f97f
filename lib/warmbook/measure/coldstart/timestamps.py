"""The moments in a log: the container runtime's, and those of the Pod's own clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_RUNTIME = re.compile(r"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_OWN = re.compile(
    r"(?:(20\d\d)-)?(?<!\d)(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:[,.](\d+))?", re.ASCII
)


def moment(text: str, near: datetime) -> tuple[datetime | None, float | None]:
    """Return the moment that a line's beginning tells, and how far the Pod's clock is ahead.

    The runtime's goes before the Pod's own. vLLM writes no year: the one nearest to `near` is
    taken, and its clock for one of UTC.
    """
    own, runtime = _own(text, near), _runtime(text)
    offset_s = (own - runtime).total_seconds() if own and runtime else None
    return runtime or own, offset_s


def _own(text: str, near: datetime) -> datetime | None:
    if not (found := _OWN.findall(text)):
        return None
    year, *parts, fraction = found[-1]
    years = [int(year)] if year else range(near.year - 1, near.year + 2)
    moments = (
        _utc(f"{one}-{'-'.join(parts[:2])}T{':'.join(parts[2:])}", fraction) for one in years
    )
    return min(filter(None, moments), key=lambda found: abs(found - near), default=None)


def _runtime(text: str) -> datetime | None:
    if not (found := _RUNTIME.search(text)):
        return None
    clock, fraction, zone = found.groups()
    return _utc(clock + zone.replace("Z", "+00:00"), fraction)


def _utc(written: str, fraction: str | None) -> datetime | None:
    """Return a time as UTC, None where there is no such day or hour."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    found = found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return found + timedelta(seconds=float(f"0.{fraction or 0}"))
