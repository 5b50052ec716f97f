"""The verbs of a class as a trainer types them."""

import json
import re
import threading
import time

import pytest

from warmbook.__main__ import main
from warmbook.book.classroom import at_once, faults
from warmbook.book.classroom import collect as collecting
from warmbook.book.classroom import reset as resetting
from warmbook.book.classroom.collect import Collected
from warmbook.book.classroom.seats import seat
from warmbook.book.cli import class_lines
from warmbook.errors import MissingError, SettingsError

from ...doubles.raw_server import ENDLESS, OK, answering
from ...seats import Occupied


@pytest.fixture
def folder(tmp_path):
    """A class of two seats: one that is up, one that has crashed."""
    occupied = Occupied()
    for name, changed in (("01", {}), ("02", {"started": 1})):
        occupied.seat(tmp_path, name, link=f"http://127.0.0.1/?token=of-{name}", **changed)
    yield tmp_path
    occupied.end()


def typed(folder, *words):
    return main(["class", words[0], "--folder", str(folder), *words[1:]])


def test_the_status_is_for_people_and_for_programs(folder, capsys):
    assert typed(folder, "status") == 0
    text = capsys.readouterr().out
    assert "✔ 01" in text and "✗ 02" in text and "token" not in text
    assert typed(folder, "status", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["seat"], one["state"]) for one in told] == [("01", "up"), ("02", "crashed")]
    assert typed(folder, "status", "--links") == 0
    assert "token=of-01" in capsys.readouterr().out


def test_a_seat_that_does_not_run_fails_alone(folder, capsys):
    assert typed(folder, "reset", "02") == 1
    assert typed(folder, "fault", "02", "api-off-storage") == 1
    assert capsys.readouterr().err.count("✗ 02") == 2


def test_what_starts_a_seat_is_named(folder, capsys):
    seat(folder, "ana").work.mkdir(parents=True)
    assert typed(folder, "reset", "02") == 1
    assert f"class start 2 --folder {folder}" in capsys.readouterr().err
    assert typed(folder, "reset", "ana") == 1
    assert "class start" not in capsys.readouterr().err


def test_a_seat_that_does_not_run_has_no_link(folder, capsys):
    assert typed(folder, "status", "--links") == 0
    assert "token=of-02" not in capsys.readouterr().out


def rows(text, mark):
    """The names of the seats in the lines with this mark, in their order."""
    return [line.split()[1].rstrip(":") for line in text.splitlines() if f"{mark} " in line]


@pytest.fixture
def four(folder):
    """Two more seats, none of which runs."""
    for name in ("03", "04"):
        seat(folder, name).work.mkdir(parents=True)
    return folder


def test_seats_are_shown_in_their_order_whichever_ends_first(four, capsys, monkeypatch):
    last = threading.Event()

    def act(one):
        if one.name == "01":
            last.wait(30)
        if one.name == "04":
            last.set()
        return 1.0

    monkeypatch.setattr(resetting, "reset", act)
    monkeypatch.setattr(at_once, "processors", lambda: 2)
    assert typed(four, "reset", "all") == 0
    assert rows(capsys.readouterr().out, "✔") == ["01", "02", "03", "04"]


def test_ctrl_c_names_the_seats_that_are_done_and_those_that_are_not(four, capsys, monkeypatch):
    released = threading.Event()

    def act(one):
        if one.name == "01":
            raise MissingError("no", remedy="none")
        if one.name == "03":
            released.wait(30)
        return 1.0

    def interrupted(waits):
        if len(waits._acts.done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(resetting, "reset", act)
    monkeypatch.setattr(at_once, "processors", lambda: 1)
    monkeypatch.setattr(class_lines._Waits, "__call__", interrupted)
    assert typed(four, "reset", "all") == 130
    released.set()
    out, err = capsys.readouterr()
    assert rows(out, "✔") == ["02"] and rows(err, "✗") == ["01"]
    named = [set(re.findall(r"\b\d\d\b", part)) for part in err.split("Done")[1].split(".")[:3]]
    assert named == [{"01", "02"}, {"03"}, {"04"}]
    assert f"class status --folder {four}" in err


def test_a_name_that_no_fault_has_is_refused_once_and_nothing_is_staged(folder, capsys):
    occupied = Occupied()
    with answering(OK + b'\r\n[{"name": "api-off-storage"}]') as server:
        for name in ("03", "04", "05"):
            occupied.seat(folder, name, faults=server.url)
        assert typed(folder, "fault", "all", "api-of-storage") == 2
        out, err = capsys.readouterr()
    occupied.end()
    assert out == "" and err.count("api-of-storage") == 1 and "api-off-storage" in err
    assert {request.split()[0] for request in server.asked} == {b"GET"}


def test_seats_that_do_not_answer_take_the_time_of_one(folder, capsys, monkeypatch):
    monkeypatch.setattr(faults, "ANSWER_S", 0.5)
    monkeypatch.setattr(faults, "LIST_S", 0.5)
    occupied = Occupied()
    names = [f"{number:02d}" for number in range(3, 23)]
    with answering(ENDLESS["head"], 0.1) as server:
        for name in names:
            occupied.seat(folder, name, faults=server.url)
        began = time.monotonic()
        assert typed(folder, "fault", "all", "api-off-storage") == 1
        seconds = time.monotonic() - began
    occupied.end()
    assert rows(capsys.readouterr().err, "✗") == ["01", "02", *names]
    assert seconds < 5


def test_a_target_that_is_a_file_is_refused_once(four, capsys):
    (four / "out").touch()
    assert typed(four, "collect", str(four / "out")) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count(str(four / "out")) == 1


def test_what_is_collected_is_counted(folder, capsys, tmp_path):
    (folder / "seats" / "01" / "work" / "mine.ipynb").write_text("{}")
    assert typed(folder, "collect", str(tmp_path / "out")) == 0
    assert (tmp_path / "out" / "01" / "work" / "mine.ipynb").is_file()
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("reset", "01"),
        ("fault", "all", "api-off-storage"),
        ("collect", "out"),
        ("stop",),
        ("page",),
    ],
)
def test_without_a_class_each_verb_prints_how_to_start_one(tmp_path, capsys, words):
    assert typed(tmp_path / "nothing", *words) == 2
    assert "class start" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "100", "two"])
def test_a_class_has_1_to_99_seats(tmp_path, count):
    with pytest.raises(SystemExit) as ended:
        typed(tmp_path, "start", count)
    assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_seat_needs_a_command(tmp_path):
    with pytest.raises(SystemExit) as ended:
        main(["class", "seat", "ana", "--folder", str(tmp_path)])
    assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_the_copying_and_names_the_seats_that_are_left(
    four, capsys, monkeypatch, tmp_path
):
    def full(one, target):
        if one.name == "02":
            raise SettingsError("full", remedy="none")
        return Collected(one.name, target, 0, 0)

    monkeypatch.setattr(collecting, "collect", full)
    assert typed(four, "collect", str(tmp_path / "out")) == 1
    out, err = capsys.readouterr()
    assert rows(out, "✔") == ["01"] and rows(err, "✗") == ["02"]
    assert re.findall(r"\d\d", err.splitlines()[-1]) == ["03", "04"]
