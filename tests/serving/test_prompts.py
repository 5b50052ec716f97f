import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.serving.prompts import PROMPTS, Answers, Difference, Origin, Transcript, differences

TOKENS = st.lists(st.integers(0, 9), max_size=5).map(tuple)
ORIGIN = Origin("gs://b/m", "f1", "0.20.0")


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


KEPT = Transcript(ORIGIN, answers(*[(1, 2)] * len(PROMPTS))).record()


def test_a_saved_transcript_is_read_back_unchanged():
    found = Transcript.of(KEPT)
    assert found.origin == ORIGIN
    assert found.record() == KEPT


@pytest.mark.parametrize(
    "kept",
    [
        None,
        {},
        {**KEPT, "asked": "other prompts"},
        {**KEPT, "tokens": [[1]]},
        {**KEPT, "tokens": ["x"] * len(PROMPTS)},
        {**KEPT, "texts": 3},
        {name: value for name, value in KEPT.items() if name != "files"},
        "edited",
    ],
)
def test_what_is_not_whole_or_of_other_prompts_is_no_transcript(kept):
    assert Transcript.of(kept) is None
