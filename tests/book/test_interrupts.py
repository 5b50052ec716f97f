"""SIGTERM as Ctrl-C: who gets it, how often, and the exit status afterwards."""

import os
import signal
import threading

import pytest

from warmbook import __main__ as command_line
from warmbook.book.interrupts import Termination
from warmbook.errors import InterruptedWaitError


def cancel():
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_goes_to_whoever_has_taken_ctrl_c_and_only_once():
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


def test_afterwards_sigterm_is_what_it_was():
    before = signal.getsignal(signal.SIGTERM)
    with Termination():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread_takes_nothing_over():
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
def test_a_stopped_verb_tells_it_on_standard_error_only(monkeypatch, capsys, number, status, how):
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


def test_a_verb_that_nobody_stops_keeps_its_status(monkeypatch):
    monkeypatch.setattr("warmbook.book.cli.run._list", lambda options: 7)
    assert command_line.main(["list"]) == 7
