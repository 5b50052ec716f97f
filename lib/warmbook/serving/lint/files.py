"""The text of a file of manifests; a pipe is waited for, within bounds."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from pathlib import Path

from ... import limited_yaml
from ...texts import say
from .documents import MOST_BYTES

_WAIT_FOR_WRITER_S = 2.0
_CHUNK = 1 << 16


def text_of(path: Path) -> str:
    """Return the text of a file or of a pipe, and of standard input for `-`.

    A named pipe that nobody writes to is read as empty after two seconds.

    Raises:
        OSError: It can't be read.
        YamlError: It is too long, or not UTF-8.
    """
    if str(path) == "-":
        return limited_yaml.decoded(sys.stdin.buffer.read(MOST_BYTES + 1), MOST_BYTES)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise limited_yaml.YamlError(say("it is no file but a folder"))
        return limited_yaml.decoded(_content(descriptor, stat.S_ISFIFO(mode)), MOST_BYTES)
    finally:
        os.close(descriptor)


def _content(descriptor: int, pipe: bool) -> bytes:
    """Return up to one byte more than is taken."""
    chunks: list[bytes] = []
    length, begun = 0, time.monotonic()
    while length <= MOST_BYTES:
        try:
            chunk = os.read(descriptor, min(_CHUNK, MOST_BYTES + 1 - length))
        except BlockingIOError:
            select.select([descriptor], [], [])
            continue
        if not chunk and not (pipe and not length and _may_come(begun)):
            break
        length += len(chunk)
        chunks.append(chunk)
    return b"".join(chunks)


def _may_come(begun: float) -> bool:
    """Wait a little for who writes to a pipe; say whether to go on."""
    time.sleep(0.05)
    return time.monotonic() - begun < _WAIT_FOR_WRITER_S
