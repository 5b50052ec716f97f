from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.cloud.objects import at, maps, parse_time, time_at

TEN = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("2026-11-23T10:00:00Z", timedelta()),
        ("2026-11-23t10:00:00z", timedelta()),
        ("2026-11-23 10:00:00", timedelta()),
        ("2026-11-23T12:00:00+02:00", timedelta()),
        ("2026-11-23T10:00:00.25Z", timedelta(milliseconds=250)),
        ("2026-11-23T10:00:00.123456789Z", timedelta(microseconds=123_456)),
    ],
)
def test_times_are_read_with_any_fraction_and_offset(written, after):
    assert parse_time(written) == TEN + after


@pytest.mark.parametrize(
    "written",
    [
        *("", "now", "2026-11-23", "20261123T100000Z", "2026-13-23T10:00:00Z"),
        *("0001-01-01T00:00:00Z", "2026-11-23T10:00:00+99:99", "2026-11-23T10:00:00Z\n"),
        "\u0662026-11-23T10:00:00Z",
    ],
)
def test_what_is_no_time_of_a_cluster_is_refused(written):
    with pytest.raises(ValueError):
        parse_time(written)
    assert time_at({"since": written}, "since") is None


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda least: timezone(timedelta(minutes=least)))


@given(st.datetimes(datetime(2001, 1, 2), datetime(2099, 12, 30), timezones=OFFSETS))
def test_a_time_is_read_as_python_writes_it(moment):
    assert parse_time(moment.isoformat()) == moment


def test_missing_fields_and_fields_of_another_type_are_empty():
    assert at({"a": {"b": 1}}, "a", "b") == 1
    assert at({"a": [1]}, "a", "b") is None
    assert time_at({"since": 3}, "since") is None
    assert maps([{"a": 1}, "b", None]) == [{"a": 1}]
    assert maps("text") == []
