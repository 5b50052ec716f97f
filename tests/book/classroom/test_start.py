"""Starting a class: refused where one runs, and nothing is left of one that does not start."""

import pytest

from warmbook.book.classroom import start
from warmbook.errors import SettingsError, UnreachableError

from ...processes import processes_with


def course(folder, *rehearsal):
    return start.Course(folder / "class", "quick", ("en",), rehearsal)


def test_a_class_that_runs_is_not_started_again(running_here, tmp_path):
    running_here("01")
    with pytest.raises(SettingsError, match="01"):
        start.start(2, course(tmp_path), lambda up, seconds: None)


def test_a_seat_that_does_not_start_ends_the_others(tmp_path):
    with pytest.raises(UnreachableError) as raised:
        start.start(2, course(tmp_path, "--no-such-option"), lambda up, seconds: None)
    assert "seat.log" in raised.value.remedy
    assert not processes_with(str(tmp_path))


def test_an_interrupted_start_leaves_no_process(tmp_path):
    def interrupt(up, seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start.start(2, course(tmp_path), interrupt)
    assert not processes_with(str(tmp_path))
    assert not [one for one in start.seats(tmp_path / "class") if one.stale]
