"""`make translations` finds every message, merges them, and names what a translator has to do."""

import importlib
import re
import sys

import pytest
from babel.messages.catalog import Catalog

from warmbook import texts
from warmbook.display.widgets.form import GROUPS, label
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.model.faults import SHARD_TEXTS
from warmbook.settings import Settings

from .documents import ROOT

sys.path.append(str(ROOT / "tools"))
extraction = importlib.import_module("extraction")
translations = importlib.import_module("translations")

OLD = "The Pod {pod} can't read the bucket."
NEW = "The Pod {pod} can't read your bucket."
SPANISH = "El Pod {pod} no puede leer el bucket."


def catalogue(**flags):
    """Return translations: a sentence, and one that nobody will say."""
    made = Catalog(locale="es")
    made.add(OLD, SPANISH, flags=[name for name, wanted in flags.items() if wanted])
    made.add("zones", "zonas")
    return made


def wanted(*english):
    made = Catalog()
    for one in english:
        made.add(one)
    return made


@pytest.fixture
def file(monkeypatch, tmp_path):
    """A file of translations that fits `wanted(OLD, "zones")`."""
    path = tmp_path / "warmbook.po"
    path.write_text(translations.written(catalogue(), "es"))
    monkeypatch.setattr(translations, "source", lambda _: path)
    return path


@pytest.fixture(scope="module")
def found():
    texts.speak("en")  # a module's fixture comes before the one that resets the language
    return {message.id for message in translations.messages(extraction.template())}


def settings_shown():
    shown = {name: field for name, field in Settings.model_fields.items() if name != "language"}
    yield from map(label, shown)
    yield from (field.description.replace("`", "") for field in shown.values())


def test_every_text_of_a_table_is_found(found):
    pitfalls = {t for one in CATALOGUE.values() for t in (one.symptom, one.cause, one.remedy)}
    assert {*GROUPS, *SHARD_TEXTS.values(), *settings_shown(), *pitfalls} <= found


@pytest.mark.parametrize(
    "text",
    [
        "Cause",  # say() within a call within a call
        "enter a branch, tag or commit after the @",  # refusal()
        "enter a machine type such as g2-standard-16",  # must_match()
        "the root cause is named",  # a check of the gym
    ],
)
def test_a_text_of_each_call_is_found(found, text):
    assert text in found


def test_every_text_of_the_code_has_a_translation():
    assert translations.check("es", extraction.template()) == []


def test_nothing_changes_where_no_message_did(file):
    before = file.read_text()
    assert translations.write("es", wanted(OLD, "zones")) == []
    assert file.read_text() == before
    assert translations.check("es", wanted(OLD, "zones")) == []


def test_a_reworded_message_is_fuzzy_with_its_previous_english_until_confirmed(file):
    assert translations.write("es", wanted(NEW, "zones")) == [
        f"fuzzy, its English has changed: {NEW}"
    ]
    entry = f'#| msgid "{OLD}"\nmsgid "{NEW}"\nmsgstr "{SPANISH}"\n'
    assert entry in file.read_text()
    translations.write("es", wanted(NEW, "zones"))
    assert entry in file.read_text()
    file.write_text(file.read_text().replace("#, fuzzy, python", "#, python"))
    assert translations.write("es", wanted(NEW, "zones")) == []
    assert OLD not in file.read_text()


def test_a_previous_english_of_two_lines_is_kept(file):
    made = catalogue()
    made.add("the first error:\nits text", "el primer error:\nsu texto")
    file.write_text(translations.written(made, "es"))
    listed = wanted(OLD, "zones", "its first error:\nits text")
    translations.write("es", listed)
    before = file.read_text()
    assert '#| msgid ""\n#| "the first error:\\n"\n#| "its text"\nmsgid ""\n' in before
    translations.write("es", listed)
    assert file.read_text() == before


def test_a_new_message_is_reported_as_untranslated(file):
    assert translations.write("es", wanted(OLD, "zones", "Anywhere Cache")) == [
        "no translation: Anywhere Cache"
    ]


def test_an_unused_message_is_removed(file):
    translations.write("es", wanted(OLD))
    assert "zonas" not in file.read_text()


def test_the_check_names_what_is_missing_and_what_is_left_over(file):
    assert translations.check("es", wanted(NEW, "zones")) == [
        f"not in the file: {NEW}",
        f"no longer in the code: {OLD}",
    ]


@pytest.mark.parametrize(
    ("spanish", "fault"),
    [
        ("", "no translation"),
        ("El Pod no puede leer.", "other placeholders (pod / )"),
        ("El Pod {Pod} no puede leer {pod}.", "other placeholders ( / Pod)"),
        ("El Pod {pod no puede leer.", "broken placeholder (expected '}' before end of string)"),
    ],
)
def test_the_check_names_a_translation_that_can_not_be_used(file, spanish, fault):
    file.write_text(file.read_text().replace(SPANISH, spanish))
    assert translations.check("es", wanted(OLD, "zones")) == [f"{fault}: {OLD}"]


def test_the_check_names_a_fuzzy_translation(file):
    file.write_text(translations.written(catalogue(fuzzy=True), "es"))
    assert translations.check("es", wanted(OLD, "zones")) == [
        f"fuzzy, its English has changed: {OLD}"
    ]


@pytest.mark.parametrize(
    "edit", [lambda text: text + '\n#~ msgid "gone"\n#~ msgstr "ido"\n', lambda text: text * 2]
)
def test_the_check_requires_the_tools_formatting(file, edit):
    file.write_text(edit(file.read_text()))
    assert translations.check("es", wanted(OLD, "zones"))
    translations.write("es", wanted(OLD, "zones"))
    assert translations.check("es", wanted(OLD, "zones")) == []


def test_check_fails_until_the_file_is_updated(file, monkeypatch, capsys):
    monkeypatch.setattr(translations, "ROOT", file.parent)
    monkeypatch.setattr(translations, "template", lambda: wanted(OLD))
    assert translations.main(["--check"]) == 1
    assert "no longer in the code: zones" in capsys.readouterr().err
    assert translations.main([]) == 0
    assert translations.main(["--check"]) == 0


IN_NOTEBOOKS_ALONE = (
    "display/notebook_errors.py",
    "display/widgets/",
    "book/exercises/",
    "book/gym/",
)


def said_everywhere():
    """Yield what is said in a terminal as well as in a notebook."""
    library = ROOT / "lib" / "warmbook"
    for file in library.rglob("*.py"):
        if not file.relative_to(library).as_posix().startswith(IN_NOTEBOOKS_ALONE):
            with file.open("rb") as source:
                found = extraction.messages(extraction.OF_THE_LIBRARY, source, None, None, None)
                yield from (message for _, _, message, _ in found)


def test_a_text_for_every_place_names_nothing_that_one_of_them_lacks():
    place = re.compile(r"\b(this|the) cell\b|\bcells? (above|below)\b|\bform above\b|\bthe form\b")
    said = set(said_everywhere())
    assert len(said) > 1000
    assert {text for text in said if place.search(text) and "Repo id" not in text} == set()
