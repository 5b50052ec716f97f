"""SIGTERM and a deadline as Ctrl-C: who gets it, how often, and the exit status afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from warmbook import __main__ as command_line
from warmbook.book import interrupts
from warmbook.book.deadline import Deadline
from warmbook.book.interrupts import CtrlC, Termination
from warmbook.errors import InterruptedWaitError

from ..processes import until


def cancel():
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_calls_the_handler_of_ctrl_c_once():
    pressed = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        with Termination() as termination:
            assert termination.status == 130
            cancel()
            cancel()
            assert termination.status == 143
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [signal.SIGINT]


@pytest.mark.parametrize("taken", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler])
def test_sigterm_is_an_interrupt_also_where_ctrl_c_is_ignored(taken):
    before = signal.signal(signal.SIGINT, taken)
    try:
        with Termination(), pytest.raises(KeyboardInterrupt):
            cancel()
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_handler_of_sigterm_is_restored():
    before = signal.getsignal(signal.SIGTERM)
    with Termination():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_handlers_are_not_changed_outside_the_main_thread():
    seen = []

    def enter():
        before = signal.getsignal(signal.SIGTERM)
        with Termination():
            seen.append(signal.getsignal(signal.SIGTERM) == before)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(10)
    assert seen == [True]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("how", ["as it is", "explained"])
def test_a_stopped_verb_prints_on_standard_error_only(monkeypatch, capsys, number, status, how):
    def act(options):
        try:
            os.kill(os.getpid(), number)
            return 0
        except KeyboardInterrupt:
            if how == "explained":
                raise InterruptedWaitError("You stopped.", remedy="It goes on.") from None
            raise

    monkeypatch.setattr("warmbook.book.cli.run._list", act)
    assert command_line.main(["list", "--format", "json"]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip()


def test_a_verb_that_is_not_stopped_keeps_its_status(monkeypatch):
    monkeypatch.setattr("warmbook.book.cli.run._list", lambda options: 7)
    assert command_line.main(["list"]) == 7


LATE = (
    "import signal, time; signal.signal(signal.SIGINT, {what}); print(flush=True); time.sleep(60)"
)


@pytest.fixture
def kernel():
    """A process in the place of a kernel, which does that at SIGINT; as CtrlC finds it."""
    started = []

    def start(what):
        words = [sys.executable, "-c", LATE.format(what=what)]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE))
        started[0].stdout.readline()
        provisioner = SimpleNamespace(process=started[0])
        return SimpleNamespace(km=SimpleNamespace(provisioner=provisioner))

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_deadline_interrupts_the_kernel_as_ctrl_c_does_and_is_no_ctrl_c(kernel):
    pressed = CtrlC(Deadline(0.1))
    pressed.client = kernel("lambda *_: exit(7)")
    with pressed:
        assert pressed.client.km.provisioner.process.wait(20) == 7
    assert (pressed.timed_out, pressed.times) == (True, 0)


def test_a_kernel_that_ignores_the_deadline_is_killed(kernel, monkeypatch):
    monkeypatch.setattr(interrupts, "DEADLINE_GRACE_S", 0.1)
    pressed = CtrlC(Deadline(0.1))
    pressed.client = kernel("signal.SIG_IGN")
    with pressed:
        assert pressed.client.km.provisioner.process.wait(20) == -signal.SIGKILL


def test_ctrl_c_before_the_deadline_is_a_ctrl_c(kernel):
    client = kernel("lambda *_: exit(7)")  # the time runs from the deadline's creation on
    pressed = CtrlC(Deadline(0.5))
    pressed.client = client
    with pressed:
        os.kill(os.getpid(), signal.SIGINT)
        client.km.provisioner.process.wait(20)
        pressed._alarm.join(20)
    assert (pressed.timed_out, pressed.times) == (False, 1)


@pytest.fixture
def sigint():
    """Set the handler of Ctrl-C, until the test has ended."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


def test_deadline_during_the_exit_interrupts_nothing_else(sigint, monkeypatch):
    sent, kill = threading.Event(), signal.pthread_kill

    def kill_late(*arguments):
        sent.set()
        until(lambda: pressed._over)
        kill(*arguments)

    sigint(signal.default_int_handler)
    monkeypatch.setattr(signal, "pthread_kill", kill_late)
    pressed = CtrlC(Deadline(0.01))
    with pressed:
        assert sent.wait(10)
    time.sleep(0.2)
    assert (pressed.timed_out, pressed.times) == (False, 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler])
def test_handler_of_ctrl_c_is_restored(sigint, handler):
    sigint(handler)
    with CtrlC():
        assert signal.getsignal(signal.SIGINT) != handler
    assert signal.getsignal(signal.SIGINT) == handler


def test_an_unused_deadline_leaves_no_running_timer():
    with CtrlC(Deadline(60)):
        pass
    for timer in threading.enumerate():
        if isinstance(timer, threading.Timer):
            timer.join(5)
            assert not timer.is_alive()


def test_ctrl_c_before_a_verb_begins_prints_no_traceback():
    script = (
        "import os, runpy, signal, sys\n"
        "class Presses:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'warmbook.book.cli':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Presses())\n"
        "runpy.run_module('warmbook', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")
