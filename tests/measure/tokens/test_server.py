"""A server's answers beside the default loader's: what they prove, and what they don't."""

import pytest

from warmbook.measure.tokens.server import Served
from warmbook.serving.prompts import PROMPTS, Answers, Origin, Transcript

ORIGIN = Origin("gs://b/m", "f1", "0.20.0")


def kept(*, at_first=0, later=0, origin=ORIGIN):
    """Return a transcript that parts from the sound one at so many first and second tokens."""
    tokens = [(1, at) for at in range(len(PROMPTS))]
    tokens[:at_first] = [(9, at) for at in range(at_first)]
    tokens[at_first : at_first + later] = [(1, 99 + at) for at in range(later)]
    return Transcript(origin, Answers(tuple(tokens), tuple(map(str, tokens))))


def held(**more):
    return Served(kept(**more), kept(), distributed=True)


@pytest.mark.parametrize(
    ("at_first", "later", "verdict"),
    [
        (0, 0, "equal"),
        (1, 0, "different"),
        (0, 24, "different"),
        (11, 13, "different"),
        (12, 0, "corrupted"),
        (23, 0, "corrupted"),
    ],
)
def test_only_many_first_tokens_prove_damage(at_first, later, verdict):
    found = held(at_first=at_first, later=later)
    assert found.verdict == found.outcome()["verdict"] == verdict
    assert found.corrupted == (verdict == "corrupted")
    assert found.outcome()["equal"] == len(PROMPTS) - at_first - later


def test_a_difference_is_shown_with_its_place_and_why_it_is_not_judged():
    found = held(later=2)
    assert "22 of 24 answers equal, 0 differ at the first token" in repr(found)
    assert "token 2: '(1, 0)' | '(1, 99)'" in repr(found)
    assert "round differently" in found.note()
    assert found.edge() == "warning"


def test_damage_names_what_is_known_of_the_release():
    assert "41749" in held(at_first=20).note()
    assert "corrupted" in held(at_first=20).title()


@pytest.mark.parametrize(
    "reference",
    [
        None,
        kept(origin=Origin("gs://b/m", "f2", "0.20.0")),
        kept(origin=Origin("gs://b/m", "f1", "0.21.0")),
        kept(origin=Origin("gs://b/n", "f1", "0.20.0")),
    ],
)
def test_without_a_reference_of_the_same_origin_nothing_is_judged(reference):
    found = Served(kept(at_first=24), reference)
    assert found.verdict == "unjudged"
    assert found.outcome()["equal"] is None
    assert "--only 07,09" in found.note()


def test_a_server_that_answers_nothing_leaves_no_record():
    found = Served(None, kept(), declined="not here")
    assert "not here" in repr(found)
    assert found.record() == {}
    assert not found.corrupted


def test_one_answer_to_every_prompt_proves_damage_without_a_reference():
    alike = Transcript(ORIGIN, Answers(((0, 0),) * len(PROMPTS), ("",) * len(PROMPTS)))
    found = Served(alike)
    assert found.corrupted
    assert "the same answer, ''" in repr(found)
    assert found.outcome()["equal"] is None
