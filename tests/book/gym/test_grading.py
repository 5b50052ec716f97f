import pytest

from warmbook.book import gym
from warmbook.book.gym.siblings import near, siblings
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.errors import MissingError

NEAR = next(name for name in CATALOGUE if near(name))
TWIN = next(name for name in CATALOGUE if siblings(name))


def shown(card):
    return repr(card) + card._repr_html_()


def test_the_right_answer_names_the_fault_and_ends_a_round_without_a_repair(begin, kept):
    begin("host-oom")
    graded = gym.grade("host-oom")
    assert graded.right
    assert CATALOGUE["host-oom"].remedy in repr(graded)
    assert kept[-1]["ended"] is not None
    assert graded.round.points == 1


def test_the_remedy_is_not_shown_before_the_repair(begin, kept):
    begin("host-oom", mendable=True)
    graded = gym.grade("host-oom")
    assert graded.right
    assert CATALOGUE["host-oom"].cause in repr(graded)
    assert CATALOGUE["host-oom"].remedy not in shown(graded)
    assert kept[-1]["ended"] is None
    assert graded.round.points == 0.5


def test_a_wrong_answer_counts_once_and_does_not_reveal_the_right_one(begin, kept):
    begin("host-oom", text="exit code 137 (OOMKilled)")
    for _ in range(3):
        graded = gym.grade("flag-removed")
        assert not graded.right
        assert "unrecognized arguments" in graded.against
        assert "host-oom" not in shown(graded)
        assert CATALOGUE["host-oom"].cause not in shown(graded)
    assert kept[-1]["drawn"][0]["wrong"] == ["flag-removed"]
    assert gym.grade("host-oom").round.points == pytest.approx(0.8)


def test_the_card_says_what_the_right_answer_is_worth_now(begin):
    begin("host-oom")
    gym.hint(1)
    assert "0.65" in repr(gym.grade("flag-removed"))
    assert "0.65" in repr(gym.grade("host-oom"))


def test_of_two_faults_the_note_asks_for_what_is_left(begin, kept):
    begin("api-off", "host-oom", mendable=True)
    kept[-1]["drawn"][1].update(seen=False, evidence=None)
    assert "repair" in gym.grade("api-off").note()
    kept[-1]["drawn"][0].update(mended=True)
    kept[-1]["drawn"][1].update(seen=True, evidence=kept[-1]["drawn"][0]["evidence"])
    assert "repair" not in gym.grade("").note()
    kept[-1]["drawn"][1].update(found=True)
    assert "repair" in gym.grade("").note()


def test_after_the_diagnosis_the_card_says_why_nothing_can_be_repaired(begin, kept):
    begin("host-oom")
    kept[-1]["drawn"][0].update(beyond="a service is down")
    assert "a service is down" not in shown(gym.grade("flag-removed"))
    assert "a service is down" in shown(gym.grade("host-oom"))


def test_a_near_miss_counts_in_part(begin):
    begin(NEAR)
    graded = gym.grade(min(near(NEAR)))
    assert (graded.right, graded.near) == (False, True)
    assert graded.round.points == pytest.approx(0.45)
    assert gym.grade(NEAR).round.points == pytest.approx(0.9)


def test_answers_with_the_same_evidence_count_as_right(begin):
    begin(TWIN)
    graded = gym.grade(min(siblings(TWIN)))
    assert graded.right
    assert graded.round.points == 1


def test_no_answer_counts_nothing(begin, kept):
    begin("host-oom")
    assert not gym.grade("").right
    assert len(kept) == 1


def test_an_answer_that_is_no_pitfall_is_refused_and_costs_nothing(begin, kept):
    begin("host-oom")
    with pytest.raises(MissingError, match="no pitfall oom"):
        gym.grade("oom")
    assert len(kept) == 1


def test_an_answer_before_the_guide_ran_is_refused_and_costs_nothing(rehearsal, server):
    with pytest.raises(MissingError, match="Nothing is hidden"):
        gym.grade("billing-off")
    gym.hide("billing-off")
    with pytest.raises(MissingError, match="no evidence yet"):
        gym.grade("billing-off")
    assert server.round()["drawn"][0]["wrong"] == []


def test_of_two_faults_only_one_that_was_met_can_be_named(begin, kept):
    one = begin("api-off", "host-oom", mendable=True)
    kept[-1]["drawn"][1].update(seen=False, evidence=None)
    assert not gym.grade("host-oom").right
    assert gym.grade("api-off").right
    assert kept[-1]["drawn"][0]["wrong"] == ["host-oom"]
    assert one.level == "two"


def test_before_the_second_fault_was_met_neither_answer_nor_hint_counts_against_it(begin, kept):
    begin("api-off", "host-oom", mendable=True)
    kept[-1]["drawn"][1].update(seen=False, evidence=None)
    gym.reveal()
    for ask in (lambda: gym.grade("host-oom"), lambda: gym.grade("fd-limit"), gym.hint):
        with pytest.raises(MissingError, match="other fault"):
            ask()
    assert gym.grade("api-off").right
    assert [(d["wrong"], d["hints"]) for d in kept[-1]["drawn"]] == [([], 0), ([], 0)]


def test_the_answer_is_revealed_when_it_is_asked_for(begin, kept):
    begin("host-oom")
    assert "host-oom" not in shown(gym.reveal(False))
    assert kept[-1]["ended"] is None
    revealed = gym.reveal()
    assert CATALOGUE["host-oom"].remedy in repr(revealed)
    assert (revealed.round.done, revealed.round.points) == (True, 0)
    assert gym.grade("host-oom").round.points == 0


def test_of_two_faults_the_one_in_hand_is_revealed(begin, kept):
    begin("api-off", "host-oom", mendable=True)
    kept[-1]["drawn"][1].update(seen=False, evidence=None)
    for _ in range(2):
        assert "host-oom" not in shown(gym.reveal())
    assert [drawn["revealed"] for drawn in kept[-1]["drawn"]] == [True, False]
    assert kept[-1]["ended"] is None


def test_the_sheet_offers_every_pitfall_and_keeps_the_answer(begin):
    begin("host-oom")
    assert gym.Sheet().answer == ""
    with pytest.raises(MissingError) as refused:
        gym.Sheet("host-oomm")
    assert "host-oom?" in refused.value.remedy
    gym.grade("flag-removed")
    assert gym.Sheet().answer == "flag-removed"
    sheet = gym.Sheet("billing-off")
    assert sheet.answer == "billing-off"
    assert {name for _, name in sheet.choice.options} == {"", *CATALOGUE}
    assert sheet.choice.description  # what a screen reader calls the list
