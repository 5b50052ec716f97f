"""The lines of a log that may tell of a failure, found fast in logs of any size.

A few words that nearly every failure has are looked for as they are; expressions then look only
at the lines that hold one. A start fails near one end of a log: there more words are looked for,
and of a flood of such lines the first and the last are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WORDS = (b"rror", b"xception", b"ailed", b"libstreamer due to", b"Segfault encountered")
"""What most failures hold, looked for in the whole log: each takes 0.05 s in 100 MB."""
MORE_WORDS = (
    *(b"annot", b"ould not", b"does not", b"denied", b"must be", b"nexpected", b"restricted"),
    *(b"fallback to non", b"Increase process fd", b"terminated", b"Overall time to stream"),
    *(b"too old", b"Segmentation", b"Killed", b"SIGKILL", b"No space left", b"not supported"),
    *(b"out of memory", b"unavailable", b"bad_alloc", b"not installed", b"core dumped"),
    *(b"Too Many Requests", b"scheduler is dead", b"xit code: -9", b"exited with"),
    *(b"nvcc", b"Cuda failure", b"terminate called", b"GPU detected", b"loaded_weight", b".exc."),
    *(b"Invalid credentials", b"not compatible", b"fallen off", b"ninja", b"SIGSEGV"),
)
"""What the others hold, looked for near the ends; the tests of the corpus hold to both."""
NEAR = 2 << 20
"""So many bytes at either end."""
MOST_LINES = 4000
"""Of each word, from either end."""
MOST_LETTERS = 1200
"""Of a line on either side of the word: arguments and configurations are longer."""


@dataclass(frozen=True)
class Line:
    """A line of a log, or the part of it around a word; `place` is where it begins, in bytes."""

    place: int
    text: str


def suspects(log: bytes) -> list[Line]:
    """Return the lines that may tell of a failure, in order."""
    spans = dict(_spans(log))
    return [Line(start, _text(log[start:end])) for start, end in sorted(spans.items())]


def around(log: bytes, place: int, *, before: int, after: int) -> str:
    """Return the line at a place with the lines around it, each cut to what can be read."""
    start = place
    for _ in range(before):
        start = max(log.rfind(b"\n", max(0, start - 1 - MOST_LETTERS), max(0, start - 1)) + 1, 0)
    end = place
    for _ in range(after + 1):
        found = log.find(b"\n", end, end + 2 * MOST_LETTERS)
        if found < 0:
            end = min(len(log), end + MOST_LETTERS)
            break
        end = found + 1
    return _text(log[start:end])


def _spans(log: bytes) -> Iterator[tuple[int, int]]:
    for word in WORDS:
        yield from _with(word, log, 0, len(log))
    middle = max(NEAR, len(log) - NEAR)
    for word in MORE_WORDS:
        yield from _with(word, log, 0, min(NEAR, len(log)))
        yield from _with(word, log, min(middle, len(log)), len(log))


def _with(word: bytes, log: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the first and the last lines with a word are, between two places."""
    place, count = log.find(word, begin, end), 0
    while place >= 0 and count < MOST_LINES:
        found = _span(log, place)
        yield found
        place, count = log.find(word, max(found[1], place + 1), end), count + 1
    first = place
    place = log.rfind(word, first, end) if first >= 0 else -1
    while place >= 0 and count < 2 * MOST_LINES:
        found = _span(log, place)
        yield found
        place, count = log.rfind(word, first, found[0]), count + 1


def _span(log: bytes, place: int) -> tuple[int, int]:
    earliest, latest = max(0, place - MOST_LETTERS), place + MOST_LETTERS
    start = max(log.rfind(b"\n", earliest, place) + 1, earliest)
    end = log.find(b"\n", place, latest)
    return start, end if end >= 0 else min(len(log), latest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")
