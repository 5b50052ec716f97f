"""What the engine and the model share while they are built: locks, disk space, commands."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Tell = Callable[[str, "float | None"], None]
"""Called with what is being built, and the share of it that is done, 0 to 1, if known."""

TICK_S = 1.0
LAST_LINES = 6


class EngineError(Exception):
    """The engine or the model can't be built; says what is missing and what helps."""


class CommandError(Exception):
    """A command failed; carries the last lines of what it said."""


@contextmanager
def locked(path: Path, tell: Tell) -> Iterator[None]:
    """Hold a lock file; where somebody else holds it, say so and wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Waiting for another rehearsal that is building here", None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_space(cache: Path, needed_bytes: int) -> None:
    """Refuse to fill the disk.

    Raises:
        EngineError: Less is free than the build needs.
    """
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if free < needed_bytes:
        raise EngineError(
            f"{cache} has {free / 1e9:.1f} GB free; engine and model need "
            f"{needed_bytes / 1e9:.1f} GB.\n"
            "  → Free some, or name a folder on another disk: WARMBOOK_CACHE=/path make rehearse"
        )


def growth(folder: Path, expected_bytes: int) -> Callable[[], float]:
    """Return a measure of how much of a build is on the disk: the free space it has taken.

    Counting the files themselves would cost more than the build at times.
    """
    before = shutil.disk_usage(folder).free

    def share() -> float:
        taken = before - shutil.disk_usage(folder).free
        return min(0.99, max(0.0, taken / expected_bytes))

    return share


def elapsed(expected_s: float) -> Callable[[], float]:
    """Return a measure of a build by the time that it usually takes."""
    start = time.monotonic()
    return lambda: min(0.99, (time.monotonic() - start) / expected_s)


def run(command: list[str], tick: Callable[[], None], env: dict[str, str] | None = None) -> str:
    """Run a command quietly, calling `tick` every second; return what it wrote.

    Raises:
        CommandError: It failed; with the end of what it said.
    """
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    ) as process:
        try:
            said = _follow(process, tick)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        lines = [line for line in said.splitlines() if line.strip() and "WARNING" not in line]
        raise CommandError("\n".join(f"    {line}" for line in lines[-LAST_LINES:]))
    return said


def _follow(process: subprocess.Popen[str], tick: Callable[[], None]) -> str:
    while True:
        try:
            return process.communicate(timeout=TICK_S)[0]
        except subprocess.TimeoutExpired:
            tick()
