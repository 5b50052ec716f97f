"""The two commands on a machine that nobody has prepared, which this one can't help.

There is the ordinary index behind a proxy, an index with torch alone, and nothing else: an
empty cache, an empty home, and none of this machine's configuration.
"""

from __future__ import annotations

import re

import pytest

from .connect_proxy import ORDINARY
from .machine import BOOK, disk_bytes, statuses
from .simple_index import SimpleIndex

pytestmark = [pytest.mark.install, pytest.mark.timeout(900)]

SETUP_BYTES = 600 * 2**20
"""600 MB as `du -m` counts them."""


@pytest.fixture(scope="module")
def rehearsed(set_up):
    """The machine after the book's quick rehearsal, which builds the engine and the model."""
    out = set_up.folder / "run"
    done = rehearse(set_up, out)
    assert done.returncode == 0, done.stdout + done.stderr
    return set_up


def rehearse(machine, out, **more):
    book = ["-m", "warmbook", "run", "--only", BOOK, "--out", str(out)]
    return machine.rehearse(machine.venv_python, *book, **more)


def test_the_book_passes_in_a_quick_rehearsal(rehearsed):
    assert statuses(rehearsed.folder / "run") == dict.fromkeys(BOOK.split(","), "passed")


def test_the_engine_imports_vllm_and_its_torch_is_the_cpu_build(rehearsed):
    (python,) = rehearsed.engines().glob("engine-*/bin/python")
    done = rehearsed.run(str(python), "-c", "import vllm, torch; print(torch.__version__)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("+cpu")


def test_the_torch_index_is_asked_for_torch_alone(rehearsed, torch_index):
    assert torch_index.projects == {"torch"}
    assert any(".whl" in path for path in torch_index.paths)


def test_nothing_but_the_ordinary_index_is_asked_through_the_proxy(rehearsed, proxy):
    assert set(proxy.hosts) == ORDINARY


def test_the_set_up_takes_no_more_than_600_mb(rehearsed):
    assert disk_bytes(rehearsed.clone / ".venv") <= SETUP_BYTES


def test_nothing_of_a_rehearsal_or_a_build_is_left(rehearsed):
    names = {re.sub(r"-.*?(\.\w+)?$", r"\1", path.name) for path in rehearsed.engines().iterdir()}
    assert names <= {"engine", "engine.lock", "model.lock", "models"}


def test_without_torch_in_the_index_the_build_fails(rehearsed):
    """With an index of torch that is empty, nothing else has the wheel."""
    with SimpleIndex(rehearsed.folder / "no wheels") as empty:
        done = build(rehearsed, "empty", WARMBOOK_TORCH_INDEX=empty.url)
        assert empty.projects == {"torch"}
    assert done.returncode == 2, done.stdout + done.stderr
    assert empty.url in done.stderr
    assert "WARMBOOK_TORCH_INDEX" in done.stderr
    assert "Traceback" not in done.stderr
    assert left_behind(rehearsed, "empty") == set()


def test_another_file_under_torchs_name_is_refused(rehearsed, torch_wheels, tmp_path):
    (wheel,) = torch_wheels.iterdir()
    (tmp_path / wheel.name).write_bytes(b"not what PyTorch has built")
    with SimpleIndex(tmp_path) as other:
        done = build(rehearsed, "tampered", WARMBOOK_TORCH_INDEX=other.url)
    assert done.returncode == 2, done.stdout + done.stderr
    assert other.url in done.stderr
    assert left_behind(rehearsed, "tampered") == set()


def build(machine, home, **more):
    """Build the engine for a user with another home, and so with an empty cache."""
    return machine.run(
        machine.venv_python, "-m", "warmbook_rehearsal", "--build", home=home, **more
    )


def left_behind(machine, home):
    """Return the folders that a build has left, but for the downloads that a next one uses."""
    folders = (path.name for path in machine.engines(home).glob("*") if path.is_dir())
    return {name for name in folders if not name.endswith(".downloads")}
