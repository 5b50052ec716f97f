"""A question's box, pressed as the front end does."""

import pytest

from warmbook.display.widgets.question import Asked, QuestionBox, Questions
from warmbook.errors import SettingsError

NUMBER = Asked("How long?", unit="seconds", by_hand='commit("a", "…")')
CHOICE = Asked("Which?", options={"a": "the <first>", "b": "the second"})
TEXT = Asked("Why?", free=True)


def box_of(asked, taken):
    def take(typed):
        if not typed:
            raise SettingsError("Nothing & more", remedy="write <it>")
        taken.append(typed)
        return f"<{typed}>"

    return QuestionBox(asked, take)


@pytest.mark.parametrize(("asked", "typed"), [(NUMBER, "12"), (CHOICE, "b"), (TEXT, "a\nb")])
def test_an_answer_is_taken_once_and_its_box_is_locked(asked, typed):
    box = box_of(asked, taken := [])
    box.button.click()
    assert taken == []
    assert "Nothing &amp; more write &lt;it&gt;" in box.below.value
    box.control.value = typed
    box.button.click()
    assert taken == [typed]
    assert f"&lt;{typed}&gt;" in box.below.value
    assert (box.control.disabled, box.button.disabled) == (True, True)


def test_a_choice_of_another_version_is_shown_and_chooses_nothing():
    box = box_of(CHOICE, [])
    box.lock("gone", "gone")
    assert box.control.value is None
    assert box.control.disabled
    assert "gone" in box.below.value


def test_each_control_has_its_question_as_its_name():
    for asked in (NUMBER, CHOICE, TEXT):
        assert box_of(asked, []).control.description == asked.asks


def test_as_text_it_has_every_question_its_choices_and_the_call():
    boxes = [box_of(one, []) for one in (NUMBER, CHOICE)]
    shown = Questions("head", "<b>head</b>", boxes)._repr_mimebundle_()
    assert 'commit("a", "…")' in shown["text/plain"]
    assert "b: the second" in shown["text/plain"]
    assert "the &lt;first&gt;" in shown["text/html"]
