import os

import pytest

from warmbook.errors import RecordError
from warmbook.measure.runs.seats.search import LARGEST, is_run, seats

from ..test_html import ANSWER, ROUND
from ..test_record import data

BOOK = {"name": "02_project", "status": "passed", "seconds": 3.0}
CHECK = {"claim": "billing is enabled", "passed": True, "at": "2026-11-29T14:11:05Z"}


def put(folder, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_bytes(data(**changes))
    return folder


def test_each_folder_of_one_is_a_seat_with_all_its_records(tmp_path):
    put(tmp_path / "ana" / "notebooks" / "runs" / "interactive" / "1", id="1", account="a@x.y")
    put(tmp_path / "ana" / "runs" / "2", id="2")
    put(tmp_path / "bo", id="3")
    put(tmp_path / ".hidden", id="4")
    put(tmp_path / "/".join("123456789"), id="5")
    ana, bo = seats([tmp_path])
    assert (ana.name, len(ana.records), ana.account) == ("ana", 2, "a@x.y")
    assert (bo.name, len(bo.records), bo.folder) == ("bo", 1, tmp_path / "bo")


def test_each_of_several_folders_is_a_seat_and_namesakes_have_their_path(tmp_path):
    monday, tuesday = (put(tmp_path / day / "ana" / "run", id=day).parent for day in "mt")
    run = put(tmp_path / "run-1", id="1")
    found = seats([monday, tuesday, run, put(tmp_path / "run-2", id="2") / "run.json"])
    assert [one.name for one in found] == [str(monday), str(tuesday), "run-1", "run-2"]


def test_a_copy_of_a_record_counts_once(tmp_path):
    put(tmp_path / "ana" / "a", id="1")
    put(tmp_path / "ana" / "b", id="1")
    (ana,) = seats([tmp_path])
    assert len(ana.records) == 1


def test_an_invalid_record_is_a_problem_of_its_seat_alone(tmp_path):
    put(tmp_path / "good", id="1")
    for name in ("broken", "newer", "pipe", "folder", "large", "link"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "run.json").write_bytes(b"{")
    (tmp_path / "newer" / "run.json").write_bytes(data(schema=9))
    os.mkfifo(tmp_path / "pipe" / "run.json")
    (tmp_path / "folder" / "run.json").mkdir()
    (tmp_path / "large" / "run.json").touch()
    os.truncate(tmp_path / "large" / "run.json", LARGEST + 1)
    (tmp_path / "link" / "run.json").symlink_to(tmp_path / "good" / "run.json")
    found = {one.name: one for one in seats([tmp_path])}
    assert set(found) == {"good", "broken", "newer", "pipe", "large", "link"}
    assert not found["good"].problems
    assert all(one.problems and not one.records for one in found.values() if one.name != "good")


def test_without_a_record_there_is_no_class(tmp_path):
    with pytest.raises(RecordError):
        seats([tmp_path])
    with pytest.raises(RecordError):
        seats([tmp_path / "nowhere", tmp_path])
    assert not is_run(tmp_path)
    assert is_run(put(tmp_path / "a"))


def one_seat(tmp_path, *records):
    for number, record in enumerate(records):
        began = {"began": f"2026-11-29T1{number}:00:00Z", "ended": f"2026-11-29T1{number}:30:00Z"}
        put(tmp_path / "ana" / str(number), id=str(number), **{**began, **record})
    (seat,) = seats([tmp_path])
    return seat


def test_a_notebook_that_passed_once_has_passed_and_its_times_add_up(tmp_path):
    failed, begun = ({**BOOK, "status": status} for status in ("failed", "begun"))
    other = {**BOOK, "name": "03_weights"}
    seat = one_seat(
        tmp_path,
        {"notebooks": [failed, {**other, "status": "failed"}]},
        {"notebooks": [BOOK, {**other, "status": "not-run", "seconds": 0.0}]},
        {"notebooks": [begun]},
    )
    assert seat.notebooks["02_project"].status == "passed"
    assert seat.failed == ("03_weights",)
    assert (seat.passed, seat.seconds) == (1, 12)
    assert (seat.began, seat.ended) == ("2026-11-29T10:00:00Z", "2026-11-29T12:30:00Z")


def test_the_last_check_answer_and_measurement_count(tmp_path):
    wrong, right = ({**ANSWER, "right": held} for held in (False, True))
    checks = [{**BOOK, "checks": [{**CHECK, "passed": held}]} for held in (False, True)]
    seat = one_seat(
        tmp_path,
        {"notebooks": [checks[0]], "answers": [wrong]},
        {"notebooks": [checks[1]], "answers": [right], "gym": [{**ROUND, "done": True}]},
        {"phases": [], "streams": [], "gym": [ROUND]},
    )
    assert list(seat.checks.values()) == [True]
    assert seat.answers["03-load-time"].right
    assert (len(seat.rounds), seat.gym_points) == (2, 0.5)
    assert (seat.cold_start_s, seat.gib_s) == (3.0, 0.5)


def test_a_round_that_continues_in_another_record_counts_once_as_it_ended(tmp_path):
    begun = {**ROUND, "id": "a", "done": False, "points": 0.3, "attempts": 1, "seconds": 60.0}
    ended = {**begun, "done": True, "points": 0.8, "attempts": 2, "seconds": 90.0}
    other = {**ended, "id": "b", "at": "2026-11-29T15:00:00Z", "points": 0.4}
    for at, records in enumerate(([[begun], [ended, other]], [[ended, other], [begun]])):
        seat = one_seat(tmp_path / str(at), *({"gym": rounds} for rounds in records))
        assert [one.id for one in seat.rounds] == ["a", "b"]
        assert seat.rounds[0].attempts == 2
        assert seat.gym_points == pytest.approx(0.6)


def test_a_round_of_an_older_record_without_id_counts_once_by_its_time(tmp_path):
    older = {**ROUND, "at": "2026-11-29T14:00:00Z"}
    later = {**older, "at": "2026-11-29T15:00:00Z"}
    seat = one_seat(tmp_path, {"gym": [older]}, {"gym": [older, later]})
    assert [one.at for one in seat.rounds] == [older["at"], later["at"]]
