"""One machine that nobody has prepared, for all tests of the installation."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from .connect_proxy import ORDINARY, ConnectProxy
from .machine import REPOSITORY, Machine, copy_repository, ordinary_python
from .simple_index import SimpleIndex

TORCH_LOCK = REPOSITORY / "lib/warmbook_rehearsal/node/locks/torch.txt"
PYTORCH = "https://download.pytorch.org/whl/cpu"


@pytest.fixture(scope="session")
def open_folder():
    """A temporary folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="warmbook-install-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def removed_folder(open_folder):
    """A folder for half a gigabyte: pytest would keep its own for three runs."""
    with tempfile.TemporaryDirectory(dir=open_folder) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def python():
    return ordinary_python()


@pytest.fixture(scope="session")
def torch_wheels(open_folder, python):
    """A folder with the one wheel that the engine's lock names for this Python."""
    folder = open_folder / "torch"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    pip += ["--only-binary=:all:", "--python-version", python.name]
    pip += ["--require-hashes", "--requirement", str(TORCH_LOCK)]
    said = []
    for places in ([], ["--index-url", PYTORCH]):
        done = subprocess.run([*pip, *places], capture_output=True, text=True)
        if not done.returncode:
            return folder
        said.append(done.stderr)
    pytest.fail(
        f"No wheel of {TORCH_LOCK.name} for Python {python.name} to serve: pip finds it neither "
        f"by its own configuration nor at {PYTORCH}.\n" + "\n".join(said)
    )


@pytest.fixture(scope="session")
def torch_index(torch_wheels):
    with SimpleIndex(torch_wheels) as index:
        yield index


@pytest.fixture(scope="session")
def proxy():
    with ConnectProxy(ORDINARY) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def machine(open_folder, python, torch_index, proxy):
    """A machine that reaches the ordinary index and one of torch, and nothing else."""
    network = {**proxy.environment, "WARMBOOK_TORCH_INDEX": torch_index.url}
    machine = Machine(open_folder, python, network)
    copy_repository(machine.clone)
    return machine


@pytest.fixture(scope="session")
def set_up(machine):
    """The machine after `make setup`."""
    done = machine.set_up()
    assert done.returncode == 0, done.stdout + done.stderr
    return machine
