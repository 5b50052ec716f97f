import errno
import multiprocessing
import os
import stat
import time

import pytest
import yaml

from warmbook import files, limited_yaml
from warmbook.errors import SettingsError
from warmbook.settings import Settings
from warmbook.workbook import Workbook, dumped


@pytest.fixture
def book(tmp_path):
    return Workbook(tmp_path / "workbook.yaml")


def test_choices_and_measurements_come_back(book, choices, settings):
    book.choose(choices)
    book.record("stream", {"bytes": 5})
    again = Workbook(book.path)
    assert again.saved() == choices
    assert Settings.parse(again.draft({})) == settings
    assert again.measurements() == {"stream": {"bytes": 5}}


def test_only_what_was_chosen_is_in_the_file(book, choices, monkeypatch):
    monkeypatch.setenv("WARMBOOK_CLUSTER_NAME", "from-environment")
    book.choose({**choices, "gpu_count": "2", "account": "", "zone": None})
    written = yaml.safe_load(book.path.read_text())
    assert written == {"version": 2, "settings": {**choices, "gpu_count": 2}}


def test_only_what_is_named_takes_the_place_of_what_the_file_has(book, choices):
    book.choose({**choices, "gpu_count": 2, "cluster_name": "theirs"})
    book.choose({"replicas": 3})
    assert book.saved() == {**choices, "gpu_count": 2, "cluster_name": "theirs", "replicas": 3}


def test_an_empty_choice_is_removed(book, choices):
    book.choose({**choices, "gpu_count": 2})
    book.choose({"gpu_count": ""})
    assert book.saved() == choices


def test_a_choice_that_equals_the_default_stays(book, choices, monkeypatch):
    book.choose({**choices, "replicas": "1"})
    monkeypatch.setenv("WARMBOOK_REPLICAS", "3")
    assert Settings.parse(book.draft({})).replicas == 1


def test_a_file_that_is_gone_gets_what_its_writer_holds(book, choices):
    book.choose({**choices, "replicas": 2})
    book.path.unlink()
    with pytest.raises(SettingsError, match="project_id"):
        book.choose({"replicas": 3})
    book.choose({"replicas": 3}, otherwise={**choices, "replicas": 2, "gpu_count": 4})
    assert book.saved() == {**choices, "replicas": 3, "gpu_count": 4}
    book.choose({"replicas": 2}, otherwise={**choices, "namespace": "other"})
    assert book.saved() == {**choices, "replicas": 2, "gpu_count": 4}


def test_changes_that_contradict_the_file_are_refused_and_the_file_is_kept(book, choices):
    book.choose(choices)
    before = book.path.read_bytes()
    with pytest.raises(SettingsError, match="raise gpu_count"):
        book.choose({"tensor_parallel_size": 2})
    assert book.path.read_bytes() == before


def test_precedence_is_environment_then_file_then_given(book, choices, monkeypatch):
    monkeypatch.setenv("WARMBOOK_CLUSTER_NAME", "from-environment")
    monkeypatch.setenv("WARMBOOK_REPLICAS", "3")
    assert book.draft({})["cluster_name"] == "from-environment"
    book.choose({**choices, "cluster_name": "from-file"})
    assert book.draft({})["cluster_name"] == "from-file"
    assert book.draft({"cluster_name": "given"})["cluster_name"] == "given"
    origins = book.origins({"cluster_name": "given"})
    assert {name: origins[name] for name in ("cluster_name", "project_id", "replicas", "gpu")} == {
        "cluster_name": "notebook parameter",
        "project_id": "saved in workbook.yaml",
        "replicas": "environment",
        "gpu": "default",
    }


def old_file(book, settings, **changes):
    """Write a file as version 1 did: every value, chosen or not."""
    data = {"version": 1, "settings": {**settings.model_dump(), **changes}}
    book.path.write_text(dumped({**data, "measurements": {"stream": {"bytes": 5}}}))


def test_of_an_old_file_only_what_differs_from_the_defaults_counts(
    book, choices, settings, monkeypatch
):
    monkeypatch.setenv("WARMBOOK_LOCATION", "us-east4")
    old_file(book, settings, replicas=2)
    assert book.saved() == {**choices, "replicas": 2}
    assert Settings.parse(book.draft({})).location == "us-east4"


def test_an_old_file_is_written_anew_once_and_loses_nothing_else(book, choices, settings):
    old_file(book, settings, replicas=2, colour="red")
    before = book.path.read_bytes()
    book.saved()
    assert book.path.read_bytes() == before  # to read is not to write
    dropped = book.migrate()
    assert set(dropped) == set(Settings.model_fields) - {*choices, "replicas"}
    assert book.migrate() == ()
    assert yaml.safe_load(book.path.read_text()) == {
        "version": 2,
        "settings": {**choices, "replicas": 2, "colour": "red"},
        "measurements": {"stream": {"bytes": 5}},
    }


def test_a_measurement_in_an_old_file_migrates_it(book, choices, settings):
    old_file(book, settings)
    book.record("answer", {"text": "Paris"})
    assert yaml.safe_load(book.path.read_text())["settings"] == choices
    assert set(book.measurements()) == {"stream", "answer"}


@pytest.mark.parametrize(
    "text", ["", "settings: {replicas: 1}", "version: 2\nsettings: {gpu_count: 1}"]
)
def test_what_a_person_or_this_version_wrote_is_not_migrated(book, text):
    book.path.write_text(text)
    assert book.migrate() == ()
    assert book.path.read_text() == text
    assert set(book.saved()) == set((yaml.safe_load(text) or {}).get("settings", {}))


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
def test_a_broken_or_newer_file_is_kept_and_reported(book, text, reason, choices):
    book.path.write_text(text)
    for use in (lambda: book.draft({}), lambda: book.choose(choices)):
        with pytest.raises(SettingsError, match=reason):
            use()
    assert book.path.read_text() == text


def test_only_the_reader_may_read_the_file(book, choices):
    book.choose(choices)
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600
    assert [path.name for path in book.path.parent.iterdir()] == ["workbook.yaml"]


def test_another_notebooks_measurement_is_not_lost(book):
    other = Workbook(book.path)
    book.record("stream", {"bytes": 1})
    other.record("answer", {"text": "Paris"})
    assert set(book.measurements()) == {"stream", "answer"}


def test_an_older_file_gives_its_choices_and_the_defaults_of_what_is_new(book, choices):
    book.path.write_text("version: 1\nsettings:\n  project_id: my-project\n  replicas: 2\n")
    settings = Settings.parse(book.draft({"model_uri": choices["model_uri"]}))
    assert (settings.project_id, settings.replicas) == ("my-project", 2)
    assert settings.max_replicas == Settings.model_fields["max_replicas"].default


def test_unknown_settings_are_named_and_kept(book, choices, settings):
    book.path.write_text("settings:\n  colour: red\n  replicas: 2\n")
    assert book.saved() == {"replicas": 2}
    assert book.unknown() == {"colour": "red"}
    book.choose(choices)
    assert Settings.parse(book.draft({})) == settings.model_copy(update={"replicas": 2})
    assert book.unknown() == {"colour": "red"}


@pytest.mark.parametrize("what", ["a folder", "a pipe", "Latin 1", "no file can be there"])
def test_what_is_no_file_of_text_is_refused_at_once_and_kept(book, what, choices):
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
    for use in (lambda: book.draft({}), lambda: book.choose(choices)):
        with pytest.raises(SettingsError, match=r"workbook\.yaml") as refused:
            use()
        assert refused.value.remedy
    assert time.monotonic() - begun < 5
    assert what != "a pipe" or stat.S_ISFIFO(book.path.stat().st_mode)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EISDIR])
def test_errors_of_the_system_are_reported_with_a_remedy(book, choices, monkeypatch, number):
    book.choose(choices)
    before = book.path.read_bytes()

    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.Path, "replace", refused)  # root may write everything
    for use in (lambda: book.choose({"replicas": 2}), lambda: book.record("stream", {})):
        with pytest.raises(SettingsError, match=os.strerror(number)) as told:
            use()
        space = "space" in told.value.remedy
        assert space == (number in (errno.ENOSPC, errno.EDQUOT))
    assert book.path.read_bytes() == before
    assert [path.name for path in book.path.parent.iterdir()] == ["workbook.yaml"]


def test_a_missing_folder_is_reported(tmp_path, choices, monkeypatch):
    gone = tmp_path / "gone"
    with pytest.raises(SettingsError, match="No such file"):
        Workbook(gone / "workbook.yaml").choose(choices)
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.delenv("WARMBOOK_FILE")
    gone.rmdir()
    with pytest.raises(SettingsError, match="No such file"):
        Workbook.open()


def test_without_permission_the_sentence_has_the_reason(book, monkeypatch, choices):
    book.choose(choices)
    before = book.path.read_bytes()

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:  # root may read everything
        patch.setattr(limited_yaml.Path, "open", refused)
        with pytest.raises(SettingsError, match="Permission denied"):
            book.measurements()
    monkeypatch.setattr(files.tempfile, "mkstemp", refused)
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


@pytest.mark.parametrize(("silent_s", "lines"), [(2.0, 0), (0.01, 1)])
def test_a_kept_lock_ends_the_wait_with_an_error(book, monkeypatch, capsys, silent_s, lines):
    monkeypatch.setattr(files, "LOCK_S", 0.05)
    monkeypatch.setattr(files, "SILENT_S", silent_s)
    with files.locked(book.path), pytest.raises(SettingsError, match="locked"):
        book.record("stream", {})
    book.record("stream", {})
    assert set(book.measurements()) == {"stream"}
    assert len(capsys.readouterr().err.splitlines()) == lines


@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF])
def test_a_file_system_without_locks_is_reported_once_and_written_to(
    book, monkeypatch, reason, capsys
):
    def refused(*_):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(files.fcntl, "flock", refused)
    book.record("stream", {"bytes": 1})
    book.record("answer", {"text": "Paris"})
    assert set(book.measurements()) == {"stream", "answer"}
    assert capsys.readouterr().err.count(str(book.path)) == 1


def test_without_locks_of_the_system_the_file_is_written(book, monkeypatch, capsys):
    monkeypatch.setattr(files, "fcntl", None)  # Windows
    book.record("stream", {"bytes": 1})
    assert book.measurements() == {"stream": {"bytes": 1}}
    assert str(book.path) in capsys.readouterr().err


def test_half_a_character_is_written_as_a_question_mark(book):
    book.record("answer", {"text": "a\ud800b\x85"})
    assert book.measurements() == {"answer": {"text": "a?b\x85"}}
