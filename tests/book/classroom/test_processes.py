"""A process by its number and its start time."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from warmbook.book.classroom.processes import Process

from .conftest import a_program

OWNER = os.getuid()


def test_a_process_runs_for_its_user_only():
    own = Process.of(os.getpid())
    assert own.runs_for(OWNER)
    assert not own.runs_for(OWNER + 1)


def test_a_number_that_was_given_again_is_another_process():
    with a_program() as program:
        found = Process.of(program.pid)
        other = Process(found.pid, found.started - 1)
        assert not other.runs_for(OWNER)
        assert not other.send(signal.SIGKILL, OWNER)
        assert program.poll() is None


def test_a_signal_reaches_the_process_of_its_owner():
    with a_program() as program:
        found = Process.of(program.pid)
        assert not found.send(signal.SIGTERM, OWNER + 1)
        assert found.send(signal.SIGTERM, OWNER)
        assert program.wait(10) == -signal.SIGTERM
    assert not found.runs_for(OWNER)
    assert not found.send(signal.SIGTERM, OWNER)


def test_a_thread_is_no_process_that_gets_a_signal():
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        found = Process.of(thread.native_id)
        assert not found.send(signal.SIGTERM, OWNER)
    finally:
        ended.set()
        thread.join(10)


def test_a_process_has_the_words_of_its_command_line_until_it_ends():
    with a_program("a b", "ñ") as program:
        found = Process.of(program.pid)
        assert found.words()[-3:] == ["a b", "ñ", ""]
    assert found.words() == []


def test_there_is_no_process_without_a_number():
    with pytest.raises(ProcessLookupError):
        Process.of(2**22 + 1)


def test_memory_counts_what_runs_below():
    code = "import subprocess, sys; b = bytes(30_000_000); print(1, flush=True); sys.stdin.read()"
    around = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", around], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        program.stdout.readline()
        assert Process.of(program.pid).memory_bytes() > 10_000_000
        program.stdin.close()
