"""The times of a CronJob: five fields, or a name such as @daily, in a time zone.

croniter reads the fields. Source: Kubernetes, "CronJob", "Writing a CronJob spec".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter

NAMES = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS_AND_DAYS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"
_FIELD = re.compile(rf"(?:[0-9*/,?-]|{_MONTHS_AND_DAYS})+", re.IGNORECASE)
"""What a field may consist of; croniter reads more, such as random and last days."""


@dataclass(frozen=True)
class Schedule:
    """When a CronJob starts its Jobs."""

    text: str
    zone: tzinfo = timezone.utc

    @classmethod
    def parse(cls, text: str, zone: str = "") -> Schedule:
        """Return the schedule of the fields `schedule` and `timeZone`.

        Raises:
            ValueError: One of them is wrong.
        """
        fields = text.split()
        if text.startswith("@"):
            if text not in NAMES:
                raise ValueError(f"unrecognized descriptor: {text}")
        elif len(fields) != 5:
            raise ValueError(
                f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
            )
        elif wrong := [field for field in fields if not _FIELD.fullmatch(field)]:
            raise ValueError(f"failed to parse {wrong[0]}")
        try:
            croniter(text)
        except CroniterError as error:
            raise ValueError(str(error)) from None
        return cls(text, zone_of(zone))

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, in UTC; None if there is no such date."""
        return self._look(moment, "get_next")

    def before(self, moment: datetime) -> datetime | None:
        """Return the last time before a moment, in UTC; None if there is no such date."""
        return self._look(moment, "get_prev")

    def _look(self, moment: datetime, way: str) -> datetime | None:
        try:
            found: datetime = getattr(croniter(self.text, moment.astimezone(self.zone)), way)(
                datetime
            )
        except CroniterBadDateError:
            return None
        return found.astimezone(timezone.utc)


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name; without one UTC, the zone of GKE's control planes.

    Raises:
        ValueError: There is no such zone.
    """
    if not name:
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None
