"""The folder of a run: earlier runs are kept, and runs of the same second have their own."""

import errno
import os
import threading
from unittest.mock import Mock

import pytest

from warmbook import files
from warmbook.book import run_folder, shipped
from warmbook.errors import SettingsError


def leave(folder, record, *notebooks):
    folder.mkdir(exist_ok=True)
    (folder / "workbook.yaml").write_text("measurements: {}\n")
    for name in ("run.json", *notebooks):
        (folder / name).write_text(record)


def test_an_earlier_run_is_moved_whole_and_the_workbook_stays(tmp_path):
    leave(tmp_path, "one", "04_cluster.ipynb", "mine.ipynb")
    os.utime(tmp_path / "run.json", (0, 0))
    os.utime(tmp_path / "04_cluster.ipynb", (0, 0))
    home = run_folder.set_aside(tmp_path)
    assert home == tmp_path / "earlier" / "19700101-000000"
    assert {file.name for file in home.iterdir()} == {
        *("run.json", "04_cluster.ipynb", "workbook.yaml")
    }
    assert {file.name for file in tmp_path.iterdir()} == {"earlier", "mine.ipynb", "workbook.yaml"}
    assert run_folder.set_aside(tmp_path) is None


def test_two_runs_that_ended_in_the_same_second_are_both_kept(tmp_path):
    for record in ("one", "two"):
        leave(tmp_path, record)
        os.utime(tmp_path / "run.json", (0, 0))
        run_folder.set_aside(tmp_path)
    kept = sorted(tmp_path.glob("earlier/*/run.json"))
    assert [file.read_text() for file in kept] == ["one", "two"]


def test_runs_without_a_folder_of_their_own_get_new_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_folder.time, "strftime", lambda *_: "20261129-141105")
    with run_folder.opened(None) as one, run_folder.opened(None) as two:
        assert (one.name, two.name) == ("20261129-141105", "20261129-141105-2")
        assert one.is_dir() and two.is_dir()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EEXIST])
def test_where_no_folder_can_be_made_the_remedy_names_the_option(tmp_path, monkeypatch, number):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_folder, "made", Mock(side_effect=OSError(number, "refused")))
    with pytest.raises(SettingsError, match="runs can't be written") as refused:
        run_folder.opened(None).__enter__()
    assert "--out" in refused.value.remedy


def test_a_folder_that_another_run_writes_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LOCK_S", 0.1)
    with run_folder.opened(tmp_path / "out"):
        seen = []

        def other():
            with pytest.raises(SettingsError, match="another program has locked it") as refused:
                run_folder.opened(tmp_path / "out").__enter__()
            seen.append(refused)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        assert seen
    with run_folder.opened(tmp_path / "out"):
        pass


@pytest.mark.parametrize("language", ["en", "es"])
def test_warmbooks_own_notebooks_are_no_folder_for_a_run(language):
    with pytest.raises(SettingsError, match="contains warmbook's own notebooks"):
        run_folder.opened(shipped.folder() / language).__enter__()
