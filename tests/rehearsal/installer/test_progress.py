"""What a rehearsal that starts or stops slowly says, by a clock of the test's."""

import subprocess
import sys
import threading

import pytest

from warmbook_rehearsal.installer import progress
from warmbook_rehearsal.installer.progress import Wait, teller


class World:
    """A clock, and what was shown."""

    def __init__(self):
        self.now, self.shown = 0.0, []
        self.wait = Wait("Starting", self.show, lambda: self.now)

    def show(self, what, share):
        self.shown.append((self.now, what, share))

    def look_until(self, end):
        while self.now < end:
            self.now += 0.5
            self.wait.look()


@pytest.fixture
def world():
    return World()


def test_a_short_wait_is_never_shown(world):
    world.look_until(1.5)
    world.wait.over()
    world.look_until(9)
    assert world.shown == []


def test_a_long_wait_is_shown_after_two_seconds_and_its_end_too(world):
    world.look_until(2.5)
    world.wait.over()
    world.wait.over()
    assert world.shown == [(2.0, "Starting", None), (2.5, "Starting", None), (2.5, "Starting", 1.0)]


def test_a_part_of_the_wait_stands_for_it_until_it_is_done(world):
    world.look_until(1)
    world.wait.tell("Building", 0.5)
    world.look_until(3)
    world.wait.tell("Building", 1)
    world.look_until(5)
    assert world.shown == [
        (1.0, "Building", 0.5),
        (3.0, "Building", 0.5),
        (3.0, "Building", 1),
        (5.0, "Starting", None),
    ]


def test_a_wait_that_failed_does_not_say_that_it_is_done(world):
    with pytest.raises(OSError), world.wait:
        world.look_until(3)
        raise OSError
    assert {share for _, _, share in world.shown} == {None}


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "SILENT_S", 0.0)
    monkeypatch.setattr(progress, "LOOK_S", 0.01)


def test_a_wait_goes_on_where_the_terminal_is_gone(at_once):
    def gone(what, share):
        raise OSError

    wait = Wait("Starting", gone)
    wait.look()
    wait.over()


def test_a_thread_looks_by_itself(at_once):
    shown = threading.Event()
    with Wait("Starting", lambda *_: shown.set()):
        assert shown.wait(30)


def test_without_a_terminal_a_wait_has_few_lines(capsys, monkeypatch):
    assert not sys.stderr.isatty()
    tell = teller()
    for share in (None, None, None, 1.0):
        tell("Starting", share)
    assert len(capsys.readouterr().err.splitlines()) == 2


SLOW = """
import sys, time
from contextlib import contextmanager
from types import SimpleNamespace
import warmbook_rehearsal.__main__ as door
from warmbook_rehearsal.installer import progress

progress.SILENT_S, progress.LOOK_S = 0.0, 0.01

@contextmanager
def prepared(*_, **__):
    while not progress.STARTING._shown:
        time.sleep(0.01)
    yield None, SimpleNamespace(image=None, ended=False, wait=lambda tell: None)

async def around(*_, up, **__):
    up()
    print("the command", file=sys.stderr)
    return 0

door.prepared, door.around = prepared, around
sys.exit(door.main(["--engine", "quick", "--", "true"]))
"""


def test_a_slow_start_is_shown_before_the_command_and_not_after_it():
    done = subprocess.run([sys.executable, "-c", SLOW], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines[-1] == "the command" and "100%" in lines[-2]
    assert {line.split("(")[0].strip() for line in lines[:-2]} == {"Starting the rehearsal"}
