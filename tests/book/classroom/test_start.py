"""Starting a class: refused where one runs, and nothing is left of one that does not start."""

import pytest

from warmbook.book.classroom import room, start
from warmbook.book.classroom.seats import existing, seat
from warmbook.book.classroom.stop import clear_crashed, stop
from warmbook.errors import SettingsError, UnreachableError

from ...processes import processes_with, until


def course(folder, *rehearsal):
    return start.Course(folder / "class", "quick", ("en",), rehearsal)


def test_a_class_that_runs_is_not_started_again(running_here, tmp_path):
    running_here("01")
    with pytest.raises(SettingsError, match="01") as raised:
        start.start(1, course(tmp_path), lambda *_: None)
    assert f"class stop --folder {tmp_path / 'class'}" in raised.value.remedy


def test_a_class_that_runs_gets_the_seats_that_it_lacks(
    running_here, tmp_path, monkeypatch, double
):
    monkeypatch.setenv("PYTHONPATH", double)
    running_here("01")
    told = []
    seats = start.start(2, course(tmp_path), lambda *now: told.append(now[:2]))
    try:
        assert [one.name for one in seats] == ["02"]
        assert told[-1] == (1, 1)
        assert [one.name for one in existing(tmp_path / "class") if one.occupied] == ["01", "02"]
        assert start.engine_of(tmp_path / "class") == seats[0].running().engine == "quick"
    finally:
        assert stop(seats) == []
    assert start.engine_of(tmp_path / "nothing") == ""


def test_a_class_without_room_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "available_bytes", lambda: 1)
    with pytest.raises(SettingsError):
        start.start(1, course(tmp_path), lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_the_reason_is_the_last_error_in_the_log(tmp_path):
    one = seat(tmp_path, "01")
    assert start.reason_of(one) == ""
    one.folder.mkdir(parents=True)
    (one.folder / start.LOG).write_text("[I] up\nwarmbook: no space\n  → Free some.\n")
    assert start.reason_of(one) == "no space"
    (one.folder / start.LOG).write_text("first\n  last\n")
    assert start.reason_of(one) == "last"


def test_a_log_that_leads_elsewhere_is_not_read_and_a_long_one_from_its_end(tmp_path, monkeypatch):
    one = seat(tmp_path, "01")
    one.folder.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret\n")
    (one.folder / start.LOG).symlink_to(tmp_path / "secret")
    assert start.reason_of(one) == ""
    (one.folder / start.LOG).unlink()
    (one.folder / start.LOG).write_text("warmbook: first\n" + "x\n" * 100)
    monkeypatch.setattr(start, "LOG_BYTES", 50)
    assert start.reason_of(one) == "x"


def test_seats_start_with_a_link_of_their_own_and_stop(tmp_path, monkeypatch, double):
    monkeypatch.setenv("PYTHONPATH", double)
    told = []
    seats = start.start(2, course(tmp_path), lambda *now: told.append(now[:2]))
    try:
        assert [one.name for one in seats] == ["01", "02"]
        links = {one.running().link for one in seats}
        assert len(links) == 2 and all("token=" in link for link in links)
        assert told[-1] == (2, 2)
        tokens = [link.partition("token=")[2] for link in links]
        assert not [token for token in tokens if processes_with(tmp_path.name, token)]
    finally:
        assert stop(seats) == []
    until(lambda: not processes_with(str(tmp_path / "class")))


def test_a_seat_that_does_not_start_ends_the_others(tmp_path):
    with pytest.raises(UnreachableError) as raised:
        start.start(2, course(tmp_path, "--no-such-option"), lambda *_: None)
    assert "seat.log" in raised.value.remedy
    assert not processes_with(str(tmp_path))


def test_an_interrupted_start_leaves_no_process(tmp_path):
    def interrupt(up, count, seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start.start(2, course(tmp_path), interrupt)
    assert not processes_with(str(tmp_path))
    assert not [one for one in existing(tmp_path / "class") if one.stale]


def test_a_stray_file_among_the_seats_is_no_class(tmp_path):
    (tmp_path / "class" / "seats").mkdir(parents=True)
    (tmp_path / "class" / "seats" / ".DS_Store").touch()
    assert clear_crashed(tmp_path / "class") == []
    assert [one.name for one in start.missing(1, tmp_path / "class")] == ["01"]


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "class").touch()
    with pytest.raises(SettingsError):
        start.start(1, course(tmp_path), lambda *_: None)
