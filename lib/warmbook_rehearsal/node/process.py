"""A container as a process: its log line by line, its signals, its end for certain."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

from .init import KILL
from .view import View

INIT = Path(__file__).with_name("init.py")
LONGEST_LINE = 16 * 1024
"""Bytes after which the log breaks a line, as container runtimes do."""

LAST_OUTPUT_S = 2.0
NO_MOUNTS = View()

LOOK_S = 0.5
"""How often a process is looked at whose pipes are held, in seconds."""


async def spawn(
    words: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    *,
    stdin: bool = False,
    view: View = NO_MOUNTS,
) -> asyncio.subprocess.Process:
    """Start a command under a process 1 of its own; its output comes by pipes.

    `view` tells what it sees where.

    Raises:
        FileNotFoundError: There is no such program; worded as container runtimes do.
    """
    path = ":".join(map(view.host_path, environ.get("PATH", os.defpath).split(":")))
    if shutil.which(view.host_path(words[0]), path=path) is None:
        raise FileNotFoundError(f'exec: "{words[0]}": executable file not found in $PATH')
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(INIT), str(os.getpid())),
        *view.wrap(words, folder),
        env=dict(environ),
        cwd=folder,
        stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def ended(process: asyncio.subprocess.Process) -> int:
    """Wait for the end of a process; return its exit code, minus N for signal N.

    asyncio's own `wait` goes on until nobody holds the pipes, which what a container has
    detached may do for ever.
    """
    waiting = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({waiting}, timeout=LOOK_S)
        return process.returncode
    finally:
        waiting.cancel()


class ContainerProcess:
    """A started container with its log file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self.log = process, log
        pumps = [
            _pump(stream, name, log.open("ab", buffering=0))
            for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr"))
            if stream is not None
        ]
        self._exited = asyncio.create_task(self._follow(pumps))

    @classmethod
    async def start(
        cls,
        words: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        log: Path,
        *,
        view: View = NO_MOUNTS,
    ) -> ContainerProcess:
        """Start the command and write what it says to `log`.

        Raises:
            FileNotFoundError: There is no such program.
        """
        log.touch()
        return cls(await spawn(words, environ, folder, view=view), log)

    @property
    def pid(self) -> int:
        """Number of the container's process 1."""
        return self._process.pid

    async def exit_code(self) -> int:
        """Wait for the end; return the exit code, 128 + N for signal N."""
        return await asyncio.shield(self._exited)

    async def _follow(self, pumps: list[Coroutine[Any, Any, None]]) -> int:
        writing = [asyncio.create_task(pump) for pump in pumps]
        code = await ended(self._process)
        _, late = await asyncio.wait(writing, timeout=LAST_OUTPUT_S)
        for pump in late:
            pump.cancel()
        return code if code >= 0 else 128 - code

    def ask_to_end(self) -> None:
        """Send SIGTERM to the container's process group."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the container with all that it has started."""
        self._signal(KILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


async def _pump(stream: asyncio.StreamReader, name: str, log: BinaryIO) -> None:
    """Write what the process says as container runtimes do: time, stream, tag, text."""
    rest = b""
    with log:
        while data := await stream.read(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                log.write(_entries(name, line))
            while len(rest) > LONGEST_LINE:
                log.write(_entry(name, "P", rest[:LONGEST_LINE]))
                rest = rest[LONGEST_LINE:]
        if rest:
            log.write(_entry(name, "F", rest))


def _entries(stream: str, line: bytes) -> bytes:
    """Return a whole line, in parts if it is long."""
    parts = [line[at : at + LONGEST_LINE] for at in range(0, len(line), LONGEST_LINE)] or [b""]
    head = b"".join(_entry(stream, "P", part) for part in parts[:-1])
    return head + _entry(stream, "F", parts[-1])


def _entry(stream: str, tag: str, text: bytes) -> bytes:
    at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{at} {stream} {tag} ".encode() + text + b"\n"
