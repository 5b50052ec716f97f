"""A cache for others: what they may read, which Python serves them, what is old."""

from __future__ import annotations

import stat
import sys
import tempfile
from pathlib import Path

import pytest

from warmbook_rehearsal.node import EngineError, check_python_for_others, prune, share
from warmbook_rehearsal.node.image import LOCKS, image_in
from warmbook_rehearsal.node.sharing import export

from .test_image import NO_SUCH, locks, quiet


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def cache(tmp_path):
    """A cache that only its owner can read, in a folder that everybody can enter."""
    open_to_all = Path(tempfile.gettempdir())
    folders = [folder for folder in (tmp_path, *tmp_path.parents) if open_to_all in folder.parents]
    closed = {folder: mode(folder) for folder in folders}
    for folder in closed:
        folder.chmod(0o755)
    cache = tmp_path / "cache"
    (cache / "engine" / "bin").mkdir(parents=True)
    (cache / "engine" / "bin" / "program").touch(mode=0o700)
    (cache / "weights").touch(mode=0o600)
    (cache / "engine" / "bin" / "python").symlink_to(sys.executable)
    (cache / "gone").symlink_to("/no/such/file")
    for folder in (cache, cache / "engine", cache / "engine" / "bin"):
        folder.chmod(0o700)
    yield cache
    for folder, before in closed.items():
        folder.chmod(before)


def test_everybody_may_read_and_run_what_is_shared(cache):
    before = mode(Path(sys.executable).resolve())
    share(cache)
    assert mode(cache) == mode(cache / "engine" / "bin") == 0o755
    assert mode(cache / "engine" / "bin" / "program") == 0o755
    assert mode(cache / "weights") == 0o644
    assert mode(Path(sys.executable).resolve()) == before  # a link is not followed


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Give the running interpreter a place below a folder of some mode."""

    def place(folder_mode):
        home = tmp_path / "home"
        (home / "bin").mkdir(parents=True)
        program = home / "bin" / "python3"
        program.touch(mode=0o755)
        home.chmod(folder_mode)
        monkeypatch.setattr(sys, "executable", str(program))
        monkeypatch.setattr(sys, "base_prefix", str(home))

    return place


def test_a_python_that_others_can_not_run_is_refused_for_a_cache_that_they_can_reach(cache, python):
    python(0o700)
    with pytest.raises(EngineError, match=r"home is closed[\s\S]*PYTHON=/usr/bin/python3"):
        check_python_for_others(cache)


def test_a_python_for_everybody_is_taken(cache, python):
    python(0o755)
    check_python_for_others(cache)


def test_a_private_cache_accepts_any_python(cache, python):
    python(0o700)
    cache.parent.chmod(0o700)
    check_python_for_others(cache)


def test_old_engines_and_remains_go_and_what_serves_stays(tmp_path):
    serves, other = image_in(tmp_path).folder, tmp_path / f"engine-{LOCKS.digest}-python3.99-x"
    for folder in (serves, other):
        folder.mkdir()
    old = tmp_path / "engine-4130177b6f04"
    (old / "bin").mkdir(parents=True)
    (tmp_path / "engine-4130177b6f04.lock").touch()
    remains = [Path(f"{serves}.downloads"), tmp_path / "models" / ".making-abc"]
    for folder in remains:
        folder.mkdir(parents=True)
    removed = prune(tmp_path)
    assert set(removed) == {old, tmp_path / "engine-4130177b6f04.lock", *remains}
    assert not any(path.exists() for path in removed)
    assert serves.exists()
    assert other.exists()
    assert prune(tmp_path) == []


def test_an_export_that_can_not_be_had_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wanted = locks(tmp_path / "locks", rest=NO_SUCH)
    with pytest.raises(EngineError, match="no-such-engine"):
        export(tmp_path / "wheels", quiet, locks=wanted, others=[])


def test_an_export_to_a_file_is_refused(tmp_path):
    (tmp_path / "wheels").touch()
    with pytest.raises(EngineError, match="can't be written"):
        export(tmp_path / "wheels", quiet, locks=locks(tmp_path / "locks"), others=[])
