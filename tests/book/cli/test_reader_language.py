"""The language of a command: its option, the environment, the workbook, the locale."""

import json
from unittest.mock import Mock

import pytest

from warmbook import texts
from warmbook.__main__ import main
from warmbook.errors import WarmbookError
from warmbook.settings import Settings

MEANING = Settings.model_json_schema()["properties"]["language"]["description"]


@pytest.fixture(autouse=True)
def mexican(monkeypatch):
    """The reader's locale; no language has been set in this process."""
    monkeypatch.setenv("LC_MESSAGES", "es_MX.UTF-8")
    texts.speak("")


def spoken_by(capsys, *words):
    """Return the language in which `list` explains the settings."""
    assert main(["list", "--format", "json", *words]) == 0
    listed = json.loads(capsys.readouterr().out)["settings"]
    (meaning,) = (one["meaning"] for one in listed if one["name"] == "language")
    return "en" if meaning == MEANING else "es"


def test_the_locale_chooses_where_nothing_else_does(capsys, monkeypatch):
    assert spoken_by(capsys) == "es"
    for other in ("C", "en_US.UTF-8", "de_DE.UTF-8", "es?"):
        texts.speak("")
        monkeypatch.setenv("LC_MESSAGES", other)
        assert spoken_by(capsys) == "en"


def test_the_option_goes_first(capsys):
    assert spoken_by(capsys, "--language", "en") == "en"


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_environment_goes_before_the_locale(capsys, monkeypatch, language):
    monkeypatch.setenv("WARMBOOK_LANGUAGE", language)
    assert spoken_by(capsys) == ("es" if language == "es" else "en")


@pytest.mark.parametrize(
    ("content", "language"),
    [
        ("settings: {language: en}\n", "en"),
        ("settings: {language: fr}\n", "en"),
        ("settings: {project_id: my-project}\n", "es"),
        ("settings: [", "es"),
    ],
)
def test_the_workbook_goes_before_the_locale(capsys, tmp_path, content, language):
    (tmp_path / "workbook.yaml").write_text(content)
    assert spoken_by(capsys) == language


def test_a_headless_run_is_the_same_on_every_machine(monkeypatch, tmp_path):
    begun = Mock(side_effect=WarmbookError("begun", remedy="none"))
    monkeypatch.setattr("warmbook.book.runner.run", begun)
    assert main(["run", "--out", str(tmp_path)]) == 2
    notebooks, parameters, _ = begun.call_args.args
    assert {book.parent.name for book in notebooks} == {parameters["language"]} == {"en"}
