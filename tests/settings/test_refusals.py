"""No sentence of pydantic's reaches a reader.

The witness of what pydantic says is pydantic itself: each error's own `msg`.
"""

import pytest
from pydantic import ValidationError

from warmbook import texts
from warmbook.settings import Settings, refusals

GOOD = {"project_id": "my-project", "model_uri": "gs://bucket/model"}

HOSTILE = (
    *("", " ", "\0", "\x1b[2J", "a\nb", "\ud800", "\u202e", "{text}", "'", "ñ", "x" * 100_000),
    *("nan", "inf", "-inf", "1e400", "4k", "1.5", "1,5", "1_000", "0x10", "9" * 5000, "٤"),
    *(float("nan"), float("inf"), -float("inf"), 1e308, 1.5, 10**400, -1, True, False, None),
    *(b"bytes", b"\xff", b"1", bytearray(b"x"), [], [1], {}, {"a": 1}, (), {1}, object(), int),
)

REACHED = {
    *("missing", "extra_forbidden", "refused", "literal_error", "bool_parsing", "bool_type"),
    *("int_type", "int_parsing", "int_parsing_size", "int_from_float", "finite_number"),
    *("float_type", "float_parsing", "string_type", "string_unicode"),
    *("greater_than_equal", "less_than_equal", "invalid_key"),
}
"""The types of pydantic's errors that these values of Settings are refused with."""


def errors_of(values):
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        return error.errors()
    return []


def refused():
    """Yield each error that a hostile value of any setting gets, and those of the names."""
    for name in Settings.model_fields:
        for value in HOSTILE:
            yield from errors_of({**GOOD, name: value})
    for name in ("colour", "\x1b", 1, None):
        yield from errors_of({**GOOD, name: "red"})
    yield from errors_of({})


def test_the_hostile_values_reach_every_type_of_error_that_is_translated():
    assert {error["type"] for error in refused()} == REACHED


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_message_is_pydantics_own(language):
    texts.speak(language)
    fallback = texts.say("this value can't be used here")
    for error in refused():
        told = refusals.reason(error)
        assert told, error["type"]
        assert told != fallback, error["type"]
        if error["type"] != "refused":  # such an error's message is ours
            assert error["msg"] not in told
            assert "nput should" not in told


def test_each_type_has_a_different_message_in_spanish():
    errors = {error["type"]: error for error in refused()}
    english = {kind: refusals.reason(one) for kind, one in errors.items() if kind != "refused"}
    texts.speak("es")
    for kind, told in english.items():
        assert refusals.reason(errors[kind]) != told, kind


def test_an_unknown_type_of_error_gets_the_default_message():
    error = {"type": "from_a_later_pydantic", "loc": ("gpu",), "msg": "Input should be tame"}
    assert refusals.reason(error) == texts.say("this value can't be used here")
