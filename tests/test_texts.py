"""Messages are said in the reader's language, from a clone's .po or a wheel's .mo."""

import os
import re

import pytest

from warmbook import texts

KNOWN = ("abce", "fd-limit", "abcf")
SOURCE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "the bucket {name}"
msgstr "el bucket {name}"

#, fuzzy
msgid "the Pods"
msgstr "el Pod"

msgid "the cluster"
msgstr ""
"""


@pytest.fixture
def clone(monkeypatch, tmp_path):
    """A clone with few messages, spoken to in Spanish; what it had read before is forgotten."""
    source = tmp_path / "es" / "LC_MESSAGES" / "warmbook.po"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    monkeypatch.setattr(texts, "LOCALE", tmp_path)
    texts.speak("es")
    texts._translated.cache_clear()
    yield source
    texts._translated.cache_clear()


def never_compiled(content):
    raise AssertionError("compiled again")


def refused(path, content):
    raise PermissionError(path)


def changed(source):
    """Change a translation, as `git pull` does, to one that seems older than what is kept."""
    source.write_text(SOURCE.replace("el bucket", "el balde"))
    os.utime(source, (0, 0))
    texts._translated.cache_clear()


def test_texts_are_in_the_readers_language():
    texts.speak("es")
    assert texts.say("Rehearsal: nothing leaves this machine").startswith("Ensayo")
    texts.speak("en")
    assert texts.say("number") == "number"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        *(({"LANG": name}, "es") for name in ("es", "es_MX", "es_MX.UTF-8", "es_ES@euro", "es_")),
        *(({"LANG": name}, "en") for name in ("en_US.UTF-8", "en")),
        *(({"LANG": name}, "") for name in ("", "C", "C.UTF-8", "POSIX", "de_DE.UTF-8")),
        *(({"LANG": name}, "") for name in ("español", "est_EE", "../es", "_es", ":", "\udcff")),
        ({}, ""),
        ({"LC_ALL": "es_MX.UTF-8", "LANG": "en_US.UTF-8"}, "es"),
        ({"LC_ALL": "", "LC_MESSAGES": "es_AR.UTF-8", "LANG": "en_US.UTF-8"}, "es"),
        ({"LC_ALL": "C", "LC_MESSAGES": "es_AR.UTF-8", "LANG": "es"}, ""),
        ({"LANGUAGE": "de:es:en", "LANG": "de_DE.UTF-8"}, "es"),
        ({"LANGUAGE": "en_US:es", "LANG": "es_MX.UTF-8"}, "en"),
        ({"LANGUAGE": "es", "LANG": "C"}, ""),
        ({"LANGUAGE": "es"}, ""),
    ],
)
def test_the_language_of_a_locale(variables, language):
    assert texts.of_locale(variables) == language


def test_values_are_put_into_the_translation(clone):
    assert texts.say("the bucket {name}", name="mine") == "el bucket mine"


@pytest.mark.parametrize("english", ["the Pods", "the cluster", "never said", ""])
def test_what_is_fuzzy_empty_or_missing_stays_english(clone, english):
    assert texts.say(english) == english


def test_what_was_compiled_is_used_again(clone, monkeypatch):
    texts.say("the Pods")
    texts._translated.cache_clear()
    monkeypatch.setattr(texts, "_compile", never_compiled)
    assert texts.say("the bucket {name}", name="mine") == "el bucket mine"


def test_a_changed_translation_is_used_at_once(clone):
    texts.say("the Pods")
    changed(clone)
    assert texts.say("the bucket {name}", name="mine") == "el balde mine"


def test_a_read_only_clone_is_read(clone, monkeypatch):
    monkeypatch.setattr(texts, "_replace", refused)
    assert texts.say("the bucket {name}", name="mine") == "el bucket mine"
    assert [path.name for path in clone.parent.iterdir()] == ["warmbook.po"]


def test_a_wheel_has_only_what_was_compiled(clone):
    clone.with_suffix(".mo").write_bytes(texts._compile(clone.read_bytes()))
    clone.unlink()
    assert texts.say("the bucket {name}", name="mine") == "el bucket mine"


@pytest.mark.parametrize("wrong", ["fr", "", "EN"])
def test_an_unknown_language_is_english(wrong):
    texts.speak(wrong)
    assert texts.spoken() == "en"


@pytest.mark.parametrize(
    ("name", "most", "asked"),
    [("fd-limits", 3, "fd-limit"), ("x", 3, ""), ("abce", 1, "abce"), ("abce", 2, "abce, abcf")],
)
def test_similar_names_are_asked_for_up_to_a_number(name, most, asked):
    found = texts.did_you_mean(name, KNOWN, most)
    assert {*asked.split(", ")} - {""} == {*re.findall(r"[\w-]+", found)} & set(KNOWN)
    assert bool(found) == bool(asked)
