import json
import time

import pytest

from warmbook.book.gym import rounds
from warmbook.book.gym.rounds import Round
from warmbook.measure.runs.schema import GymRound

from .conftest import described


def two():
    faults = [described("a", "api-off", mendable=True), described("b", "host-oom")]
    return Round.of(faults, {"level": "two"})


def test_a_round_comes_back_as_it_was_kept(begin, kept):
    one = begin("host-oom", mendable=True)
    one.drawn[0].wrong = ("flag-removed",)
    again = Round.model_validate(one.model_dump(mode="json"))
    assert again == one


def test_rounds_that_begin_at_one_time_have_different_ids(kept, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    first, second = two(), two()
    assert first.id != second.id
    assert Round.model_validate(first.model_dump(mode="json")).id == first.id
    assert (first.recorded()["id"], second.recorded()["id"]) == (first.id, second.id)


def test_round_of_an_older_version_keeps_its_empty_id():
    older = two().model_dump(mode="json", exclude={"id"})
    assert Round.model_validate(older).recorded()["id"] == ""


def test_the_record_has_no_names_before_the_round_is_done():
    one = two()
    GymRound.model_validate_json(json.dumps(one.recorded()))
    assert one.recorded()["faults"] == []
    for drawn in one.drawn:
        drawn.found = drawn.mended = True
    assert one.recorded()["faults"] == ["a", "b"]
    assert one.recorded()["points"] == 1
    assert one.recorded()["done"]


def test_a_round_ends_once(kept, monkeypatch):
    one = two()
    one.began = time.time() - 60
    for drawn in one.drawn:
        drawn.found = drawn.mended = True
    server = rounds.FaultsServer.open()
    rounds.keep(one, server)
    ended = kept[-1]["ended"]
    assert one.seconds == pytest.approx(60, abs=5)
    rounds.keep(one, server)
    assert kept[-1]["ended"] == ended


def test_a_repairable_fault_is_done_after_the_repair_and_others_after_the_diagnosis():
    first, second = two().drawn
    assert (first.mendable, second.mendable) == (True, False)
    first.found = second.found = True
    assert (first.done, second.done) == (False, True)
    first.mended = True
    assert first.done


@pytest.mark.parametrize(
    ("mendable", "mended", "resumes"), [(True, False, "07"), (True, True, ""), (False, False, "")]
)
def test_after_the_answer_was_revealed_the_guide_repairs_nothing_by_itself(
    settings, mendable, mended, resumes
):
    one = Round.of([described("a", "host-oom", mendable=mendable)], {})
    one.stopped_in, one.settings = "07", rounds.chosen_in(settings)
    one.drawn[0].revealed, one.drawn[0].mended = True, mended
    assert one.done
    assert one.resumes_in(settings) == resumes


def test_with_any_other_setting_the_guide_begins_anew(settings):
    one = Round.of([described("a", "host-oom", mendable=True)], {})
    one.stopped_in, one.settings = "07", rounds.chosen_in(settings)
    assert one.resumes_in(settings) == "07"
    assert one.resumes_in(settings.model_copy(update={"language": "es"})) == "07"
    for changed in ({"concurrency": 4}, {"namespace": "other"}):
        assert one.resumes_in(settings.model_copy(update=changed)) == ""


def test_a_fault_that_does_not_stop_the_guide_is_graded_by_its_name_alone():
    fault = described("ahead", "cache-zone", ahead=True, mendable=True)
    assert not Round.of([fault], {}).drawn[0].mendable


def test_the_fault_in_hand_is_the_one_that_was_met_and_is_not_done():
    one = two()
    first, second = one.drawn
    assert one.showing is first
    first.seen = True
    assert one.showing is first
    second.seen = first.found = first.mended = True
    assert one.showing is second
