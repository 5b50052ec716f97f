"""Finds the signs of a start in a log as it grows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone

from .log_events import Mark, StartLog
from .timestamps import moment

_UNITS = {"Bytes": 1, "Byte": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_BLOCK = 1 << 20
_MOST_LETTERS = 2000
"""Of a line; arguments and configurations are longer, and no figure stands so far behind."""

_UNTIMED = 1000
"""So many lines without a time at its beginning, and a log has none."""

_SIGNALS: dict[str, tuple[bytes, ...]] = {
    "version": (b"server version",),
    "arguments": (b"non-default args", b"args: Namespace(", b"server_args=ServerArgs("),
    "files": (b"Resolved architecture", b"Using max model len", b"model supports multiple tasks"),
    "engine": (b"LLM engine (v", b"Init torch distributed begin"),
    "load": (b"Starting to load model", b"Load weight begin", b"Loading model weights from"),
    "reading": (b"using Runai Model Streamer:",),
    "shards": (b"checkpoint shards: 100%",),
    "read": (b"Loading weights took",),
    "streamed": (b"Overall time to stream",),
    "failed": (b"libstreamer due to", b"core initialization failed"),
    "loaded": (
        *(b"Model loading took", b"Loading model weights took"),
        *(b"Load weight end", b"Init model | hbm="),
    ),
    "compiled": (b"torch.compile t", b"ompilation finished in"),
    "memory": (b"KV cache size:", b"Available KV cache memory", b"KV Cache is allocated"),
    "captured": (b"Graph capturing finished", b"Capture cuda graph end"),
    "warm": (b"init engine (profile",),
    "listening": (b"Starting vLLM",),
    "up": (
        *(b"Application startup complete", b"Uvicorn running on"),
        b"fired up and ready to roll",
    ),
    "healthy": (b'"GET /health',),
    "answered": (b'"POST /v1/',),
}
"""Kind of mark -> what its line holds.

Source: vLLM 0.7.3 to 0.33.0, the streamer 0.8 to 0.17, SGLang 0.5 (model_runner.py,
cuda_graph_runner.py, http_server.py), vLLM's TPU backend (tpu_runner.py, compilation_manager.py).
"""

_EARLY = ("version", "arguments")
_AFTER_UP = (*_EARLY, "up", "healthy", "answered")
_ONCE = {"healthy", "answered"}
_FIGURES = {
    "version": re.compile(r"server version (?P<detail>[^\s,]+)"),
    "engine": re.compile(r"LLM engine \(v(?P<detail>[^)\s]+)\)"),
    "reading": re.compile(
        r"using Runai Model Streamer:\s+(?P<detail>\d+)% (?:Completed \| )?\d+/\d+ "
        r"\[(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d\d):(?P<seconds>\d\d)<"
    ),
    "streamed": re.compile(
        r"Overall time to stream (?P<size>\d{1,9}(?:\.\d+)?) (?P<unit>\w+) of all files"
        r"(?: to (?P<detail>\S+))?: (?P<seconds>\d{1,7}(?:\.\d+)?)s, [\d.]+ \w+/s"
    ),
    "loaded": re.compile(
        r"(?:Model loading|Loading model weights) took (?P<size>\d{1,9}(?:\.\d+)?) "
        r"(?P<unit>Gi?B)(?: memory)? and (?P<seconds>\d{1,7}(?:\.\d+)?) seconds"
        r"|Load weight end\.(?: elapsed=(?P<elapsed>\d{1,7}(?:\.\d+)?) s)?"
        r"|Init model \| hbm="
    ),
    "read": re.compile(r"Loading weights took (?P<seconds>\d{1,7}(?:\.\d+)?) seconds"),
    "compiled": re.compile(
        r"torch\.compile t(?:akes|ook) (?P<seconds>\d{1,7}(?:\.\d+)?) s in total"
        r"|ompilation finished in (?P<elapsed>\d{1,7}(?:\.\d+)?) \[?sec"
    ),
    "captured": re.compile(
        r"finished in (?P<seconds>\d{1,7}(?:\.\d+)?) secs"
        r"|Time elapsed: (?P<elapsed>\d{1,7}(?:\.\d+)?) s"
    ),
    "warm": re.compile(r"took (?P<seconds>\d{1,7}(?:\.\d+)?) s"),
    "healthy": re.compile(r'"GET /health[^"]*" (?P<detail>200)'),
    "answered": re.compile(r'"POST (?P<detail>/v1/[^" ]*)[^"]*" 200'),
}
"""What stands in the line; a line without it says nothing, or was cut off."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_RANK = re.compile(r"(?:TP|\brank=|\bRank )(\d+)")


OUTCOME = ("version", "arguments", "load", "warm", "up")
"""The kinds that tell one start from the next, and whether it came to its end."""


def read(
    log: str | bytes | Iterable[str | bytes],
    near: datetime | None = None,
    kinds: Collection[str] = _SIGNALS,
) -> StartLog:
    """Read a whole log; `near` is a moment not far from it, for vLLM writes no year."""
    reader = LogReader(near, kinds)
    if isinstance(log, bytes):
        return reader.whole(log)
    for piece in [log] if isinstance(log, str) else log:
        reader.feed(piece)
    return reader.end()


class LogReader:
    """Reads a log as it grows; what was fed is not read again."""

    def __init__(self, near: datetime | None = None, kinds: Collection[str] = _SIGNALS) -> None:
        self._near = near or datetime.now(timezone.utc)
        self._kinds = kinds
        self._passed = 0
        self._rest: list[bytes] = []
        self._marks: list[Mark] = []
        self._seen: set[str] = set()
        self._life = 0
        self._first: datetime | None = None
        self._untimed = 0

    def feed(self, piece: str | bytes) -> None:
        """Take the next piece of the log; a line may end in a later one."""
        data = piece.encode("utf-8", "replace") if isinstance(piece, str) else piece
        whole, newline, rest = data.rpartition(b"\n")
        if newline:
            self._read(b"".join([*self._rest, whole, newline]))
            self._rest = []
        self._rest.append(rest)

    def whole(self, log: bytes) -> StartLog:
        """Read a log that comes in one piece."""
        self._read(log)
        return self.end()

    def end(self) -> StartLog:
        """Take what was fed last for a whole line; return what the log tells so far."""
        self._read(b"".join(self._rest))
        self._rest = []
        return StartLog(tuple(self._marks), self._life + 1, self._first)

    def _read(self, data: bytes) -> None:
        start = 0
        while start < len(data):
            end = data.find(b"\n", start + _BLOCK) + 1 or len(data)
            block = data[start:end]
            self._begin(block)
            for place, kind in sorted(self._places(block)):
                begin = self._passed + _begin(block, place)
                self._read_mark(kind, *_line(block, place), begin)
            start = end
            self._passed += len(block)

    def _begin(self, block: bytes) -> None:
        """Find the first line that has a time."""
        start = 0
        while self._first is None and start < len(block) and self._untimed < _UNTIMED:
            line, _ = _line(block, start)
            if found := moment(line[:200], self._near)[0]:
                self._first = self._near = found  # no year is written: later lines are near it
            self._untimed += 1
            start = block.find(b"\n", start) + 1 or len(block)

    def _places(self, block: bytes) -> Iterator[tuple[int, str]]:
        for kind in _AFTER_UP if "up" in self._seen else _SIGNALS:
            if kind in _ONCE & self._seen or kind not in self._kinds:
                continue
            for signal in _SIGNALS[kind]:
                place = block.find(signal)
                while place >= 0:
                    yield place, kind
                    place = block.find(signal, place + len(signal))

    def _read_mark(self, kind: str, line: str, place: int, begin: int) -> None:
        if kind in _ONCE & self._seen:
            return
        found = _FIGURES[kind].search(line, place) if kind in _FIGURES else None
        if kind in _FIGURES and found is None:
            return
        self._count_lives(kind)
        self._seen.add(kind)
        figures = found.groupdict() if found else {}
        at, offset_s = moment(line[:place], self._near)
        ranks = _RANK.findall(line[:place])
        mark = Mark(
            kind,
            at,
            offset_s,
            seconds=_seconds(figures),
            rank=int(ranks[-1][:9]) if ranks else None,
            size_bytes=_size(figures),
            detail=figures.get("detail") or "",
            life=self._life,
            line=line.strip()[:300],
            place=begin,
        )
        if kind == "failed":
            self._fail_streams()
        if kind == "reading" and self._replaces(mark):
            self._marks[-1] = mark
        else:
            self._marks.append(mark)

    def _count_lives(self, kind: str) -> None:
        """Begin anew where a server starts after another: the container was restarted."""
        if kind in _EARLY and self._seen - {*_EARLY, "files"}:
            self._life += 1
            self._seen.clear()

    def _fail_streams(self) -> None:
        if "loaded" not in self._seen:
            for number, mark in enumerate(self._marks):
                if mark.kind == "streamed" and mark.life == self._life:
                    self._marks[number] = replace(mark, failed=True)

    def _replaces(self, bar: Mark) -> bool:
        """Say whether the bar only moved on: the first and the last one are kept."""
        return [(mark.kind, mark.life) for mark in self._marks[-2:]] == [(bar.kind, bar.life)] * 2


def _begin(block: bytes, place: int) -> int:
    """Return where the line around a place begins, or what is read of it."""
    earliest = max(0, place - _MOST_LETTERS)
    return max(block.rfind(b"\n", earliest, place) + 1, earliest)


def _line(block: bytes, place: int) -> tuple[str, int]:
    """Return the line around a place, bare of colours, and where the place is in it."""
    start = _begin(block, place)
    end = block.find(b"\n", place, place + _MOST_LETTERS)
    end = place + _MOST_LETTERS if end < 0 else end
    before = _ANSI.sub("", block[start:place].decode("utf-8", "replace"))
    after = _ANSI.sub("", block[place:end].decode("utf-8", "replace"))
    return before + after, len(before)


def _seconds(figures: dict[str, str | None]) -> float | None:
    seconds = figures.get("seconds") or figures.get("elapsed")
    if seconds is None:
        return None
    minutes = 60 * int(figures.get("hours") or 0) + int(figures.get("minutes") or 0)
    return 60 * minutes + float(seconds)


def _size(figures: dict[str, str | None]) -> int | None:
    unit = _UNITS.get((figures.get("unit") or "").replace("GB", "GiB"))  # vLLM's GB are 2**30
    return round(float(figures["size"] or 0) * unit) if unit else None
