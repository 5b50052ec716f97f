"""Which answers an exercise takes, and when one of them is right."""

import pytest

from warmbook import texts
from warmbook.book.exercises.question import LONGEST, Explanation, Question, figure
from warmbook.errors import SettingsError

TIME = Question("time", "time", "How long?", "because", unit="seconds")
ROLE = Question("role", "role", "Which?", "because", choices={"a": "None of them", "b": "right"})


@pytest.mark.parametrize("typed", ["12", " 12 ", "0.5", "007", "999999999999"])
def test_a_number_is_taken_as_typed_with_its_unit(typed):
    assert TIME.taken(typed) == f"{typed.strip()} seconds"
    assert TIME.typed(TIME.taken(typed)) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "abc", "1,5", "1.200,5", "-3", "12 s", "1e9", "nan", "inf", ".", "5.", "1 2", "٣"],
)
def test_what_is_no_number_is_refused_in_words(typed):
    with pytest.raises(SettingsError) as refused:
        TIME.taken(typed)
    assert "Write" in refused.value.what


def test_the_decimal_comma_has_a_refusal_of_its_own():
    told = set()
    for typed in ("", "abc", "1,5"):
        with pytest.raises(SettingsError) as refused:
            TIME.taken(typed)
        told.add(refused.value.what)
    assert len(told) == 3


@pytest.mark.parametrize("typed", ["", "c", "None of them"])
def test_only_a_choice_is_taken(typed):
    assert ROLE.taken("a") == "a"
    with pytest.raises(SettingsError):
        ROLE.taken(typed)


@pytest.mark.parametrize(
    ("answer", "value", "right"),
    [
        ("10", 10.0, True),
        ("10", 5.0, True),
        ("10", 20.0, True),
        ("10", 4.9, False),
        ("10", 20.1, False),
        ("0", 0, True),
        ("0", 1, False),
        ("4", 0, False),
        ("0.0", 0, True),
    ],
)
def test_a_number_within_a_factor_of_two_is_close(answer, value, right):
    assert TIME.right(TIME.taken(answer), value) is right


def test_a_choice_is_right_or_not():
    assert (ROLE.right("a", "a"), ROLE.right("b", "a")) == (True, False)
    assert ROLE.ratio("a", "a") is None


@pytest.mark.parametrize("answer", ["many seconds", "", "1,5 seconds", "1e999 seconds"])
def test_an_edited_number_in_the_record_is_not_right(answer):
    assert TIME.right(answer, 3.0) is False
    assert TIME.shown(answer) is not None


def test_answers_are_recorded_in_english_and_shown_in_the_readers_language():
    texts.speak("es")
    assert TIME.taken("3") == "3 seconds"
    assert TIME.shown("3 seconds") == "3 segundos"
    assert ROLE.shown("a") == "Ninguna"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (3, "3"), (4.0, "4"), (0.0671, "0.0671"), (13.449, "13.4"), (1234.5, "1234")],
)
def test_a_measured_number_has_three_digits(value, told):
    assert figure(value) == told


def test_an_explanation_is_a_text_that_is_neither_empty_nor_endless():
    explanation = Explanation("Why?")
    assert explanation.taken("  because\nit is\n") == "because\nit is"
    assert explanation.taken("half \ud800") == "half ?"
    assert len(explanation.shown("word " * 100)) <= 60
    for typed in ("", " \n ", "x" * (LONGEST + 1)):
        with pytest.raises(SettingsError):
            explanation.taken(typed)
