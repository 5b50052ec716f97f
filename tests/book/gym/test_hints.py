import pytest

from warmbook import texts
from warmbook.book import gym
from warmbook.book.gym import hints
from warmbook.book.gym.commands import COMMANDS
from warmbook.book.gym.drawing import drawn_from
from warmbook.book.gym.rounds import Drawn, Evidence
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.errors import MissingError, SettingsError
from warmbook.texts import say
from warmbook_rehearsal.faults import FAULTS
from warmbook_rehearsal.faults.control import _as_json


def drawn(pitfall, kind, settings):
    commands = COMMANDS[kind](settings)
    found = Evidence(kind=kind, notebook="07", commands=commands)
    return Drawn(fault="", what="", pitfall=pitfall, mendable=True, evidence=found)


PITFALLS = {FAULTS[name].pitfall for name in drawn_from(list(map(_as_json, FAULTS.values())))}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", COMMANDS)
def test_every_pitfall_has_three_hints_without_its_name_and_remedy(settings, kind, language):
    texts.speak(language)
    assert len(PITFALLS) > 60
    for name in PITFALLS:
        ladder = hints.ladder(drawn(name, kind, settings))
        assert len(ladder) == len(set(ladder)) == 3
        for text in ladder:
            assert name not in text
            assert say(CATALOGUE[name].remedy) not in text
            assert say(CATALOGUE[name].symptom) not in text


def test_every_kind_of_evidence_has_a_hint_where_to_look():
    assert hints.WHERE.keys() == COMMANDS.keys()


def test_a_hint_is_shown_when_it_is_asked_for_and_counted_once(begin, kept):
    begin("host-oom")
    assert gym.hint(0).shown == ()
    assert len(gym.hint(1).shown) == 1
    assert len(gym.hint(1).shown) == 1
    assert kept[-1]["drawn"][0]["hints"] == 1
    for count in (2, 3, 3):
        assert len(gym.hint().shown) == count
    assert kept[-1]["drawn"][0]["hints"] == 3
    assert len(gym.hint(0).shown) == 3


def test_the_second_hint_is_a_command(begin):
    begin("host-oom")
    assert gym.hint(2).shown[1] == "kubectl get pods"


def test_after_the_answer_hints_cost_nothing(begin, kept):
    begin("host-oom", mendable=True)
    gym.hint(1)
    gym.grade("host-oom")
    gym.hint()
    assert kept[-1]["drawn"][0]["hints"] == 1


@pytest.mark.parametrize("number", ["1", 1.0, 1.5, [2], -1, 4, 9])
def test_what_is_no_number_of_hints_is_refused_and_free(begin, kept, number):
    begin("host-oom")
    with pytest.raises(SettingsError):
        gym.hint(number)
    assert kept[-1]["drawn"][0]["hints"] == 0


def test_a_hint_before_a_round_or_the_guide_is_refused_and_costs_nothing(rehearsal, server):
    with pytest.raises(MissingError, match="Nothing is hidden"):
        gym.hint()
    gym.hide("billing-off")
    assert gym.hint(0).shown == ()
    with pytest.raises(MissingError, match="no evidence yet"):
        gym.hint()
    assert server.round()["drawn"][0]["hints"] == 0
