"""What a trainer gets of each seat, and what not."""

import errno
import os
import stat

import pytest

from warmbook.book.classroom import collect as collected
from warmbook.book.classroom.collect import prepare
from warmbook.errors import SettingsError

from ...other_user import NOBODY, needs_root

BEFORE = "before-20260101-100000/runs/interactive/0/run.json"


def collect(one, target):
    prepare(target, one.folder.parents[1])
    return collected.collect(one, target)


@pytest.fixture
def one(running_here):
    one = running_here(token="secret", link="http://127.0.0.1/?token=secret")
    put(one.work / "en" / "01_settings.ipynb", "mine")
    put(one.work / "runs" / "interactive" / "1" / "run.json", "{}")
    put(one.work / "token.txt", "secret")
    put(one.work / ".jupyter" / "x.ipynb", "secret")
    put(one.folder / "before-20260101-100000" / "runs" / "interactive" / "0" / "run.json", "{}")
    return one


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_records_and_notebooks_are_copied_and_no_secret(one, tmp_path):
    found = collect(one, tmp_path / "out")
    home = tmp_path / "out" / "01"
    assert names(home) == {
        "work/en/01_settings.ipynb",
        "work/runs/interactive/1/run.json",
        "before-20260101-100000/runs/interactive/0/run.json",
    }
    assert (found.records, found.notebooks, found.skipped) == (2, 1, ())
    assert stat.S_IMODE((home / "work/en/01_settings.ipynb").stat().st_mode) == 0o600


def test_a_second_copy_takes_the_place_of_the_first(one, tmp_path):
    collect(one, tmp_path / "out")
    (one.work / "en" / "01_settings.ipynb").unlink()
    put(one.work / "en" / "02_project.ipynb", "mine")
    collect(one, tmp_path / "out")
    assert "work/en/01_settings.ipynb" not in names(tmp_path / "out" / "01")
    assert "work/en/02_project.ipynb" in names(tmp_path / "out" / "01")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["01"]


def test_a_copy_that_is_interrupted_at_its_end_leaves_the_earlier_one(one, tmp_path, monkeypatch):
    collect(one, tmp_path / "out")
    before = names(tmp_path / "out")
    rename = type(tmp_path).rename

    def interrupted(path, target):
        if path.parent == tmp_path / "out" and path.name.startswith(".01-"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        collect(one, tmp_path / "out")
    assert names(tmp_path / "out") == before


def test_links_are_not_followed_when_copying(one, tmp_path):
    put(tmp_path / "other" / "secret.ipynb", "secret")
    (one.work / "link.ipynb").symlink_to(tmp_path / "other" / "secret.ipynb")
    (one.work / "folder").symlink_to(tmp_path / "other")
    found = collect(one, tmp_path / "out")
    assert found.skipped == ("work/link.ipynb",)
    assert not [name for name in names(tmp_path / "out") if "secret" in name or "link" in name]


def test_notebooks_that_a_reset_has_set_aside_are_copied_and_not_counted(one, tmp_path):
    put(one.folder / "before-20260101-100000" / "en" / "01_settings.ipynb", "earlier")
    found = collect(one, tmp_path / "out")
    assert "01/before-20260101-100000/en/01_settings.ipynb" in names(tmp_path / "out")
    assert (found.records, found.notebooks) == (2, 1)


def test_a_seat_is_copied_up_to_a_size(one, tmp_path, monkeypatch):
    monkeypatch.setattr(collected, "MOST_BYTES", 4)  # a record takes 2 bytes, the notebook 4
    found = collect(one, tmp_path / "out")
    assert found.skipped == ("work/runs/interactive/1/run.json", BEFORE)
    assert (found.records, found.notebooks) == (0, 1)


@needs_root
def test_root_copies_only_what_is_the_learners_own(one, tmp_path):
    for path in (one.folder, *one.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    put(one.work / "roots.ipynb", "secret")
    found = collect(one, tmp_path / "out")
    assert found.skipped == ("work/roots.ipynb",)
    assert found.records == 2


def test_a_target_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(SettingsError):
        prepare(tmp_path / "out", tmp_path / "class")


def test_a_target_is_private_and_empty(tmp_path):
    prepare(tmp_path / "a" / "out", tmp_path / "class")
    assert stat.S_IMODE((tmp_path / "a" / "out").stat().st_mode) == 0o700
    assert list((tmp_path / "a" / "out").iterdir()) == []


def test_a_target_that_can_not_be_written_is_refused(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(collected.tempfile, "mkdtemp", full)
    with pytest.raises(SettingsError):
        prepare(tmp_path / "out", tmp_path / "class")


def test_a_folder_among_the_seats_would_become_a_seat_and_is_refused(one, tmp_path):
    for target in (one.folder.parent, one.folder.parent / "02", one.work / "out"):
        with pytest.raises(SettingsError):
            prepare(target, tmp_path / "class")
    assert [path.name for path in one.folder.parent.iterdir()] == [one.name]
