"""Building the engine: what is refused, what is thrown away, who waits."""

from __future__ import annotations

import shutil
import sys
import threading
from collections import namedtuple

import pytest

from warmbook_sandbox.node import EngineError, build_image
from warmbook_sandbox.node.builds import locked


@pytest.fixture
def nothing_needed(tmp_path):
    """Requirements that ask for nothing, so that a build is a bare environment."""
    path = tmp_path / "requirements.txt"
    path.write_text("# nothing\n")
    return path


def quiet(what, share):
    return None


def test_a_package_that_can_not_be_had_is_named_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("no-such-engine==1.0  # why\n")
    with pytest.raises(EngineError) as raised:
        build_image(tmp_path / "cache", quiet, wanted)
    told = str(raised.value)
    assert "The engine (no-such-engine==1.0) could not be installed" in told
    assert "No matching distribution found for no-such-engine==1.0" in told
    assert "PIP_EXTRA_INDEX_URL" in told
    assert "://" not in told
    assert not list((tmp_path / "cache").glob("*/complete.json"))


def test_a_build_is_told_kept_and_not_repeated(tmp_path, nothing_needed):
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
    nothing_needed.write_text("# nothing else\n")
    assert build_image(tmp_path, quiet, nothing_needed).folder != first.folder


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch, nothing_needed):
    usage = namedtuple("usage", "total used free")(10**12, 10**12 - 10**9, 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(EngineError, match=r"1\.0 GB free.*5\.0 GB[\s\S]*WARMBOOK_CACHE"):
        build_image(tmp_path / "cache", quiet, nothing_needed)
    assert not list((tmp_path / "cache").glob("engine-*/bin"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("platform", "darwin", "runs on Linux, this is darwin"),
        ("version_info", (3, 10, 4), r"needs Python 3\.11 to 3\.14, this is 3\.10"),
    ],
)
def test_an_unfit_machine_is_refused(tmp_path, monkeypatch, nothing_needed, name, value, told):
    monkeypatch.setattr(sys, name, value)
    with pytest.raises(EngineError, match=told):
        build_image(tmp_path, quiet, nothing_needed)


def test_the_second_builder_says_that_it_waits(tmp_path):
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
