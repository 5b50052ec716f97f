"""A seat's supervisor: up, reset, ended, killed; nothing but the work is left."""

import os
import shutil
import signal
import stat
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from warmbook.book.classroom import supervisor
from warmbook.book.classroom.reset import reset
from warmbook.book.classroom.seats import Seat, seat
from warmbook.book.classroom.start import LOG, reason_of
from warmbook.book.classroom.stop import clear_crashed, stop

from ...processes import processes_with, until

FIRST = "en/01_settings.ipynb"


def answers(one):
    with urllib.request.urlopen(f"http://127.0.0.1:{one.port}/api", timeout=5) as answer:
        return answer.status == 200


def test_a_seat_has_notebooks_a_server_and_a_private_file(supervised):
    one = supervised()
    running = one.seat.running()
    assert (one.seat.work / FIRST).is_file()
    assert not (one.seat.work / "es").exists()
    assert answers(one)
    assert running.pid == one.process.pid
    assert running.faults == "http://127.0.0.1:9" and running.token
    assert running.link == f"http://127.0.0.1:{one.port}/?token=of-the-tests"
    assert 0 < running.ready_s < 60
    assert stat.S_IMODE((one.seat.folder / "seat.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(one.seat.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_seat_that_is_ended_logs_it_and_leaves_the_work_alone(supervised, number):
    one = supervised()
    assert one.end(number) == 128 + number
    assert [path.name for path in one.seat.folder.iterdir()] == ["work"]
    until(lambda: not processes_with(str(one.port)))
    (one.seat.folder / LOG).write_bytes(one.process.stderr.read())
    assert "stopped" in reason_of(one.seat)


def test_a_reset_sets_the_work_aside_and_keeps_port_and_link(supervised):
    one = supervised()
    before = one.seat.running()
    original = (one.seat.work / FIRST).read_bytes()
    (one.seat.work / FIRST).write_text("mine")
    seconds = reset(one.seat)
    after = one.seat.running()
    assert (one.seat.work / FIRST).read_bytes() == original
    (aside,) = one.seat.folder.glob("before-*")
    assert (aside / FIRST).read_text() == "mine"
    assert answers(one)
    assert (after.link, after.pid, after.resets) == (before.link, before.pid, 1)
    assert after.token != before.token  # of another rehearsal
    assert after.ready_s <= seconds


def test_a_seat_that_is_still_starting_is_reset_once_it_answers(supervised):
    one = supervised(wait=False)
    until(lambda: one.seat.folder.exists() and one.seat.running())
    reset(one.seat)
    assert answers(one)
    assert (one.state(), one.seat.running().resets) == ("up", 1)
    assert len(list(one.seat.folder.glob("before-*"))) == 1


def test_two_trainers_who_reset_a_seat_at_once_reset_it_once(supervised, tmp_path, monkeypatch):
    (gate := tmp_path / "gate").touch()
    one = supervised(gate=gate)
    gate.unlink()
    with ThreadPoolExecutor() as trainers:
        first = trainers.submit(reset, one.seat)
        until(lambda: one.state() == "resetting")
        sent, send = threading.Event(), Seat.send
        monkeypatch.setattr(Seat, "send", lambda *words: (send(*words), sent.set())[0])
        second = trainers.submit(reset, one.seat)
        assert sent.wait(20)
        gate.touch()
        assert first.result(20) and second.result(20)
    assert answers(one)
    assert (one.state(), one.seat.running().resets) == ("up", 1)
    assert len(list(one.seat.folder.glob("before-*"))) == 1


def test_a_reset_that_hangs_can_be_begun_again(tmp_path):
    kept = supervisor.Supervisor(seat(tmp_path, "ana"), supervisor.Plan((), "quick"))
    kept._ask_reset()
    kept._ask_reset()
    assert kept._asked.qsize() == 1
    kept._resetting_until -= supervisor.RESET_S
    kept._ask_reset()
    assert kept._asked.qsize() == 2


def test_a_second_supervisor_of_a_seat_is_refused(supervised):
    one = supervised()
    other = supervised(wait=False)
    assert other.process.wait(20) == 2
    assert b"class stop" in other.process.stderr.read()
    assert one.state() == "up" and answers(one)


def test_a_seat_ends_with_its_server(supervised):
    one = supervised(command=("sh", "-c", "exit 7"), wait=False)
    assert one.process.wait(20) == 7
    assert not one.seat.stale


def test_a_supervisor_that_is_killed_leaves_no_process_and_a_stale_seat(supervised, tmp_path):
    one = supervised()
    one.process.kill()
    one.process.wait(20)
    until(lambda: not processes_with(str(one.port)))
    assert one.seat.stale
    assert [found.name for found in clear_crashed(tmp_path / "class")] == ["ana"]
    assert not one.seat.stale and (one.seat.work / FIRST).is_file()


def test_a_seat_whose_folder_is_deleted_ends(supervised, tmp_path):
    one = supervised()
    shutil.rmtree(one.seat.folder)
    one.process.wait(20)
    assert not processes_with(str(one.port))
    assert not one.seat.folder.exists()


def test_a_damaged_file_is_written_again(supervised):
    one = supervised()
    before = one.seat.told()
    for damaged in ("{", before.model_copy(update={"pid": 1}).model_dump_json()):
        (one.seat.folder / "seat.json").write_text(damaged)
        until(lambda: one.seat.occupied)
    assert one.seat.told() == before
    assert answers(one)


def test_a_seat_that_another_supervisor_has_taken_ends(supervised, running_here):
    one = supervised()
    running_here("ana")
    one.process.wait(20)
    assert not processes_with(str(one.port))


def test_a_server_of_jupyterhub_or_of_another_machine_has_no_link():
    assert supervisor.link("http://127.0.0.1:1/user/ana/", {}) == ""
    assert supervisor.link("http://192.0.2.1:1/", {"JUPYTER_TOKEN": "x"}) == ""


def test_stop_ends_seats_and_no_other_process(supervised, running_here, tmp_path):
    one = supervised()
    stale = running_here("02", pid=os.getpid(), started=1)  # a number that was given again
    told = []
    assert stop([one.seat, stale], lambda *now: told.append(now[:2])) == []
    assert (told[0], told[-1]) == ((0, 1), (1, 1))
    one.process.wait(20)
    assert not stale.stale
    assert not seat(tmp_path / "class", "ana").occupied
