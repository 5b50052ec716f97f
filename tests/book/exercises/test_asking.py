"""Exercises as a notebook calls them, in a double of a kernel that somebody sits at."""

from types import SimpleNamespace

import pytest

from warmbook import exercises, workbook
from warmbook.book import interactive, kernel_notebook, origin, recorder, session
from warmbook.book.exercises import given
from warmbook.book.exercises.questions import EXERCISES
from warmbook.display.card import Card
from warmbook.display.widgets import front_end
from warmbook.errors import SettingsError
from warmbook.measure.runs.record import read

VIEW = "application/vnd.jupyter.widget-view+json"
TIME, SHARE, EXPLAIN = "07-load-time", "07-load-share", "07-explain"
MEASURED = {"load_time": 13.4, "load_share": 5.0}


class Kernel:
    """IPython's shell in a kernel whose front end takes input, or does not."""

    def __init__(self, input_allowed=True):
        request = {"content": {"allow_stdin": input_allowed}}
        self.kernel = SimpleNamespace(get_parent=lambda: request)
        self.user_ns = {}
        self.events = SimpleNamespace(register=lambda *_: None)


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Return a function that starts the kernel of a notebook, again if it is called again."""
    monkeypatch.setattr(workbook, "WATCHERS", watchers := [])
    monkeypatch.setattr(recorder, "WATCHERS", watchers)
    monkeypatch.setenv(kernel_notebook.SESSION, "/x/en/07_streaming.ipynb")
    monkeypatch.delenv(origin.RECORDING, raising=False)

    def started(input_allowed=True):
        shell = Kernel(input_allowed)
        monkeypatch.setattr(interactive, "_shell", lambda: shell)
        monkeypatch.setattr(interactive, "_of_kernel", [])
        monkeypatch.setattr(given, "_here", {})
        given.measured.clear()
        given.explained.clear()

    return started


@pytest.fixture
def begun(start, settings):
    start()
    interactive.connect(settings)


class Result(Card):
    def title(self):
        return "a result"


def compared(number, **measured):
    """Run the cell that measures, then the one that compares."""
    exercises.see(Result(), number, **measured)
    return exercises.compare(number)


def press(panel, number, typed):
    box = panel.boxes[number]
    box.control.value = typed
    box.button.click()
    return box


def recorded(tmp_path):
    for one in interactive._of_kernel:
        one._writer.submit(int).result(30)
    return {one.exercise: one for one in read(session.last([tmp_path])).answers}


def texts_of(panel):
    return panel._repr_mimebundle_()["text/plain"]


def test_a_committed_number_is_locked_recorded_and_compared(begun, tmp_path):
    box = press(exercises.predict("07"), 0, "10")
    assert box.control.disabled and box.button.disabled
    answer = recorded(tmp_path)[TIME]
    assert (answer.notebook, answer.kind, answer.answer) == (
        "07_streaming",
        "predict",
        "10 seconds",
    )
    assert (answer.measured, answer.right) == ("", None)
    assert answer.at > "2026"
    told = texts_of(compared("07", **MEASURED))
    assert "10 seconds" in told and "13.4 seconds" in told and "1.3" in told
    answer = recorded(tmp_path)[TIME]
    assert (answer.answer, answer.measured, answer.right) == ("10 seconds", "13.4 seconds", True)


def test_a_prediction_is_shown_and_recorded_with_the_cell_that_measures_it(begun, tmp_path):
    panel = exercises.predict("07")
    press(panel, 0, "10")
    press(panel, 1, "50")
    seen = exercises.see(Result(), "07", load_time=13.4)
    for told in (repr(seen), seen._repr_html_()):
        assert told.index("a result") < told.index("your prediction") < told.index("13.4")
        assert "50%" not in told
    assert recorded(tmp_path)[TIME].measured == "13.4 seconds"
    assert recorded(tmp_path)[SHARE].measured == ""


def test_a_reason_that_a_cell_has_given_is_not_repeated_at_the_end(begun):
    time, share = (one.why for one in EXERCISES["07"].questions)
    press(exercises.predict("07"), 0, "10")
    for _ in range(2):  # the cell again: its result stays whole
        assert time in " ".join(repr(exercises.see(Result(), "07", load_time=13.4)).split())
    exercises.see(Result(), "07", load_share=5.0)
    told = " ".join(texts_of(exercises.compare("07")).split())
    assert "13.4 seconds" in told and time not in told
    assert share in told


def test_without_a_prediction_a_cell_shows_its_result_alone(begun):
    press(exercises.predict("07"), 0, "10")
    result = Result()
    assert exercises.see(result, "07", load_share=5.0) is result


def test_a_prediction_committed_after_its_measurement_gets_the_result_at_the_end(begun, tmp_path):
    exercises.see(Result(), "07", load_time=13.4)
    press(exercises.predict("07"), 0, "10")
    assert "13.4 seconds" in texts_of(exercises.compare("07"))
    assert recorded(tmp_path)[TIME].measured == "13.4 seconds"


def test_a_new_kernel_compares_what_the_record_has(begun, start, settings, tmp_path):
    press(exercises.predict("07"), 0, "10")
    exercises.see(Result(), "07", load_time=13.4)
    recorded(tmp_path)
    start()
    interactive.connect(settings)
    told = texts_of(exercises.compare("07"))
    assert "13.4 seconds" in told
    assert "not measured here" in told


def test_a_refused_answer_can_be_corrected_and_is_not_recorded(begun, tmp_path):
    panel = exercises.predict("07")
    for typed in ("", "abc", "1,5"):
        box = press(panel, 1, typed)
        assert 'role="alert"' in box.below.value
        assert not box.control.disabled
    assert recorded(tmp_path) == {}
    press(panel, 1, "50")
    assert recorded(tmp_path)[SHARE].answer == "50 %"


def test_a_choice_is_committed_by_its_value(begun, tmp_path):
    panel = exercises.predict("02")
    panel.boxes[1].button.click()
    assert 'role="alert"' in panel.boxes[1].below.value
    press(panel, 1, "roles/compute.viewer")
    compared("02", disabled_apis=0, policy_role="roles/storage.admin")
    answer = recorded(tmp_path)["02-policy-role"]
    assert (answer.kind, answer.answer) == ("choose", "roles/compute.viewer")
    assert (answer.measured, answer.right) == ("roles/storage.admin", False)


def test_the_first_answer_counts(begun, tmp_path):
    first, second = exercises.predict("07"), exercises.predict("07")
    press(first, 0, "10")
    box = press(second, 0, "13.4")
    assert 'role="alert"' in box.below.value
    first.boxes[0].button.click()
    assert recorded(tmp_path)[TIME].answer == "10 seconds"
    with pytest.raises(SettingsError):
        exercises.commit(TIME, 13.4)


def test_without_a_prediction_only_the_result_is_shown(begun, tmp_path):
    told = texts_of(compared("07", **MEASURED))
    assert "13.4 seconds" in told
    assert "your prediction" not in told
    assert recorded(tmp_path) == {}


def test_what_could_not_be_measured_is_neither_right_nor_wrong(begun, tmp_path):
    press(exercises.predict("08"), 0, "50")
    told = texts_of(compared("08", hit_share=None, with_cache=None))
    assert "not measured here" in told
    answer = recorded(tmp_path)["08-hit-share"]
    assert (answer.measured, answer.right) == ("", None)


def test_a_result_that_is_gone_keeps_what_was_recorded(begun, tmp_path):
    press(exercises.predict("08"), 0, "50")
    compared("08", hit_share=60.0, with_cache="same")
    compared("08", hit_share=None, with_cache=None)
    assert recorded(tmp_path)["08-hit-share"].measured == "60 %"


def test_the_first_result_counts_as_a_second_run_finds_its_work_done(begun, tmp_path):
    press(exercises.predict("10"), 0, "4")
    compared("10", deleted=4, billed="bucket")
    told = texts_of(compared("10", deleted=0, billed="bucket"))
    assert "result: 4 resources; exact" in told
    answer = recorded(tmp_path)["10-deleted"]
    assert (answer.measured, answer.right) == ("4 resources", True)


def test_committed_answers_are_restored_in_a_new_kernel(begun, start, settings, tmp_path):
    press(exercises.predict("07"), 0, "10")
    press(compared("07", **MEASURED), 0, "the other phases stay")
    recorded(tmp_path)
    start()
    interactive.connect(settings)
    panel = exercises.predict("07")
    assert [box.control.disabled for box in panel.boxes] == [True, False]
    assert panel.boxes[0].control.value == "10"
    comparison = compared("07", **MEASURED)
    assert "10 seconds" in texts_of(comparison)
    assert comparison.boxes[0].control.value == "the other phases stay"
    answer = recorded(tmp_path)[EXPLAIN]
    assert (answer.kind, answer.right, answer.measured) == ("explain", None, "")


def test_another_project_begins_without_answers(begun, start, settings, tmp_path):
    press(exercises.predict("07"), 0, "10")
    recorded(tmp_path)
    interactive.connect(settings.model_copy(update={"project_id": "another-project"}))
    assert not exercises.predict("07").boxes[0].control.disabled


def test_before_anything_is_connected_an_answer_waits_for_the_record(start, settings, tmp_path):
    start()
    press(exercises.predict("07"), 0, "10")
    assert exercises.predict("07").boxes[0].control.disabled
    interactive.connect(settings)
    exercises.predict("07")
    assert recorded(tmp_path)[TIME].answer == "10 seconds"


def test_without_a_record_answers_last_as_long_as_the_kernel(start, monkeypatch, tmp_path):
    start()
    monkeypatch.setenv(origin.RECORDING, "no")
    press(exercises.predict("07"), 0, "10")
    assert exercises.predict("07").boxes[0].control.disabled
    assert "10 seconds" in texts_of(compared("07", **MEASURED))
    assert session.last([tmp_path]) is None


def test_a_record_that_cannot_be_written_stops_no_exercise(begun, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(session, "change", full)
    press(exercises.predict("07"), 0, "10")
    assert "10 seconds" in texts_of(compared("07", **MEASURED))


def test_a_headless_run_prints_that_the_exercise_is_skipped(start, tmp_path):
    start(input_allowed=False)
    for shown in (exercises.predict("07"), compared("07", **MEASURED)):
        assert repr(shown).count("\n") == 0
        assert "skipped" in repr(shown)
        assert not hasattr(shown, "_repr_mimebundle_")
    assert exercises.see(result := Result(), "07", **MEASURED) is result
    assert session.last([tmp_path]) is None


def test_in_no_kernel_at_all_it_is_skipped_too(monkeypatch):
    monkeypatch.setattr(interactive, "_shell", lambda: None)
    assert "skipped" in repr(exercises.predict("07"))


def test_without_widgets_the_text_explains_how_to_answer(begun, monkeypatch, tmp_path):
    monkeypatch.setattr(front_end, "too_old", lambda: True)
    panel = exercises.predict("02")
    shown = panel._repr_mimebundle_()
    assert VIEW not in shown
    for kind in ("text/plain", "text/html"):
        assert "02-policy-role" in shown[kind]
        assert "roles/storage.admin" in shown[kind]
    exercises.commit("02-policy-role", "roles/storage.admin")
    exercises.commit("02-disabled-apis", 4)
    exercises.commit("02-explain", "it looks first")
    assert [one.answer for one in recorded(tmp_path).values()] == [
        "roles/storage.admin",
        "4 APIs",
        "it looks first",
    ]


@pytest.mark.parametrize("name", ["", "99-x", "07", "07-load_time", "x"])
def test_an_unknown_exercise_is_refused_with_what_there_is(begun, name):
    with pytest.raises(SettingsError) as refused:
        exercises.commit(name, "1")
    assert "07" in refused.value.remedy
    with pytest.raises(SettingsError):
        exercises.predict("11")


def test_typed_answers_are_escaped_in_html(begun):
    typed = "<img src=x onerror=alert(1)>"
    box = press(compared("07", **MEASURED), 0, typed)
    assert "<img" not in box.below.value
    assert typed not in compared("07", **MEASURED)._repr_mimebundle_()["text/html"]
