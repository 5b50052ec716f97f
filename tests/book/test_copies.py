"""Copies of the notebooks: brought up to date, and never over what a reader wrote."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warmbook.book import copies, shipped
from warmbook.book.copies import CHANGED, NEW, OUTDATED, RECORD, RETIRED, SAME, UPDATED, copy_out
from warmbook.errors import SettingsError

NAMES = ("en/01_a.ipynb", "es/01_a.ipynb", "en/images/a.svg", "gym/en/find.ipynb")
CONTENTS = st.sampled_from(["first", "second", "third"])
DEEDS = st.one_of(
    st.tuples(st.just("ship"), st.sampled_from(NAMES), CONTENTS),
    st.tuples(st.just("edit"), st.sampled_from(NAMES), CONTENTS),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("copy"), st.none(), st.none()),
)


def put(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def texts(folder):
    return {name: (folder / name).read_text() for name in NAMES if (folder / name).exists()}


def moments(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An installed package's notebooks, in the place of the clone's."""
    folder = tmp_path / "installed"
    for name in NAMES:
        put(folder, name, "first")
    monkeypatch.setattr(shipped, "INSTALLED", folder)
    return folder


@pytest.mark.slow
@settings(deadline=None, max_examples=60)  # files are made: slow on a busy disk
@given(st.lists(DEEDS, max_size=20))
def test_no_edit_is_lost_for_any_sequence_of_edits_and_versions(deeds):
    with tempfile.TemporaryDirectory() as base, pytest.MonkeyPatch.context() as patch:
        shelf, mine = Path(base, "installed"), Path(base, "mine")
        patch.setattr(shipped, "INSTALLED", shelf)
        for name in NAMES:
            put(shelf, name, "first")
        copied = {}  # what copy_out wrote or found to be the same, file by file
        for deed, name, text in [*deeds, ("copy", None, None)]:
            if deed == "copy":
                look_at_a_copy(shelf, mine, copied)
            elif deed == "delete":
                (mine / name).unlink(missing_ok=True)
            else:
                put(shelf if deed == "ship" else mine, name, text)


def look_at_a_copy(shelf, mine, copied):
    ours, before = texts(shelf), texts(mine)
    edits = {n: t for n, t in before.items() if t not in (ours[n], copied.get(n))}
    done = copy_out(mine)
    assert texts(mine) == {**ours, **edits}
    assert set(done.kept) == set(edits)
    copied.update({name: text for name, text in ours.items() if name not in edits})
    written = moments(mine)
    assert set(copy_out(mine).states.values()) <= {SAME, CHANGED, OUTDATED}
    assert moments(mine) == written


def test_each_file_has_its_state(shelf, tmp_path):
    mine = tmp_path / "mine"
    assert set(copy_out(mine).states.values()) == {NEW}
    put(mine, "en/01_a.ipynb", "my own")
    put(mine, "es/01_a.ipynb", "my own")
    put(shelf, "es/01_a.ipynb", "second")
    put(shelf, "en/images/a.svg", "second")
    (shelf / "gym/en/find.ipynb").unlink()
    assert copy_out(mine).states == {
        "en/01_a.ipynb": CHANGED,
        "es/01_a.ipynb": OUTDATED,
        "en/images/a.svg": UPDATED,
        "gym/en/find.ipynb": RETIRED,
    }


def test_one_language_alone_and_its_gym(shelf, tmp_path):
    copy_out(tmp_path / "mine", ["es"])
    assert set(texts(tmp_path / "mine")) == {"es/01_a.ipynb"}
    copy_out(tmp_path / "mine", ["en"])
    assert set(texts(tmp_path / "mine")) == set(NAMES)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"files": 3}', "\udcff"])
def test_without_a_readable_record_differing_files_are_kept(shelf, tmp_path, text):
    copy_out(tmp_path)
    (tmp_path / RECORD).write_bytes(text.encode("utf-8", "surrogateescape"))
    put(shelf, NAMES[0], "second")
    assert copy_out(tmp_path).states == {name: SAME for name in NAMES} | {NAMES[0]: CHANGED}
    assert set(json.loads((tmp_path / RECORD).read_text())["files"]) == set(NAMES) - {NAMES[0]}


def test_a_record_that_names_files_elsewhere_touches_none(shelf, tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    copy_out(mine)
    other.write_text("mine")
    (mine / RECORD).write_text(json.dumps({"files": {"../other": copies._digest(b"mine")}}))
    copy_out(mine)
    assert other.read_text() == "mine"


def test_what_is_no_file_is_kept(shelf, tmp_path):
    (tmp_path / NAMES[0]).mkdir(parents=True)
    (tmp_path / NAMES[2]).parent.mkdir(parents=True)
    (tmp_path / NAMES[2]).symlink_to(tmp_path / "nowhere")
    assert set(copy_out(tmp_path).kept) == {NAMES[0], NAMES[2]}
    assert (tmp_path / NAMES[0]).is_dir()
    assert not (tmp_path / "nowhere").exists()


def test_a_full_disk_is_reported_and_the_next_attempt_continues(shelf, tmp_path, monkeypatch):
    written, save = [], copies.save

    def full(content, path, **options):
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        save(content, path, **options)

    monkeypatch.setattr(copies, "save", full)
    with pytest.raises(SettingsError, match="No space left on device"):
        copy_out(tmp_path / "mine")
    assert sorted(p for p in (tmp_path / "mine").rglob("*") if p.is_file()) == sorted(written)
    monkeypatch.setattr(copies, "save", save)
    states = copy_out(tmp_path / "mine").states
    assert sorted(states.values()) == [NEW, NEW, SAME, SAME]


def test_where_the_notebooks_come_from_nothing_is_copied(shelf):
    before = moments(shelf)
    for folder in (shelf, shelf / "en"):
        with pytest.raises(SettingsError, match="own notebooks"):
            copy_out(folder)
    assert moments(shelf) == before
