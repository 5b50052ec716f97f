"""The moments in a log: the container runtime's, and those of the Pod's own clock."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from ...cloud.objects import time_at

_RUNTIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_OWN = re.compile(r"(?:(20\d\d)-)?(?<!\d)(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:[,.](\d+))?", re.ASCII)


def moment(text: str, near: datetime) -> tuple[datetime | None, float | None]:
    """Return the moment that a line's beginning tells, and how far the Pod's clock is ahead.

    The runtime's goes before the Pod's own. vLLM writes no year: the one nearest to `near` is
    taken, and its clock for one of UTC.
    """
    runtime = _runtime(text)
    own = _own(text, runtime or near)
    offset_s = (own - runtime).total_seconds() if own and runtime else None
    return runtime or own, offset_s


def _own(text: str, near: datetime) -> datetime | None:
    if not (found := _OWN.findall(text)):
        return None
    year, month, day, clock, fraction = found[-1]
    years = [int(year)] if year else range(near.year - 1, near.year + 2)
    moments = (time_at(f"{one}-{month}-{day}T{clock}.{fraction or 0}") for one in years)
    return min(filter(None, moments), key=lambda found: abs(found - near), default=None)


def _runtime(text: str) -> datetime | None:
    if not (found := _RUNTIME.search(text)):
        return None
    moment = time_at(found[0])
    return moment.astimezone(timezone.utc) if moment else None
