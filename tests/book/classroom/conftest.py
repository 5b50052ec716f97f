"""Seats with a small server and a double of the rehearsal, each in processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from warmbook.book.classroom.seats import seat

from ...processes import until
from ...seats import Occupied, ended, sleeping

ROOT = Path(__file__).parents[3]
DOUBLE = ROOT / "tests" / "doubles" / "rehearsal.py"
SERVER = """
import http.server, os, sys, time
while not os.path.exists(sys.argv[2]):
    time.sleep(0.02)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer.allow_reuse_address = True
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Supervised:
    """A seat whose supervisor runs, with a server on `port`."""

    def __init__(self, one, process, port):
        self.seat, self.process, self.port = one, process, port

    def state(self):
        running = self.seat.running()
        return running and running.state

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def double(tmp_path):
    """The PYTHONPATH with which the rehearsal is its double."""
    package = tmp_path / "double" / "warmbook_rehearsal"
    package.mkdir(parents=True)
    shutil.copy(DOUBLE, package / "__main__.py")
    (package / "__init__.py").touch()
    return f"{package.parent}{os.pathsep}{ROOT / 'lib'}"


@pytest.fixture
def supervised(tmp_path, double):
    """Start the supervisor of a seat; what still runs at the end is killed.

    Its server answers once `gate` exists.
    """
    started = []

    def start(name="ana", command=(), wait=True, gate=ROOT):
        port = free_port()
        words = command or (sys.executable, "-c", SERVER, str(port), str(gate))
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "warmbook", "class", "seat", name),
                *("--folder", str(tmp_path / "class"), "--engine", "quick", "--language", "en"),
                *("--address", f"http://127.0.0.1:{port}/", "--", *words),
            ],
            env={
                **os.environ,
                "PYTHONPATH": double,
                "JUPYTER_TOKEN": "of-the-tests",
            },
            start_new_session=True,
            stderr=subprocess.PIPE,
        )
        one = Supervised(seat(tmp_path / "class", name), process, port)
        started.append(one)
        if wait:
            until(lambda: one.seat.folder.exists() and one.state() == "up")
        return one

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(20)
        one.process.stderr.close()


@pytest.fixture
def running_here(tmp_path):
    """Make seats that are up, as their files and the command lines of their processes say."""
    occupied = Occupied()

    def make(name="01", **changed):
        return occupied.seat(tmp_path / "class", name, **changed)

    yield make
    occupied.end()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def a_program(*words):
    """Have a process that sleeps, with these words at the end of its command line."""
    process = sleeping(*words)
    try:
        yield process
    finally:
        ended(process)
