"""A second user rehearses from a complete cache that belongs to somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from .machine import BOOK, SYSTEM_PATH, statuses

pytestmark = [pytest.mark.install, pytest.mark.timeout(900)]


ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def shared(set_up):
    """The ordinary machine after its cache was built for every user."""
    done = set_up.run(set_up.venv_python, "-m", "warmbook_rehearsal", "--build")
    assert done.returncode == 0, done.stderr
    if ROOT:
        yield set_up
    else:  # nobody but root can become another user: then nothing in it may be written at least
        subprocess.run(["chmod", "-R", "a-w", set_up.engines()], check=True)
        yield set_up
        subprocess.run(["chmod", "-R", "u+w", set_up.engines()], check=True)


@pytest.fixture
def desk():
    """A folder of the second user, for the run and for temporary files."""
    folder = Path(tempfile.mkdtemp(prefix="warmbook-second-"))
    if ROOT:
        shutil.chown(folder, "nobody")
    yield folder
    shutil.rmtree(folder)


def as_nobody(machine, desk, *command):
    """Run a command as nobody, who has no home, with the cache that is root's."""
    own = {"HOME": "/nonexistent", "PATH": SYSTEM_PATH, "TMPDIR": str(desk)}
    return subprocess.run(
        [*(["runuser", "-u", "nobody", "--"] if ROOT else []), *command],
        cwd=desk,
        env={**own, "WARMBOOK_CACHE": str(machine.engines())},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_a_second_user_rehearses_with_the_first_users_cache(shared, desk):
    assert shared.python.for_everybody, f"{shared.python.program} is closed to other users"
    before = set(files_of(shared.engines()))
    python, out = shared.venv_python, desk / "run"
    book = [python, "-m", "warmbook", "run", "--only", BOOK, "--out", str(out)]
    rehearsal = [python, "-m", "warmbook_rehearsal", "--engine", "quick", "--"]
    done = as_nobody(shared, desk, *rehearsal, *book)
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses(out) == dict.fromkeys(BOOK.split(","), "passed")
    assert set(files_of(shared.engines())) == before
    assert [path.name for path in desk.iterdir()] == ["run"]


def files_of(folder):
    """Return each path in a folder with its owner and mode."""
    for path in folder.rglob("*"):
        status = path.lstat()
        yield str(path), status.st_uid, status.st_mode
