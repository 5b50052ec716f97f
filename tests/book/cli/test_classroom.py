"""The verbs of a class as a trainer types them."""

import json
import os
from unittest.mock import Mock

import pytest

from warmbook.__main__ import main
from warmbook.book import origin
from warmbook.book.classroom import reset as classroom_reset
from warmbook.book.classroom.processes import Process
from warmbook.book.classroom.seats import Running, seat


@pytest.fixture
def folder(tmp_path):
    """A class of two seats: one whose supervisor is this process, one that has crashed."""
    own = Process.of(os.getpid())
    for name, started in (("01", own.started), ("02", 1)):
        one = seat(tmp_path, name)
        one.work.mkdir(parents=True)
        told = {"pid": own.pid, "started": started, "state": "up", "since": origin.now()}
        one.write(Running(**told, link=f"http://127.0.0.1/?token=of-{name}"))
    return tmp_path


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


def test_ctrl_c_names_the_seat_where_it_was_pressed(folder, capsys, monkeypatch):
    monkeypatch.setattr(classroom_reset, "reset", Mock(side_effect=KeyboardInterrupt))
    assert typed(folder, "reset", "all") == 130
    told = capsys.readouterr().err
    assert "01" in told and f"class status --folder {folder}" in told


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
