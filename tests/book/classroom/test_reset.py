"""A reset of a seat whose file is forged, or whose supervisor hangs, ends."""

import shutil

import pytest

from warmbook.book.classroom import reset as resetting
from warmbook.book.classroom.reset import reset
from warmbook.book.classroom.seats import NOBODY, Seat
from warmbook.book.classroom.start import LOG
from warmbook.errors import SettingsError, UnreachableError


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(resetting, "BEGIN_S", 0.3)
    monkeypatch.setattr(resetting, "RESET_S", 0.6)


def test_a_supervisor_that_does_not_begin_is_given_up(running_here, hurried):
    one = running_here(deaf=True)
    with pytest.raises(UnreachableError) as raised:
        reset(one)
    assert f"kill -9 {one.told().pid}" in raised.value.remedy
    assert "class start 1" in raised.value.remedy
    assert one.occupied


def test_a_supervisor_that_begins_and_does_not_come_up_is_given_up(
    running_here, hurried, monkeypatch
):
    def begins(one, number):
        before = one.running()
        one.write(before.model_copy(update={"resets": 1, "state": "resetting"}))
        return before

    monkeypatch.setattr(Seat, "send", begins)
    one = running_here()
    with pytest.raises(UnreachableError) as raised:
        reset(one)
    assert str(one.folder) in raised.value.remedy


def test_a_reset_that_is_under_way_is_waited_for(running_here, monkeypatch):
    one = running_here(state="resetting", resets=3, deaf=True)

    def comes_up(_):
        one.write(one.told().model_copy(update={"state": "up"}))

    monkeypatch.setattr(resetting.time, "sleep", comes_up)
    reset(one)
    assert (one.told().state, one.told().resets) == ("up", 3)


def test_a_supervisor_that_dies_of_the_signal_ends_the_wait_at_once(running_here):
    one = running_here()  # SIGUSR1 ends a process that does not handle it
    (one.folder / LOG).write_text("warmbook: no space\n")
    with pytest.raises(UnreachableError, match="no space"):
        reset(one)
    assert one.stale


def test_a_seat_whose_folder_is_removed_meanwhile_ends_the_wait(running_here, monkeypatch):
    one = running_here(deaf=True)
    monkeypatch.setattr(resetting.time, "sleep", lambda _: shutil.rmtree(one.folder))
    with pytest.raises(UnreachableError):
        reset(one)
    assert one.owner == NOBODY


def test_a_process_that_is_no_supervisor_gets_no_signal(running_here):
    with pytest.raises(SettingsError):
        reset(running_here(pid=1, started=1))
