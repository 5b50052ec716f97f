import subprocess
import sys
import tempfile

import pytest

from warmbook.cloud.tempdir import TemporaryFolder

HOLD = (
    "from warmbook.cloud.tempdir import TemporaryFolder; folder = TemporaryFolder(); "
    "print(folder.path, flush=True); input()"
)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    words = [sys.executable, "-c", HOLD]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as running:
        yield running, tmp_path / running.stdout.readline().strip()
        running.kill()


def test_the_folder_of_a_killed_kernel_is_removed_by_the_next_one(kernel):
    running, folder = kernel
    running.kill()
    running.wait()
    assert folder.exists()
    TemporaryFolder()
    assert not folder.exists()


def test_the_folder_of_a_kernel_that_lives_stays(kernel):
    _, folder = kernel
    mine = TemporaryFolder()
    assert folder.exists()
    assert mine.path.exists()


def test_a_kernel_removes_its_folder_at_its_end(kernel):
    running, folder = kernel
    running.communicate("\n")
    assert not folder.exists()
