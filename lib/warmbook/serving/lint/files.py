"""The text of a file of manifests; a pipe is waited for, within bounds; each file once."""

from __future__ import annotations

import codecs
import os
import select
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from ... import limited_yaml
from ...texts import say
from .documents import MOST_BYTES

_WAIT_FOR_WRITER_S = 2.0
_CHUNK = 1 << 16
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte-order marks, with which YAML tells its encoding. Source: YAML 1.2.2, 5.2."""


def each_once(paths: Iterable[Path]) -> list[Path]:
    """Return paths without those that name a file again, as `./a.yaml` does after `a.yaml`."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault("-" if str(path) == "-" else os.path.realpath(path), path)
    return list(found.values())


def text_of(path: Path) -> str:
    """Return the text of a file or of a pipe, and of standard input for `-`.

    A named pipe that nobody writes to is read as empty after two seconds.

    Raises:
        OSError: It can't be read.
        YamlError: It is too long, or neither UTF-8 nor UTF-16 or UTF-32 with a byte-order mark.
    """
    if str(path) == "-":
        return _decoded(sys.stdin.buffer.read(MOST_BYTES + 1))
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise limited_yaml.YamlError(say("it is a folder, not a file"))
        return _decoded(_content(descriptor, stat.S_ISFIFO(mode)))
    finally:
        os.close(descriptor)


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    if encoding == "utf-8":
        return limited_yaml.decoded(content.removeprefix(codecs.BOM_UTF8), MOST_BYTES)
    if len(content) > MOST_BYTES:
        return limited_yaml.decoded(content, MOST_BYTES)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise limited_yaml.YamlSyntaxError(f"{error.encoding}: {error.reason}") from None


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
