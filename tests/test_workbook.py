import errno
import multiprocessing
import os
import stat
import time

import pytest

from warmbook import workbook
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


def test_only_what_is_named_as_changed_takes_the_place_of_what_the_file_has(book, settings):
    book.choose(settings.model_copy(update={"gpu_count": 2, "cluster_name": "theirs"}))
    ours = settings.model_copy(update={"gpu_count": 4, "replicas": 3, "cluster_name": "ours"})
    book.choose(ours, {"replicas"})
    saved = Settings.parse(book.draft({}))
    assert (saved.gpu_count, saved.replicas, saved.cluster_name) == (2, 3, "theirs")


def test_a_file_with_nothing_in_it_gets_all_settings(book, settings):
    book.choose(settings, {"replicas"})
    assert book.saved() == settings.model_dump()


def test_changes_that_contradict_the_file_are_refused_and_the_file_is_kept(book, settings):
    book.choose(settings)
    before = book.path.read_bytes()
    two = settings.model_copy(update={"gpu_count": 2, "tensor_parallel_size": 2})
    with pytest.raises(SettingsError, match="raise gpu_count"):
        book.choose(two, {"tensor_parallel_size"})
    assert book.path.read_bytes() == before


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
        ("---\n---\nsettings: {}", "settings and measurements"),
        ("measurements: {date: 2024-13-45}", "month"),
        ("settings: {replicas: " + "9" * 5000 + "}", "characters"),
        ("a: " + "[" * 5000, "deep"),
        ("a: &a [x, x]\n" + "settings: [" + "*a, " * 50_000 + "]", "values"),
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


@pytest.mark.parametrize("what", ["a folder", "a pipe", "Latin 1", "no file can be there"])
def test_what_is_no_file_of_text_is_refused_at_once_and_kept(book, what, settings):
    match what:
        case "a folder":
            book.path.mkdir()
        case "a pipe":
            os.mkfifo(book.path)
        case "Latin 1":
            book.path.write_bytes("settings: {colour: añil}".encode("latin-1"))
        case _:
            book.path.touch()
            book = Workbook(book.path / "workbook.yaml")
    begun = time.monotonic()
    for use in (lambda: book.draft({}), lambda: book.choose(settings)):
        with pytest.raises(SettingsError, match=r"workbook\.yaml") as refused:
            use()
        assert refused.value.remedy
    assert time.monotonic() - begun < 5
    assert what != "a pipe" or stat.S_ISFIFO(book.path.stat().st_mode)


def test_without_permission_the_sentence_has_the_reason(book, monkeypatch, settings):
    book.choose(settings)
    before = book.path.read_bytes()

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:  # root may read everything
        patch.setattr(workbook.limited_yaml.Path, "open", refused)
        with pytest.raises(SettingsError, match="Permission denied"):
            book.measurements()
    monkeypatch.setattr(workbook.tempfile, "mkstemp", refused)
    with pytest.raises(SettingsError, match="Permission denied"):
        book.record("stream", {})
    assert book.path.read_bytes() == before


def recorded(path, writer, count):
    for number in range(count):
        Workbook(path).record(f"{writer}-{number}", {"number": number})


def test_processes_that_write_at_once_lose_nothing(book):
    spawned = multiprocessing.get_context("spawn")
    writers = [spawned.Process(target=recorded, args=(book.path, name, 25)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    kept = {f"{name}-{number}" for name in range(4) for number in range(25)}
    assert set(book.measurements()) == kept
    assert [path.name for path in book.path.parent.iterdir()] == ["workbook.yaml"]


def test_a_lock_that_is_kept_ends_the_wait_with_a_sentence(book, monkeypatch):
    monkeypatch.setattr(workbook, "LOCK_S", 0.05)
    with workbook.locked(book.path), pytest.raises(SettingsError, match="locked"):
        book.record("stream", {})
    book.record("stream", {})
    assert set(book.measurements()) == {"stream"}


@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF])
def test_a_file_system_without_locks_is_said_once_and_written_to(book, monkeypatch, reason, capsys):
    def refused(*_):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(workbook.fcntl, "flock", refused)
    book.record("stream", {"bytes": 1})
    book.record("answer", {"text": "Paris"})
    assert set(book.measurements()) == {"stream", "answer"}
    assert capsys.readouterr().err.count(str(book.path)) == 1


def test_without_locks_of_the_system_the_file_is_written(book, monkeypatch, capsys):
    monkeypatch.setattr(workbook, "fcntl", None)  # Windows
    book.record("stream", {"bytes": 1})
    assert book.measurements() == {"stream": {"bytes": 1}}
    assert str(book.path) in capsys.readouterr().err


def test_half_a_character_is_written_as_a_question_mark(book):
    book.record("answer", {"text": "a\ud800b\x85"})
    assert book.measurements() == {"answer": {"text": "a?b\x85"}}
