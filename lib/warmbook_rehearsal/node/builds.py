"""What the engine and the model share while they are built: locks, disk space, errors."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ..installer.progress import Tell

FULL_BYTES = 100_000_000
"""With less than this free, a build that failed is said to have filled the disk."""

FULL_SIGNS = ("os error 28", "os error 122", "Errno 28", "Errno 122")
"""How uv and Python tell of a full disk (28) and a spent quota (122), in any language: what did
not fit is removed by then, so that the disk itself no longer tells."""

NO_INTERNET = (
    "Without internet: run `python -m warmbook_rehearsal --export DIR` on a machine that has it "
    "(same Python version and processor), copy DIR here, and start with PIP_NO_INDEX=1 "
    "PIP_FIND_LINKS=DIR."
)
"""The remedy for a machine that no package index can be reached from."""


class EngineError(Exception):
    """The engine or the model can't be built; says what is missing and what helps."""


@contextmanager
def locked(path: Path, tell: Tell) -> Iterator[None]:
    """Hold a lock file while something is built; where somebody else holds it, say so and wait.

    The commands of a build inherit the lock: of a build that was killed, one may still be
    writing, and the next build must not begin before it has ended.

    Raises:
        EngineError: The folder can't be written.
    """
    with _open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Waiting for another rehearsal that is building here", None)
            fcntl.flock(file, fcntl.LOCK_EX)
        os.set_inheritable(file.fileno(), True)
        yield


def beside(folder: Path, what: str) -> Path:
    """Return the path of what belongs to a folder's build: its lock, or its downloads."""
    return folder.with_name(f"{folder.name}.{what}")


def _open(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w")
    except OSError as error:
        raise unwritable(path.parent, error) from None


def unwritable(cache: Path, error: OSError) -> EngineError:
    """Return the error for a cache that is not complete and can't be written."""
    return EngineError(
        f"The cache {cache} is not complete, and it can't be written: {error.strerror}.\n"
        "  → Name a folder of yours: WARMBOOK_CACHE=/path. A cache of somebody else's serves "
        "too once its owner has run `python -m warmbook_rehearsal --build`."
    )


def check_space(cache: Path, needed_bytes: int) -> None:
    """Refuse to fill the disk.

    Raises:
        EngineError: Less is free than the build needs.
    """
    free = shutil.disk_usage(cache).free
    if free < needed_bytes:
        raise EngineError(
            f"{cache} has {free / 1e9:.1f} GB free; engine and model need "
            f"{needed_bytes / 1e9:.1f} GB.\n"
            "  → Free some, or name a folder on another disk: WARMBOOK_CACHE=/path make rehearse"
        )


@contextmanager
def whole_or_nothing(folder: Path, *others: Path) -> Iterator[None]:
    """Remove a folder whose build fails; `others` go too if the disk is full.

    Raises:
        EngineError: The disk is full; otherwise what was raised inside.
    """
    try:
        yield
    except BaseException as error:
        full = any(sign in str(error) for sign in FULL_SIGNS)
        full = full or shutil.disk_usage(folder.parent).free < FULL_BYTES
        for left in (folder, *(others if full else ())):
            shutil.rmtree(left, ignore_errors=True)
        if full and isinstance(error, Exception):
            raise EngineError(
                f"The disk of {folder.parent} is full; what was built so far is removed.\n"
                "  → Free some space, or name a folder on another disk: WARMBOOK_CACHE=/path"
            ) from None
        raise


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


def python_version() -> str:
    """Return this interpreter's minor version, such as 3.11."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def environ() -> dict[str, str]:
    """Return variables for the engine's interpreter: what it compiles stays in the engine.

    An engine without bytecode takes twice as long for each import, in each Pod.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
