"""The bytes of a saved file as UTF-8, without a terminal's colours."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_LE
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ..texts import say

MOST_BYTES = 1 << 30
"""A file is held in memory as a whole; a start of a server leaves a few MB at most."""

_ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\))")
_BOMS = {BOM_UTF32_LE: "utf-32", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}
_GZIP = b"\x1f\x8b"
_SAMPLE = 4096


class UnreadableError(Exception):
    """A file that can't be read; `reason` says why, in the reader's language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_bytes(path: Path) -> bytes:
    """Return what is in a file, or in standard input where it is called "-", as UTF-8.

    Raises:
        UnreadableError: It can't be read, or is larger than `MOST_BYTES`.
    """
    try:
        if str(path) == "-":
            return as_utf8(_limited(sys.stdin.buffer))
        with path.open("rb") as file:
            return as_utf8(_limited(file))
    except (OSError, ValueError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or str(error)) from None


def as_utf8(data: bytes) -> bytes:
    """Return the text as UTF-8 without marks of byte order and colours; gzip is undone."""
    if data.startswith(_GZIP):
        data = _unzipped(data)
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "")
    if encoding := encoding or _without_bom(data[:_SAMPLE]):
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    data = data.removeprefix(BOM_UTF8)
    return _ANSI.sub(b"", data) if b"\x1b" in data else data


def _limited(file: BinaryIO) -> bytes:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnreadableError(say("it is larger than {size} GiB", size=MOST_BYTES >> 30))
    return data


def _unzipped(data: bytes) -> bytes:
    """Return what gzip holds, as far as it is whole."""
    found = bytearray()
    try:
        with gzip.open(BytesIO(data)) as file:
            while len(found) <= MOST_BYTES and (piece := file.read(1 << 20)):
                found += piece
    except (EOFError, OSError, zlib.error):
        return bytes(found) or data
    if len(found) > MOST_BYTES:
        raise UnreadableError(say("it is larger than {size} GiB", size=MOST_BYTES >> 30))
    return bytes(found)


def _without_bom(sample: bytes) -> str:
    """Return the encoding in which every second byte of plain text is zero, "" if it is none."""
    even, odd = sample[::2], sample[1::2]
    if len(odd) < 8 or 0 not in sample:
        return ""
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd) else ""
