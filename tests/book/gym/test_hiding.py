import pytest

from warmbook import texts
from warmbook.book import gym
from warmbook.book.gym import rounds
from warmbook.doctor.preflight import examine
from warmbook.errors import MissingError, SettingsError
from warmbook.workbook import Workbook


def staged(server):
    return [one["name"] for one in server.staged()]


def test_the_card_does_not_name_the_hidden_fault(server):
    hidden = gym.hide("billing-off")
    assert "billing" not in repr(hidden) + hidden._repr_html_()
    assert staged(server) == ["billing-off"]
    assert hidden.round.level == "easy"


def test_the_card_says_first_that_nothing_can_be_repaired(server):
    for fault, expected in (("billing-off", False), ("gke-unavailable", True)):
        assert ("nothing for you to repair" in gym.hide(fault, again=True).note()) is expected


def test_the_card_says_first_that_the_repair_takes_gcloud(server, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for fault, expected in (("api-off-storage", False), ("requester-pays", True)):
        assert ("gcloud" in gym.hide(fault, again=True).note()) is expected


def test_the_same_call_goes_on_with_the_round(server):
    first = gym.hide(draw="tuesday").round
    for again in (gym.hide(draw="tuesday"), gym.hide(), gym.hide(language="es")):
        assert again.round == first
    assert staged(server) == [first.drawn[0].fault]


def test_without_a_language_the_current_one_is_kept(server):
    gym.hide("billing-off", language="es")
    assert texts.spoken() == "es"
    gym.hide()
    assert texts.spoken() == "es"


def test_another_fault_is_refused_unless_another_round_is_asked_for(server):
    gym.hide("billing-off")
    for other in ({"fault": "fd-limit"}, {"draw": "tuesday"}, {"level": "hard"}):
        with pytest.raises(SettingsError, match="round"):
            gym.hide(**other)
    again = gym.hide("fd-limit", again=True)
    assert staged(server) == ["fd-limit"]
    assert [drawn.fault for drawn in again.round.drawn] == ["fd-limit"]


def test_a_level_is_drawn_from(server):
    for _ in range(3):
        assert gym.hide(level="hard", again=True).round.level == "hard"
    with pytest.raises(MissingError, match="no level"):
        gym.hide(level="harder", again=True)


def test_what_was_staged_from_outside_becomes_the_round(server):
    server.stage("fd-limit")
    hidden = gym.hide()
    assert [drawn.fault for drawn in hidden.round.drawn] == ["fd-limit"]
    server.stage("billing-off")  # a trainer deals another
    hidden = gym.hide()
    assert [drawn.fault for drawn in hidden.round.drawn] == ["billing-off"]
    assert staged(server) == ["fd-limit", "billing-off"]


def test_what_is_staged_in_a_used_rehearsal_is_taken_with_a_warning(server, up_to):
    up_to("project")
    server.stage("fd-limit")
    hidden = gym.hide()
    assert hidden.round.used
    assert "used before" in hidden.note()


def test_a_used_rehearsal_is_refused_by_what_was_changed_first(server, up_to):
    gym.hide("gpu-quota-region")
    gym.unstage()
    gym.hide("fd-limit", again=True)  # nothing was changed by a request
    up_to("project")
    gym.hide()  # the changes are those of this round
    with pytest.raises(SettingsError, match=r"POST /v1/projects/.*:batchEnable"):
        gym.hide("billing-off", again=True)
    assert staged(server) == ["fd-limit"]  # the round that was begun goes on
    assert not gym.hide().round.done


def test_looking_at_a_rehearsal_does_not_use_it(server, chosen, clients):
    for number in ("02", "03", "04", "06"):
        examine(chosen, clients, number)
    assert server.changes() == (0, "")


def test_settings_that_a_fault_needs_are_saved_for_the_form(server):
    hidden = gym.hide("gpu-not-offered")
    assert Workbook.open().saved()["location"] == "us-central1-f"
    assert gym.settings(hidden).location == "us-central1-f"
    Workbook.open().choose({"location": "us-central1-a"})
    assert gym.settings(hidden).location == "us-central1-a"
    gym.hide("billing-off", again=True)
    assert "location" not in Workbook.open().saved()


def test_taking_back_reveals_and_ends_the_round(server):
    gym.hide("billing-off")
    assert "billing-off" in repr(gym.unstage())
    one = rounds.present(server)
    assert (one.done, one.points, one.drawn[0].revealed) == (True, 0, True)
    assert gym.unstage().faults == ()
