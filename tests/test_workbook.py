import stat

import pytest

from warmbook.errors import SettingsError
from warmbook.settings import Settings
from warmbook.workbook import Workbook


@pytest.fixture
def book(tmp_path):
    return Workbook(tmp_path / "workbook.yaml")


def test_choices_and_measurements_come_back(book, settings):
    book.choose(settings)
    book.record("stream", {"bytes": 5})
    again = Workbook(book.path)
    assert Settings.parse(again.draft({})) == settings
    assert again.measurements() == {"stream": {"bytes": 5}}


def test_precedence_is_environment_then_file_then_given(book, settings, monkeypatch):
    monkeypatch.setenv("WARMBOOK_CLUSTER_NAME", "from-environment")
    monkeypatch.setenv("WARMBOOK_REPLICAS", "3")
    assert book.draft({})["cluster_name"] == "from-environment"
    book.choose(settings.model_copy(update={"cluster_name": "from-file"}))
    assert book.draft({})["cluster_name"] == "from-file"
    assert book.draft({"cluster_name": "given"})["cluster_name"] == "given"
    origins = book.origins({"cluster_name": "given"})
    assert (origins["cluster_name"], origins["gpu"]) == ("given to this notebook", origins["mode"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("settings: [1, 2", "not YAML"),
        ("- a list", "settings and measurements"),
        ("settings: text", "settings and measurements"),
        ("version: 99\nsettings: {}", "newer warmbook"),
    ],
)
def test_a_broken_or_newer_file_is_kept_as_it_is_and_said(book, text, reason, settings):
    book.path.write_text(text)
    for use in (lambda: book.draft({}), lambda: book.choose(settings)):
        with pytest.raises(SettingsError, match=reason):
            use()
    assert book.path.read_text() == text


def test_only_the_reader_may_read_the_file(book, settings):
    book.choose(settings)
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600
    assert [path.name for path in book.path.parent.iterdir()] == ["workbook.yaml"]


def test_another_notebooks_measurement_is_not_lost(book, settings):
    other = Workbook(book.path)
    book.record("stream", {"bytes": 1})
    other.record("answer", {"text": "Paris"})
    assert set(book.measurements()) == {"stream", "answer"}


def test_an_older_file_gives_its_choices_and_the_defaults_of_what_is_new(book, choices):
    book.path.write_text("version: 1\nsettings:\n  project_id: my-project\n  replicas: 2\n")
    settings = Settings.parse(book.draft({"model_uri": choices["model_uri"]}))
    assert (settings.project_id, settings.replicas) == ("my-project", 2)
    assert settings.max_replicas == Settings.model_fields["max_replicas"].default


def test_what_this_version_has_no_setting_for_is_named_and_stays(book, settings):
    book.path.write_text("settings:\n  colour: red\n  replicas: 2\n")
    assert book.saved() == {"replicas": 2}
    assert book.unknown() == {"colour": "red"}
    book.choose(settings)
    assert Settings.parse(book.draft({})) == settings
    assert book.unknown() == {"colour": "red"}
