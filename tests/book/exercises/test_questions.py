"""The exercises themselves: each notebook has its own, complete and in both languages."""

import pytest

from warmbook import texts
from warmbook.book import shipped
from warmbook.book.exercises.question import Explanation
from warmbook.book.exercises.questions import EXERCISES

ALL = [(number, one) for number, there in EXERCISES.items() for one in there.all]


def test_each_notebook_has_two_predictions_and_an_explanation():
    assert set(EXERCISES) == set(shipped.titles())
    for there in EXERCISES.values():
        assert [one.kind == "explain" for one in there.all] == [False, False, True]
    assert len({(number, one.name) for number, one in ALL}) == 30


@pytest.mark.parametrize(("number", "asked"), ALL, ids=lambda one: getattr(one, "name", one))
def test_a_question_is_a_sentence_with_choices_or_a_number(number, asked):
    assert asked.name.isidentifier()
    assert asked.asks.endswith(("?", "."))
    assert "?" in asked.asks
    if not isinstance(asked, Explanation):
        assert asked.why.endswith(".")
        assert len(asked.choices) != 1
        assert not (asked.choices and asked.unit)
    texts.speak("es")
    assert texts.say(asked.asks) != asked.asks
