import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from warmbook_sandbox.node.process import ContainerProcess

CHILD = "import time; print('child up', flush=True); time.sleep(600)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] not in "ZX"
    except OSError:
        return False


def of_group(pgid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == pgid and alive(entry.name):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


async def started(tmp_path, script):
    return await ContainerProcess.start(
        [sys.executable, "-u", "-c", script], dict(os.environ), tmp_path, tmp_path / "0.log"
    )


async def until(holds, limit_s=10):
    for _ in range(int(limit_s / 0.05)):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


def test_the_log_has_time_stream_tag_and_text(tmp_path):
    async def run():
        process = await started(tmp_path, "import sys; print('a b'); print('c', file=sys.stderr)")
        return await process.wait()

    assert asyncio.run(run()) == 0
    lines = sorted(line.split(" ", 3)[1:] for line in (tmp_path / "0.log").read_text().splitlines())
    assert lines == [["stderr", "F", "c"], ["stdout", "F", "a b"]]


@pytest.mark.parametrize(
    ("script", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_the_containers(tmp_path, script, code):
    async def run():
        return await (await started(tmp_path, script)).wait()

    assert asyncio.run(run()) == code


def test_a_line_without_end_is_cut_and_not_lost(tmp_path):
    async def run():
        process = await started(tmp_path, "print('x' * 100_000, end='')")
        await process.wait()

    asyncio.run(run())
    texts = [line.split(" ", 3) for line in (tmp_path / "0.log").read_text().splitlines()]
    assert sum(len(text[3]) for text in texts) == 100_000
    assert {text[2] for text in texts} == {"P", "F"}


def test_no_process_of_the_group_outlives_the_container(tmp_path):
    async def run():
        process = await started(tmp_path, PARENT)
        pgid = process._process.pid
        await until(lambda: "child up" in (tmp_path / "0.log").read_text())
        assert len(of_group(pgid)) == 2
        await process.end(grace_s=5)
        await until(lambda: not of_group(pgid))

    asyncio.run(run())


def test_a_process_that_ignores_the_request_to_end_is_made_to(tmp_path):
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(600)"

    async def run():
        process = await started(tmp_path, script)
        await until(lambda: "up" in (tmp_path / "0.log").read_text())
        return await process.end(grace_s=0.3)

    assert asyncio.run(run()) == 128 + signal.SIGKILL
