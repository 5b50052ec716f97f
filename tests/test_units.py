import pytest

from warmbook.units import duration, short_duration, size


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (269_000_000, "256.5 MiB"), (15 * 2**30, "15.0 GiB")],
)
def test_sizes_read_in_binary_units(size_bytes, text):
    assert size(size_bytes) == text


@pytest.mark.parametrize(("seconds", "text"), [(4.24, "4.2 s"), (48, "48 s"), (303, "5 min 03 s")])
def test_durations_are_in_minutes_and_seconds(seconds, text):
    assert duration(seconds) == text


def test_a_time_of_less_than_a_second_has_two_places():
    assert [short_duration(seconds) for seconds in (0.644, 1.04)] == ["0.64 s", "1.0 s"]
