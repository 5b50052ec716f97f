"""A container as a process: its own group, its log line by line, its end for certain."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
LONGEST_LINE = 16 * 1024
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    # Also a killed rehearsal leaves no process behind.
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class ContainerProcess:
    """A started process with its log file; `wait` gives its exit code."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self.log = process, log
        self._pumps = [
            asyncio.create_task(_pump(stream, name, log.open("ab", buffering=0)))
            for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr"))
            if stream is not None
        ]

    @classmethod
    async def start(
        cls, words: list[str], environ: dict[str, str], folder: Path, log: Path
    ) -> ContainerProcess:
        """Start the process as leader of a group of its own.

        Raises:
            OSError: There is no such program.
        """
        log.touch()
        process = await asyncio.create_subprocess_exec(
            *words,
            env=environ,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        return cls(process, log)

    async def wait(self) -> int:
        """Return the exit code, 128 + N for signal N, once the log is written."""
        code = await self._process.wait()
        self.signal(signal.SIGKILL)  # what it left of its group
        await asyncio.wait(self._pumps, timeout=2)
        for pump in self._pumps:
            pump.cancel()
        return code if code >= 0 else 128 - code

    def signal(self, number: int) -> None:
        """Send a signal to every process of the group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def end(self, grace_s: float) -> int:
        """Ask the process to end, make it after `grace_s` seconds; return its exit code."""
        self.signal(signal.SIGTERM)
        waiting = asyncio.create_task(self.wait())
        done, _ = await asyncio.wait({waiting}, timeout=grace_s)
        if not done:
            self.signal(signal.SIGKILL)
        return await waiting


async def _pump(stream: asyncio.StreamReader, name: str, log: BinaryIO) -> None:
    """Write what the process says as container runtimes do: time, stream, tag, text."""
    rest = b""
    with log:
        while data := await stream.read(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                log.write(_entry(name, "F", line))
            while len(rest) > LONGEST_LINE:
                log.write(_entry(name, "P", rest[:LONGEST_LINE]))
                rest = rest[LONGEST_LINE:]
        if rest:
            log.write(_entry(name, "F", rest))


def _entry(stream: str, tag: str, line: bytes) -> bytes:
    at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{at} {stream} {tag} ".encode() + line + b"\n"
