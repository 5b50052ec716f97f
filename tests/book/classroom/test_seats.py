"""Seats on disk, and whose files are believed."""

import os
import shutil
import signal
import stat

import pytest

from warmbook.book.classroom import seats
from warmbook.book.classroom.processes import Process
from warmbook.book.classroom.seats import read_own, seat
from warmbook.errors import MissingError, SettingsError

from ...other_user import NOBODY, needs_root
from .conftest import a_program


@pytest.mark.parametrize("name", ["", ".", "..", "../01", "a/b", "-x", "ana\n", "x" * 65])
def test_seat_names_cannot_point_outside_the_folder(tmp_path, name):
    with pytest.raises(SettingsError):
        seat(tmp_path, name)


def test_what_a_supervisor_wrote_is_read_back_and_private(running_here):
    one = running_here(faults="http://127.0.0.1:1", token="secret")
    assert one.occupied and not one.stale
    assert one.running().token == "secret"
    assert "secret" not in repr(one.running())
    assert stat.S_IMODE((one.folder / "seat.json").stat().st_mode) == 0o600
    one.vacate()
    assert one.running() is None


@pytest.mark.parametrize("words", [(), ("class", "seat", "02"), ("class", "stop", "01")])
def test_a_process_that_is_not_the_seats_supervisor_is_left_alone(running_here, words):
    with a_program(*words) as program:
        found = Process.of(program.pid)
        one = running_here(pid=found.pid, started=found.started)
        assert one.told().pid == program.pid
        assert one.running() is None and one.stale
        assert one.send(signal.SIGKILL) is None
        assert program.poll() is None


def test_a_supervisor_that_is_gone_leaves_a_stale_seat(running_here):
    one = running_here(started=1)
    assert one.stale and not one.occupied


def test_links_pipes_and_large_files_are_not_read(tmp_path, monkeypatch):
    file, link, pipe = tmp_path / "file", tmp_path / "link", tmp_path / "pipe"
    file.write_text("x")
    link.symlink_to(file)
    os.mkfifo(pipe)
    assert read_own(file, os.getuid()) == b"x"
    for path in (link, pipe, tmp_path):
        with pytest.raises(OSError):
            read_own(path, os.getuid())
    monkeypatch.setattr(seats, "LARGEST_BYTES", 0)
    with pytest.raises(OSError):
        read_own(file, os.getuid())


@needs_root
def test_root_reads_only_files_of_the_seats_owner(running_here):
    one = running_here()
    os.chown(one.folder, NOBODY, NOBODY)
    assert one.running() is None  # root wrote it
    os.chown(one.folder / "seat.json", NOBODY, NOBODY)
    assert one.told() is not None
    assert not one.occupied  # its process is root's


def test_work_that_is_set_aside_keeps_its_files(running_here):
    one = running_here()
    (one.work / "mine.txt").write_text("1")
    first = one.set_aside()
    one.work.mkdir()
    second = one.set_aside()
    assert one.set_aside() is None
    assert (first / "mine.txt").read_text() == "1"
    assert first != second
    assert set(one.works()) == {one.work, first, second}


def test_seats_are_found_by_name(running_here, tmp_path):
    running_here("02")
    running_here("01")
    folder = tmp_path / "class"
    (folder / "seats" / "elsewhere").symlink_to(tmp_path)
    assert [one.name for one in seats.seats(folder)] == ["01", "02"]
    assert [one.name for one in seats.named(folder, "all")] == ["01", "02"]
    assert [one.name for one in seats.named(folder, "02")] == ["02"]
    with pytest.raises(MissingError, match="03"):
        seats.named(folder, "03")
    with pytest.raises(MissingError):
        seats.seats(tmp_path / "nothing")


def test_a_folder_in_the_place_of_the_file_is_an_error_with_a_remedy(running_here):
    one = running_here()
    one.vacate()
    (one.folder / "seat.json").mkdir()
    assert one.running() is None and one.stale
    with pytest.raises(SettingsError):
        one.vacate()


def test_a_seat_whose_folder_is_gone_is_free(running_here):
    one = running_here()
    shutil.rmtree(one.folder)
    assert not one.occupied and not one.stale
    assert one.send(signal.SIGTERM) is None


@pytest.mark.parametrize("hidden", ["seats", "seats/01"])
def test_seats_that_this_user_can_not_read_are_refused(running_here, tmp_path, monkeypatch, hidden):
    running_here()
    place = tmp_path / "class" / hidden

    def access(path, mode):
        return mode == os.F_OK or path != place

    monkeypatch.setattr(seats.os, "access", access)
    with pytest.raises(SettingsError, match=str(place)):
        seats.seats(tmp_path / "class")
