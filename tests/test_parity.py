import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.parity import PROMPTS, Answers, Difference, Parity, differences

TOKENS = st.lists(st.integers(0, 9), max_size=5).map(tuple)


def answers(*tokens):
    return Answers(tokens, tuple(" ".join(map(str, one)) for one in tokens))


def test_there_are_at_least_twenty_prompts_and_none_twice():
    assert len(PROMPTS) == len(set(PROMPTS)) >= 20


def test_the_first_token_that_differs_is_named_with_its_prompt():
    found = differences(answers((1, 2), (3, 4, 5)), answers((1, 2), (3, 9, 5)))
    assert found == [Difference(PROMPTS[1], 1, "3 4 5", "3 9 5")]


def test_a_shorter_answer_differs_at_its_end():
    (found,) = differences(answers((1, 2)), answers((1,)))
    assert found.place == 1


@given(st.lists(TOKENS, min_size=1, max_size=6), st.data())
def test_answers_part_exactly_where_tokens_do(tokens, data):
    others = [data.draw(st.just(one) | TOKENS) for one in tokens]
    found = {one.prompt: one.place for one in differences(answers(*tokens), answers(*others))}
    for at, (one, two) in enumerate(zip(tokens, others, strict=True)):
        place = found.get(PROMPTS[at])
        assert (place is None) == (one == two)
        assert place is None or one[:place] == two[:place]


def test_answers_to_different_prompts_are_not_compared():
    with pytest.raises(ValueError, match="different prompts"):
        differences(answers((1,)), answers((1,), (2,)))


SAME = answers(*[(1, 2)] * len(PROMPTS))
OTHER = answers((1, 9), *[(1, 2)] * (len(PROMPTS) - 1))


def parity(found, again=SAME, **more):
    return Parity({"download": SAME, **found}, "download", again, "0.20.0", **more)


def test_equal_answers_are_said_to_be_equal():
    same = parity({"streamer": SAME})
    assert same.equal
    assert not same.corrupted
    assert same.record()["equal"] == len(PROMPTS)
    assert same.record()["first_difference"] is None
    assert "The same tokens" in same.title()


def test_a_difference_is_shown_with_its_place_and_what_is_known_of_the_release():
    shared = parity({"streamer": SAME, "distributed": OTHER}, distributed=True)
    assert shared.corrupted == ("distributed",)
    assert not shared.equal
    assert "token 2: '1 2' | '1 9'" in repr(shared)
    assert "41749" in shared.note()
    assert shared.record()["first_difference"]["loader"] == "distributed"


def test_a_machine_that_does_not_repeat_itself_accuses_nobody():
    unsure = parity({"streamer": OTHER}, again=OTHER)
    assert not unsure.repeats
    assert not unsure.corrupted
    assert not unsure.equal
    assert "nothing can be proved" in unsure.title()
    assert unsure.edge() == "wait"


def test_without_others_or_without_answers_nothing_is_compared():
    alone = parity({})
    assert not alone.equal
    assert "No answers to compare" in alone.title()
    declined = Parity({}, "download", None, "0.32.0", declined="not here")
    assert "not here" in repr(declined)
    assert declined.record() == alone.record() == {}
