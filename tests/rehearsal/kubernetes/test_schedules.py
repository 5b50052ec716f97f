"""When a CronJob's schedule falls due; which schedules are refused."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from warmbook_rehearsal.kubernetes.schedules import Schedule


def _utc(*parts):
    return datetime(2026, *parts, tzinfo=timezone.utc)


SUNDAY = _utc(11, 29, 18, 2, 30)


@pytest.mark.parametrize(
    ("text", "zone", "before", "after"),
    [
        ("*/5 * * * *", "", _utc(11, 29, 18), _utc(11, 29, 18, 5)),
        ("0 3 * * 1-5", "", _utc(11, 27, 3), _utc(11, 30, 3)),
        ("0 3 * * MON", "", _utc(11, 23, 3), _utc(11, 30, 3)),
        ("@daily", "", _utc(11, 29), _utc(11, 30)),
        ("0 3 * * *", "Europe/Berlin", _utc(11, 29, 2), _utc(11, 30, 2)),
        ("0 0 1,15 * 5", "", _utc(11, 27), _utc(12, 1)),
    ],
)
def test_the_times_around_a_moment(text, zone, before, after):
    schedule = Schedule.parse(text, zone)
    assert (schedule.before(SUNDAY), schedule.after(SUNDAY)) == (before, after)


def test_a_date_that_no_year_has_never_comes():
    assert Schedule.parse("0 0 31 2 *").after(SUNDAY) is None


@pytest.mark.parametrize(
    "text", ["", "* * * *", "* * * * * *", "61 * * * *", "R * * * *", "0 0 l * *", "@every 5m"]
)
def test_what_kubernetes_does_not_read_is_refused(text):
    with pytest.raises(ValueError):
        Schedule.parse(text)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValueError, match="Mars/Olympus"):
        Schedule.parse("@daily", "Mars/Olympus")
