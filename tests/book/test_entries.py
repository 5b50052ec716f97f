import json

import pytest

from warmbook.book.entries import (
    add_answer,
    add_cell,
    add_check,
    add_gym_round,
    add_measurement,
    ended_with,
)
from warmbook.book.kernel_notebook import claims
from warmbook.errors import InterruptedWaitError, MissingError
from warmbook.measure.runs.record import parse

from ..measure.runs.test_record import WHOLE

NAME = "07_streaming"
AT = "2026-11-29T14:11:05Z"


@pytest.fixture
def told():
    return {**json.loads(json.dumps(WHOLE)), "notebooks": [], "streams": []}


def entry(told):
    return parse(json.dumps(told).encode()).notebooks[0]


def check_all(told, but=()):
    for claim in claims(NAME):
        if claim not in but:
            add_check(told, NAME, claim, True, AT)


def test_a_notebook_has_passed_once_each_of_its_claims_held_the_last_time(told):
    last = claims(NAME)[-1]
    check_all(told, but=[last])
    add_cell(told, NAME, 1.5, ("", ""))
    assert entry(told).status == "begun"
    add_check(told, NAME, last, False, AT)
    add_cell(told, NAME, 1.5, ended_with(MissingError("no Pod", remedy="wait")))
    assert (entry(told).status, entry(told).error) == ("failed", "MissingError: no Pod")
    add_check(told, NAME, last, True, AT)
    add_cell(told, NAME, 1.0, ("", ""))
    assert (entry(told).status, entry(told).error, entry(told).seconds) == ("passed", "", 4)
    assert [(one.passed, one.failures) for one in entry(told).checks][-1] == (True, 1)
    assert len(entry(told).checks) == len(claims(NAME))


@pytest.mark.parametrize(
    ("loads", "kept"), [((0.4, 0.0), 0.4), ((0.4, 3.0), 3.0), ((None, 0.0), 0.0), ((None,), None)]
)
def test_a_notebook_keeps_the_highest_load_at_the_end_of_its_cells(told, monkeypatch, loads, kept):
    for load in loads:
        monkeypatch.setattr("warmbook.book.entries.cpu_load", lambda load=load: load)
        add_cell(told, NAME, 1.5, ("", ""))
    assert entry(told).cpu_load == kept


def test_a_claim_that_failed_keeps_its_notebook_failed_whatever_ran_after_it(told):
    add_check(told, NAME, "a claim", False, AT)
    add_cell(told, NAME, 0, ("", ""))
    assert entry(told).status == "failed"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InterruptedWaitError("x", remedy="y")])
def test_an_interrupted_cell_interrupts_its_notebook_until_another_has_run(told, error):
    check_all(told)
    add_cell(told, NAME, 0, ended_with(error))
    assert entry(told).status == "interrupted"
    add_cell(told, NAME, 0, ("", ""))
    assert entry(told).status == "passed"


def test_a_readers_own_notebook_has_passed_with_the_claims_that_it_made(told):
    add_cell(told, "mine", 0, ("", ""))
    assert entry(told).status == "begun"
    add_check(told, "mine", "it works", True, AT)
    add_cell(told, "mine", 0, ("", ""))
    assert entry(told).status == "passed"


def test_notebooks_stand_in_their_order_whichever_was_opened_first(told):
    for name in ("10_cleanup", "02_project", NAME):
        add_cell(told, name, 0, ("", ""))
    assert [one["name"] for one in told["notebooks"]] == ["02_project", NAME, "10_cleanup"]


def test_the_text_of_an_unknown_error_is_not_recorded():
    assert ended_with(RuntimeError("Bearer planted")) == ("failed", "RuntimeError")
    assert ended_with(MissingError("half a \ud83d", remedy=""))[1] == "MissingError: half a ?"


def test_a_measurement_that_does_not_fit_leaves_the_one_before(told):
    add_measurement(told, "stream", {"loads": WHOLE["streams"]})
    add_measurement(told, "stream", {"loads": [{"pod": 1}]})
    add_measurement(told, "a later warmbook's", {"x": 1})
    add_measurement(told, "versions", {"packages": {"vllm": "1"}, "engine": "vLLM"})
    record = parse(json.dumps(told).encode())
    assert [stream.bytes for stream in record.streams] == [2**30]
    assert (record.engine, record.versions["vllm"]) == ("vLLM", "1")
    assert "warmbook" in record.versions


def test_an_answer_is_in_the_place_of_the_one_before(told):
    answer = {"notebook": NAME, "exercise": "07-load-time", "kind": "predict", "answer": "10 s"}
    add_answer(told, answer)
    add_answer(told, {**answer, "exercise": "07-load-share"})
    add_answer(told, {**answer, "measured": "13.4 s", "right": True})
    answers = parse(json.dumps(told).encode()).answers
    assert [(one.exercise, one.right) for one in answers] == [
        ("07-load-time", True),
        ("07-load-share", None),
    ]


def gym_round(at, **more):
    return {"level": "easy", "faults": [], "attempts": 0, "at": at, **more}


def test_a_round_of_the_gym_is_updated_in_place_and_another_stands_beside_it(told):
    later = "2026-11-29T15:00:00Z"
    for one in (gym_round(later), gym_round(AT), gym_round(later, attempts=2, points=0.5)):
        add_gym_round(told, one)
    first, second = parse(json.dumps(told).encode()).gym
    assert (first.at, second.at) == (AT, later)
    assert (second.attempts, second.points) == (2, 0.5)


def test_two_rounds_of_the_gym_that_begin_in_one_second_are_two(told):
    told["gym"] = [gym_round(AT, attempts=7)]  # of an older version
    for name, attempts in (("first", 0), ("second", 1), ("first", 2)):
        add_gym_round(told, gym_round(AT, id=name, attempts=attempts))
    rounds = parse(json.dumps(told).encode()).gym
    assert [(one.id, one.attempts) for one in rounds] == [("", 7), ("first", 2), ("second", 1)]
