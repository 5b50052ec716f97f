"""Connection files of kernels: whose are swept, and whose never."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_core.utils import run_sync

from warmbook.book import connection_files
from warmbook.book.kernels import Kernels

from ..machine import slowness


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    folder = tmp_path / "runtime"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def of(pid, port=9):
    """Write the file of a kernel whose runner is `pid`, with its heartbeat on `port`."""
    mine = connection_files.new()
    path = mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{pid}-"))
    path.write_text(json.dumps({"ip": "127.0.0.1", "hb_port": port}))
    return path


def test_connection_files_of_a_killed_runner_are_removed(runtime, gone):
    path = of(gone)
    broken = of(gone)
    broken.write_text('{"ip": ')
    connection_files.sweep()
    assert not path.exists() and not broken.exists()


def test_the_file_of_a_runner_that_lives_stays(runtime):
    path = of(os.getpid())
    connection_files.sweep()
    assert path.exists()


def test_the_file_of_a_kernel_that_outlives_its_runner_stays(runtime, gone):
    with socket.create_server(("127.0.0.1", 0)) as kernel:
        path = of(gone, kernel.getsockname()[1])
        connection_files.sweep()
        assert path.exists()
    connection_files.sweep()
    assert not path.exists()


def test_unrelated_files_are_kept(runtime, gone):
    ours = of(gone)
    others = [
        ours.with_name(f"kernel-{gone}.json"),
        ours.with_name("kernel-0d4f2d3e-75d2-4d1b-a6b1-5d3a4b1c9f10.json"),
        ours.with_name(f"kernel-warmbook-other.host-{gone}-0123456789ab.json"),
        ours.with_name(ours.name + ".txt"),
    ]
    for path in others:
        path.write_text(ours.read_text())
    link = ours.with_name(ours.name[:-6] + "f.json")
    link.unlink(missing_ok=True)
    link.symlink_to(others[0])
    connection_files.sweep()
    assert all(path.exists() for path in (*others, link))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_stays(runtime, gone):
    path = of(gone)
    os.chown(path, 65534, 65534)
    connection_files.sweep()
    assert path.exists()


def test_without_a_runtime_folder_there_is_nothing_to_do(runtime):
    connection_files.sweep()
    assert not runtime.exists()


def test_a_run_leaves_no_file_even_of_a_kernel_that_was_killed(runtime, tmp_path):
    with Kernels(2, tmp_path) as kernels:
        taken = kernels.take()
        assert len(list(runtime.iterdir())) == 2
        os.kill(taken.provisioner.process.pid, signal.SIGKILL)
        taken.provisioner.process.wait()
    assert list(runtime.iterdir()) == []


RUNNER = """
import sys, time
from pathlib import Path
from warmbook.book.kernels import Kernels
with Kernels(1, Path(sys.argv[1])) as kernels:
    print(kernels.take().provisioner.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_the_next_run_sweeps_after_a_runner_and_its_kernel_that_were_killed(runtime, tmp_path):
    words = [sys.executable, "-c", RUNNER, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as runner:
        kernel = int(runner.stdout.readline())
        (left,) = runtime.iterdir()
        for pid in (kernel, runner.pid):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 5 * slowness()
    while Path(f"/proc/{kernel}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert left.exists()
    with Kernels(1, tmp_path) as kernels:
        assert not left.exists()
        run_sync(kernels.take().shutdown_kernel)(now=True)
    assert list(runtime.iterdir()) == []
