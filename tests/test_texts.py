import ast
import json
import re
import string
from pathlib import Path

import pytest

from warmbook import texts
from warmbook.display.widgets.form import GROUPS, label
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.model.faults import SHARD_TEXTS
from warmbook.settings import Settings

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "lib" / "warmbook"


def said_in_code(besides=()):
    """Yield each English message of the library: say("…"), and messages passed to rules."""
    for file in LIBRARY.rglob("*.py"):
        if file.relative_to(LIBRARY).as_posix().startswith(besides):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            position = {"say": 0, "refusal": 0, "must_match": 1}.get(name)
            if position is not None and isinstance(node.args[position], ast.Constant):
                yield node.args[position].value


def said_in_notebooks():
    """Yield the claims and remedies of the notebooks' checks."""
    folder = ROOT / "notebooks"
    for file in (*sorted((folder / "en").glob("*.ipynb")), *(folder / "gym" / "en").glob("*")):
        for cell in json.loads(file.read_text())["cells"]:
            if cell["cell_type"] != "code":
                continue
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
                    yield node.args[1].value
                    yield from (k.value.value for k in node.keywords if k.arg == "remedy")


def said_of_settings():
    """Yield the labels and help texts of the form."""
    yield from GROUPS
    for name, field in Settings.model_fields.items():
        if name != "language":
            yield label(name)
        yield field.description.replace("`", "")


def said_of_pitfalls():
    """Yield what the catalogue tells of each pitfall."""
    for one in CATALOGUE.values():
        yield from (one.symptom, one.cause, one.remedy)


def all_messages():
    said = (said_in_code(), said_in_notebooks(), said_of_settings(), said_of_pitfalls())
    return {*SHARD_TEXTS.values(), *(text for listed in said for text in listed)}


def names(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_message_has_its_spanish():
    missing = sorted(all_messages() - set(texts.catalogue("es")))
    assert not missing, "\n".join(missing)


IN_NOTEBOOKS_ALONE = ("display/notebook_errors.py", "display/widgets/", "book/gym.py")


def test_a_text_for_every_place_names_nothing_that_one_of_them_lacks():
    place = re.compile(r"\b(this|the) cell\b|\bcells? (above|below)\b|\bform above\b|\bthe form\b")
    said = {*said_in_code(besides=IN_NOTEBOOKS_ALONE), *said_of_pitfalls()}
    assert {text for text in said if place.search(text) and "Repo id" not in text} == set()


def test_no_translation_is_left_over():
    assert not sorted(set(texts.catalogue("es")) - all_messages())


def test_a_translation_names_the_same_values():
    for english, spanish in texts.catalogue("es").items():
        assert names(english) == names(spanish), english


def test_the_reader_is_spoken_to_in_their_language():
    texts.speak("es")
    assert texts.say("Rehearsal: nothing leaves this machine").startswith("Ensayo")
    texts.speak("en")
    assert texts.say("number") == "number"


@pytest.mark.parametrize("wrong", ["fr", "", "EN"])
def test_an_unknown_language_is_english(wrong):
    texts.speak(wrong)
    assert texts.spoken() == "en"
