"""What a trainer sees of a seat: by its record, and by its rehearsal."""

import json
import os
import time

import pytest

from warmbook.__main__ import main
from warmbook.book.classroom import faults, status
from warmbook.book.classroom.status import SeatStatus
from warmbook.book.classroom.table import ago, as_text
from warmbook.book.gym import FaultsServer
from warmbook.errors import MissingError, SettingsError, UnreachableError
from warmbook.measure.runs.measured import NOTHING

from ...doubles.raw_server import ENDLESS, OK, answering

RECORD = {
    "schema": 1,
    "interactive": True,
    "ended": "2026-01-01T10:30:00Z",
    "target": "rehearsal",
    "settings": {},
    "versions": {},
    **NOTHING,
    "notebooks": [
        {
            "name": "01_settings",
            "status": "passed",
            "seconds": 1.0,
            "at": "2026-01-01T10:00:00Z",
        },
        {
            "name": "02_project",
            "status": "failed",
            "seconds": 1.0,
            "error": "CheckError: no",
            "at": "2026-01-01T10:20:00Z",
            "checks": [{"claim": "it bills", "passed": False, "at": "2026-01-01T10:10:00Z"}],
        },
        {
            "name": "03_weights",
            "status": "begun",
            "seconds": 1.0,
            "at": "2026-01-01T10:30:00Z",
        },
    ],
    "gym": [{"level": "easy", "attempts": 2, "hints": 1}],
}


def put(one, record=RECORD, under="."):
    file = one.work / under / "runs" / "interactive" / "20260101-100000" / "run.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(record))
    return file


def test_a_seat_shows_its_notebook_what_failed_and_the_gym(running_here):
    one = running_here()
    put(one)
    shown = status.status(one)
    assert (shown.state, shown.notebook, shown.status) == ("up", "03_weights", "begun")
    assert shown.at == "2026-01-01T10:30:00Z"
    assert shown.passed == ("01_settings",)
    assert shown.failed == "02_project: CheckError: no"
    assert shown.failed_since == "2026-01-01T10:20:00Z"
    assert (shown.gym["level"], shown.gym["attempts"], shown.gym["hints"]) == ("easy", 2, 1)
    assert shown.memory_bytes > 0
    json.dumps(shown.told())


def test_a_seat_without_a_record_shows_none(running_here):
    shown = status.status(running_here(state="starting"))
    assert (shown.state, shown.notebook, shown.failed, shown.gym) == ("starting", "", "", None)


@pytest.mark.parametrize("content", ["", "{", '{"schema": 99}'])
def test_a_damaged_record_does_not_hide_the_seat(running_here, content):
    one = running_here()
    put(one).write_text(content)
    assert status.status(one).notebook == ""


def test_a_record_that_is_a_link_is_not_read(running_here, tmp_path):
    one = running_here()
    file = put(one)
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    assert status.status(one).notebook == ""


def test_work_in_the_gym_is_found_too(running_here):
    one = running_here()
    put(one, under="gym")
    assert status.status(one).notebook == "03_weights"


@pytest.mark.parametrize(("left", "state"), [(True, "crashed"), (False, "free")])
def test_a_seat_that_does_not_run_is_free_or_crashed(running_here, left, state):
    one = running_here(started=1)
    if not left:
        one.vacate()
    assert status.status(one).state == state


def test_a_seat_whose_rehearsal_has_stopped_is_not_answering(running_here):
    shown = status.status(running_here(faults="http://127.0.0.1:9", token="x"))
    assert (shown.state, shown.faults) == ("not-answering", ())


@pytest.mark.parametrize("answer", [b"3", b"[1]", b"[{}]", b"{", b"[" * 100_000])
def test_a_seat_with_an_invalid_rehearsal_response_is_not_answering(running_here, answer):
    with answering(OK + b"\r\n" + answer) as server:
        one = running_here(faults=server.url, token="x")
        shown = status.status(one)
        assert (shown.state, shown.faults) == ("not-answering", ())
        with pytest.raises(UnreachableError):
            faults.stage(one, "api-off-storage")


def test_seats_that_drip_their_answers_take_the_time_of_one(running_here, monkeypatch):
    monkeypatch.setattr(status, "ANSWER_S", 0.5)
    with answering(ENDLESS["head"], 0.1) as one, answering(ENDLESS["body"], 0.1) as other:
        seats = [running_here(f"{n:02d}", faults=(one, other)[n % 2].url) for n in range(20)]
        began = time.monotonic()
        shown = status.statuses(seats)
        seconds = time.monotonic() - began
    assert {each.state for each in shown} == {"not-answering"}
    assert seconds < 5
    assert "✗ 00" in as_text(shown)


def test_a_fault_is_staged_shown_and_removed(running_here, rehearsal):
    one = running_here(
        faults=os.environ["WARMBOOK_REHEARSAL_FAULTS"],
        token=os.environ["WARMBOOK_REHEARSAL_TOKEN"],
    )
    assert not faults.stage(one, "api-off-storage")
    assert status.status(one).faults == ("api-off-storage",)
    faults.unstage(one, "api-off-storage")
    assert status.status(one).faults == ()
    with pytest.raises(MissingError):
        faults.unstage(one, "api-off-storage")
    with pytest.raises(MissingError):
        faults.stage(one, "no-such-fault")


def test_a_fault_on_a_used_seat_is_staged_with_a_warning(
    running_here, rehearsal, monkeypatch, capsys, tmp_path
):
    running_here(
        faults=os.environ["WARMBOOK_REHEARSAL_FAULTS"],
        token=os.environ["WARMBOOK_REHEARSAL_TOKEN"],
    )
    lines = []
    for changes in (0, 3):
        monkeypatch.setattr(FaultsServer, "changes", lambda _, n=changes: (n, "POST /"))
        words = ["fault", "--folder", str(tmp_path / "class"), "01", "billing-off"]
        assert main(["class", *words]) == 0
        lines.append(capsys.readouterr().out)
    assert "✔ 01" in lines[1] and len(lines[1]) > len(lines[0])


def test_a_seat_that_does_not_run_gets_no_fault(running_here):
    with pytest.raises(SettingsError):
        faults.stage(running_here(started=1, faults="http://127.0.0.1:9"), "api-off-storage")


@pytest.mark.parametrize("state", ["starting", "resetting"])
def test_a_rehearsal_that_starts_or_ends_gets_no_fault(running_here, state):
    with answering(OK + b"\r\n{}") as server:
        one = running_here(faults=server.url, state=state)
        with pytest.raises(SettingsError):
            faults.stage(one, "api-off-storage")
    assert server.asked == []


def test_the_table_has_a_line_for_each_fact():
    up = SeatStatus(
        "01", "up", notebook="02_project", status="failed", failed="x\n  y", faults=("f",)
    )
    text = as_text([up, SeatStatus("02", "crashed")])
    assert len(text.splitlines()) == 4
    assert "x y" in text
    assert "02_project" in text and "✗ 02" in text


def test_times_that_are_not_known_are_left_out():
    assert ago("") == ""
    assert ago("2020-01-01T00:00:00Z")
