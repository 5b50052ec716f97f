"""Building the engine: what is refused, what is thrown away, who waits."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections import namedtuple

import pytest

from warmbook_rehearsal.node import EngineError, build_image
from warmbook_rehearsal.node.builds import locked
from warmbook_rehearsal.node.image import Locks


@pytest.fixture
def nothing_needed(tmp_path):
    """Locks that ask for nothing, so that a build is a bare environment."""
    return locks(tmp_path / "locks")


def locks(folder, *, torch="# nothing\n", rest="# nothing\n"):
    folder.mkdir(exist_ok=True)
    (folder / "torch.txt").write_text(torch)
    (folder / "engine.txt").write_text(rest)
    return Locks(folder / "torch.txt", folder / "engine.txt")


NO_SUCH = f"no-such-engine==1.0 --hash=sha256:{'0' * 64}\n"


def quiet(what, share):
    return None


def test_a_package_that_can_not_be_had_is_named_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(EngineError) as raised:
        build_image(tmp_path / "cache", quiet, locks(tmp_path / "locks", rest=NO_SUCH))
    told = str(raised.value)
    assert "no-such-engine" in told
    assert "HTTPS_PROXY" in told
    assert "--export" in told
    assert not list((tmp_path / "cache").glob("engine-*/bin"))


def test_the_index_of_torch_is_named_and_the_variable_for_another(tmp_path, monkeypatch):
    monkeypatch.setenv("WARMBOOK_TORCH_INDEX", "http://user:secret@127.0.0.1:1/simple")
    with pytest.raises(EngineError) as raised:
        build_image(tmp_path / "cache", quiet, locks(tmp_path / "locks", torch=NO_SUCH))
    told = str(raised.value)
    assert "http://127.0.0.1:1/simple" in told
    assert "WARMBOOK_TORCH_INDEX" in told
    assert "secret" not in told


def test_a_build_is_reported_kept_and_not_repeated(tmp_path, nothing_needed):
    told = []
    first = build_image(tmp_path, lambda *said: told.append(said), nothing_needed)
    assert told[0][1] == 0.0
    assert told[-1][1] == 1.0
    assert first.python.exists()
    told.clear()
    assert build_image(tmp_path, lambda *said: told.append(said), nothing_needed) == first
    assert told == []


def test_a_build_that_was_cut_off_is_thrown_away(tmp_path, nothing_needed):
    image = build_image(tmp_path, quiet, nothing_needed)
    (image.folder / "complete.json").unlink()
    (image.folder / "half").touch()
    build_image(tmp_path, quiet, nothing_needed)
    assert not (image.folder / "half").exists()
    assert (image.folder / "complete.json").exists()


def test_other_requirements_are_another_image(tmp_path, nothing_needed):
    first = build_image(tmp_path, quiet, nothing_needed)
    other = locks(tmp_path / "locks", rest="# nothing else\n")
    assert build_image(tmp_path, quiet, other).folder != first.folder


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch, nothing_needed):
    usage = namedtuple("usage", "total used free")(10**12, 10**12 - 10**9, 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(EngineError, match=r"1\.0 GB free.*3\.5 GB[\s\S]*WARMBOOK_CACHE"):
        build_image(tmp_path / "cache", quiet, nothing_needed)
    assert not list((tmp_path / "cache").glob("engine-*/bin"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("platform", "darwin", "needs Linux; this is darwin"),
        ("version_info", (3, 10, 4), r"needs Python 3\.11 to 3\.14, this is 3\.10"),
    ],
)
def test_an_unfit_machine_is_refused(tmp_path, monkeypatch, nothing_needed, name, value, told):
    monkeypatch.setattr(sys, name, value)
    with pytest.raises(EngineError, match=told):
        build_image(tmp_path, quiet, nothing_needed)


def test_the_second_builder_reports_that_it_waits(tmp_path):
    told, entered = [], threading.Event()

    def second():
        with locked(tmp_path / "lock", lambda what, share: told.append(what)):
            entered.set()

    with locked(tmp_path / "lock", quiet):
        thread = threading.Thread(target=second)
        thread.start()
        for _ in range(500):
            if told:
                break
            thread.join(0.01)
        assert told == ["Waiting for another rehearsal that is building here"]
        assert not entered.is_set()
    thread.join(5)
    assert entered.is_set()


def test_on_windows_the_error_lists_what_works_without_a_traceback():
    """Windows has neither fcntl nor SIGHUP, which the rehearsal's modules need."""
    script = (
        "import argparse, asyncio, pathlib, sys, signal\n"
        "sys.modules['fcntl'] = None; del signal.SIGHUP; sys.platform = 'win32'\n"
        "import warmbook_rehearsal.__main__"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--google-cloud" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
