"""A rehearsal around a process that already runs, as a kernel is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from warmbook.book.kernel_rehearsal import KernelRehearsal
from warmbook.display.banner import connect
from warmbook.errors import WarmbookError
from warmbook.settings import Settings, merge

from ..processes import DOOR, processes_with

DOOR = DOOR.replace("sys.argv[3:]", "sys.argv[4:]")  # after the --
KERNEL = """
import sys, time
from warmbook.book.kernel_rehearsal import KernelRehearsal
KernelRehearsal(sys.argv[1:]).start()
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture
def command(image_and_model, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    image, model = image_and_model
    return (sys.executable, "-c", DOOR, str(image.folder), str(model.folder))


def test_this_process_is_in_it_until_it_stops(command, tmp_path, capfd):
    before = dict(os.environ)
    around = KernelRehearsal(command)
    try:
        card = around.start()
        assert {"WARMBOOK_REHEARSAL_URL", "WARMBOOK_PROJECT_ID"} <= set(card.variables)
        assert connect(Settings.parse(merge())).target == "rehearsal"
        assert around.start().variables == card.variables
        with pytest.raises(WarmbookError):
            KernelRehearsal(command).start()
    finally:
        around.stop()
    assert dict(os.environ) == before
    around.stop()
    assert not processes_with(str(tmp_path), "asyncio.run(around")


def test_it_stops_when_the_kernel_is_killed(command, tmp_path):
    words = [sys.executable, "-c", KERNEL, *command]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as kernel:
        while "started" not in (line := kernel.stdout.readline()):
            assert line, "the kernel ended"
        kernel.send_signal(signal.SIGKILL)
        end = time.monotonic() + 20
        while processes_with(str(tmp_path), "asyncio.run(around") and time.monotonic() < end:
            time.sleep(0.1)
    assert not processes_with(str(tmp_path), "asyncio.run(around")


def test_a_failed_start_is_an_error_with_the_reason_and_keeps_the_environment(capfd):
    before = dict(os.environ)
    failing = (sys.executable, "-c", "print('no space left'); raise SystemExit(1)")
    with pytest.raises(WarmbookError) as refused:
        KernelRehearsal(failing).start("--engine", "quick")
    assert "no space left" in str(refused.value) and refused.value.remedy
    assert dict(os.environ) == before
