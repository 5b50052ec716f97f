"""Run a command quietly, with a tick every second and the end of its output where it fails."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

TICK_S = 1.0
LAST_LINES = 8
PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


class CommandError(Exception):
    """A command failed; carries the last lines of its output, without passwords."""


def run(
    command: Sequence[str],
    tick: Callable[[], None] = lambda: None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command quietly, calling `tick` every second; return what it wrote.

    Raises:
        CommandError: It failed, or could not be started.
    """
    with started(command, env) as process:
        return finish(process, tick)


@contextmanager
def started(
    command: Sequence[str], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Have a command running in the background; it is ended with the context.

    It inherits what is marked as inheritable, such as the lock of a build.

    Raises:
        CommandError: It could not be started.
    """
    pipe, together = subprocess.PIPE, subprocess.STDOUT
    try:
        process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=together,
            text=True,
            env=env,
            close_fds=False,
        )
    except OSError as error:
        raise CommandError(f"    {command[0]}: {error.strerror}") from None
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str], tick: Callable[[], None], given: str = "") -> str:
    """Give a command its input, wait for its end, and return what it wrote.

    Raises:
        CommandError: It failed.
    """
    said = _follow(process, tick, given)
    if process.returncode:
        raise CommandError(last_lines(said) or f"    exit status {process.returncode}")
    return said


def last_lines(said: str) -> str:
    """Return the end of a command's output, indented, without the passwords of addresses."""
    lines = [line for line in said.splitlines() if line.strip() and "WARNING" not in line]
    return without_password("\n".join(f"    {line}" for line in lines[-LAST_LINES:]))


def without_password(text: str) -> str:
    """Return `text` with the credentials in its addresses left out."""
    return PASSWORD.sub("", text)


def _follow(process: subprocess.Popen[str], tick: Callable[[], None], given: str) -> str:
    rest: str | None = given
    while True:
        try:
            return process.communicate(rest, timeout=TICK_S)[0]
        except subprocess.TimeoutExpired:
            rest = None  # taken in by the first call; a second one may not bring it again
            tick()
