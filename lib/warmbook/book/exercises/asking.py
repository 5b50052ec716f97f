"""What the notebooks call: predict, see, compare; a headless run skips the exercises."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import partial

from ...display.card import Card, escape
from ...display.widgets.question import Asked, QuestionBox, Questions
from ...errors import SettingsError
from ...terminal import printable
from ...texts import say
from .. import shipped
from ..entries import Told
from ..interactive import attended
from ..origin import now
from .comparison import Compared, Comparison, Seen
from .given import explained, given, keep, measured
from .question import Exercises, Explanation, Question, Value
from .questions import EXERCISES


class Line:
    """A sentence as a cell's result."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return printable(self._text)


def predict(notebook: str) -> Questions | Line:
    """Ask for the predictions of a notebook by its number, such as "07".

    Committed answers are locked and go into the session's record. Where nobody is there to
    answer, a line says that the exercise is skipped.

    Raises:
        SettingsError: No notebook has that number.
    """
    if not attended():
        return _skipped()
    head = say("Predict, then see")
    told = say("Commit your predictions before you run the cells below, or skip them.")
    html = f"<b>{escape(head)}</b><div>{escape(told)}</div>"
    return _panel(f"{head}\n{told}", html, notebook, _of(notebook).questions)


def see(result: Card, notebook: str, **values: Value | None) -> Card:
    """Return what a cell measured, with the notebook's committed predictions for it below.

    Each keyword is a question's name with its result, None where the notebook could not measure
    it. Without a prediction, and where nobody is there to answer, only `result` is shown.

    Raises:
        SettingsError: No notebook has that number.
    """
    if not attended():
        return result
    asked = [one for one in _of(notebook).questions if one.name in values]
    measured.update({_id(notebook, one): values[one.name] for one in asked})
    answered = [one for one in _compared(notebook, asked) if one.answer]
    explained.update(_id(notebook, one.question) for one in answered if one.value is not None)
    return Seen(answered, result) if answered else result


def compare(notebook: str) -> Questions | Line:
    """Show the predictions of a notebook beside all that it measured; ask for the explanation.

    Runs without predictions too, and before anything is measured. Predictions that were committed
    after their measurement get its result here. The reason is left out where a cell above has
    given it.

    Raises:
        SettingsError: No notebook has that number.
    """
    if not attended():
        return _skipped()
    exercises = _of(notebook)
    card = Comparison(_compared(notebook, exercises.questions, no_reason=explained))
    return _panel(repr(card), card._repr_html_(), notebook, [exercises.explanation])


def commit(exercise: str, answer: object) -> Line:
    """Commit the answer to an exercise by its id, such as "07-load-time".

    For front ends that show no widgets.

    Raises:
        SettingsError: No exercise has that id, the answer can't be taken, or there is one.
    """
    notebook = exercise.partition("-")[0]
    asked = {_id(notebook, one): one for one in _of(notebook).all}
    if exercise not in asked:
        raise _unknown(exercise, asked)
    shown = _take(notebook, asked[exercise], str(answer))
    return Line(f"✔ {say('Committed: {answer}', answer=shown)}")


def _skipped() -> Line:
    return Line(say("Exercise skipped: nobody can answer in a headless run."))


def _of(notebook: str) -> Exercises:
    if notebook not in EXERCISES:
        raise _unknown(notebook, EXERCISES)
    return EXERCISES[notebook]


def _unknown(name: str, known: Iterable[str]) -> SettingsError:
    return SettingsError(
        say("There is no exercise {name}.", name=name),
        remedy=say("Known: {names}.", names=", ".join(known)),
    )


def _compared(
    notebook: str, asked: Iterable[Question], *, no_reason: Container[str] = ()
) -> Sequence[Compared]:
    """Return questions with answers and results; the record gets the results that are new."""
    answers = given()
    ids = {_id(notebook, one): one for one in asked}
    found = [
        Compared(one, answers.get(name, {}), measured.get(name), name in no_reason)
        for name, one in ids.items()
    ]
    for one in found:
        if one.is_new:
            keep(one.recorded)
    return found


def _id(notebook: str, asked: Question | Explanation) -> str:
    return f"{notebook}-{asked.name.replace('_', '-')}"


def _panel(
    text: str, html: str, notebook: str, asked: Iterable[Question | Explanation]
) -> Questions:
    answers = given()
    boxes = [_box(notebook, one, answers.get(_id(notebook, one), {})) for one in asked]
    return Questions(text, html, boxes)


def _box(notebook: str, asked: Question | Explanation, answer: Told) -> QuestionBox:
    view = Asked(
        say(asked.asks),
        unit=say(asked.unit),
        options={value: say(label) for value, label in asked.choices.items()},
        free=isinstance(asked, Explanation),
        by_hand=f'exercises.commit("{_id(notebook, asked)}", "…")',
    )
    box = QuestionBox(view, partial(_take, notebook, asked))
    if told := answer.get("answer"):
        box.lock(asked.typed(told), asked.shown(told))
    return box


def _take(notebook: str, asked: Question | Explanation, typed: str) -> str:
    """Keep an answer and return it as it is shown; the first one counts."""
    exercise = _id(notebook, asked)
    if exercise in given():
        raise SettingsError(say("This exercise has an answer already."), remedy="")
    told = asked.taken(typed)
    keep(
        {
            "notebook": shipped.titles()[notebook],
            "exercise": exercise,
            "kind": asked.kind,
            "answer": told,
            "measured": "",
            "right": None,
            "at": now(),
        }
    )
    return asked.shown(told)
