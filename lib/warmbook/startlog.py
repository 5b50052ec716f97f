"""A server's log in, what its start took out: marks with their moments; text only, no cluster.

Read once, piece by piece: a few literals are searched in each block, and only the lines that
hold one are looked at. Nothing in a log is an error here; what can't be read is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from statistics import median

_UNITS = {"Bytes": 1, "Byte": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_BLOCK = 1 << 20
_MOST_LETTERS = 2000
"""Of a line; arguments and configurations are longer, and no figure stands so far behind."""

_UNTIMED = 1000
"""So many lines without a time at its beginning, and a log has none."""

_SIGNALS: dict[str, tuple[bytes, ...]] = {
    "version": (b"server version",),
    "arguments": (b"non-default args",),
    "files": (b"Resolved architecture", b"Using max model len", b"model supports multiple tasks"),
    "engine": (b"LLM engine (v",),
    "load": (b"Starting to load model",),
    "reading": (b"using Runai Model Streamer:",),
    "streamed": (b"Overall time to stream",),
    "failed": (b"libstreamer due to", b"core initialization failed"),
    "loaded": (b"Model loading took",),
    "compiled": (b"torch.compile t",),
    "memory": (b"KV cache size:", b"Available KV cache memory"),
    "captured": (b"Graph capturing finished",),
    "warm": (b"init engine (profile",),
    "listening": (b"Starting vLLM",),
    "up": (b"Application startup complete", b"Uvicorn running on"),
    "healthy": (b'"GET /health',),
    "answered": (b'"POST /v1/',),
}
"""Kind of mark -> what its line holds. Source: vLLM 0.9.0 to 0.33.0, the streamer 0.8 to 0.17."""

_EARLY = ("version", "arguments")
_AFTER_UP = (*_EARLY, "up", "healthy", "answered")
_ONCE = {"healthy", "answered"}
_FIGURES = {
    "version": re.compile(r"server version (?P<detail>\S+)"),
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
        r"Model loading took (?P<size>\d{1,9}(?:\.\d+)?) (?P<unit>Gi?B)(?: memory)? "
        r"and (?P<seconds>\d{1,7}(?:\.\d+)?) seconds"
    ),
    "compiled": re.compile(
        r"torch\.compile t(?:akes|ook) (?P<seconds>\d{1,7}(?:\.\d+)?) s in total"
    ),
    "captured": re.compile(r"finished in (?P<seconds>\d{1,7}(?:\.\d+)?) secs"),
    "warm": re.compile(r"took (?P<seconds>\d{1,7}(?:\.\d+)?) s"),
    "healthy": re.compile(r'"GET /health[^"]*" (?P<detail>200)'),
    "answered": re.compile(r'"POST (?P<detail>/v1/[^" ]*)[^"]*" 200'),
}
"""What stands in the line; a line without it says nothing, or was cut off."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_RUNTIME = re.compile(r"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_OWN = re.compile(
    r"(?:(20\d\d)-)?(?<!\d)(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:[,.](\d+))?", re.ASCII
)
_RANK = re.compile(r"(?:TP|\brank=|\bRank )(\d+)")


@dataclass(frozen=True)
class Mark:
    """A line that tells how far the start is; figures that it does not give are None or "".

    `at` is the moment by the container runtime, or by the Pod's own clock where there is no
    other; `offset_s` is what that clock is ahead, if both are known. `seconds` is the time that
    the line names, `size_bytes` as rounded there. `life` counts the servers in one log from 0.
    """

    kind: str
    at: datetime | None = None
    offset_s: float | None = None
    seconds: float | None = None
    rank: int | None = None
    size_bytes: int | None = None
    detail: str = ""
    failed: bool = False
    life: int = 0
    line: str = ""


@dataclass(frozen=True)
class StartLog:
    """What a log tells of the last server that it holds; `lives` is how many it holds.

    `first` is the moment of its first line with a time.
    """

    marks: tuple[Mark, ...] = ()
    lives: int = 1
    first: datetime | None = None

    def all(self, kind: str) -> list[Mark]:
        """Return the last server's marks of a kind, in order."""
        return [m for m in self.marks if m.kind == kind and m.life == self.lives - 1]

    def at(self, *kinds: str) -> datetime | None:
        """Return the last moment of the first of the kinds that has one."""
        for kind in kinds:
            if moments := [m.at for m in self.all(kind) if m.at]:
                return max(moments)
        return None

    @property
    def streams(self) -> list[Mark]:
        """The streamer's lines with all their figures, those of failed loads left out.

        One per rank. Up to 0.15.x it is printed after a failed load too, so compare the size
        with the bucket's.
        """
        return [m for m in self.all("streamed") if not m.failed]

    @property
    def loading_s(self) -> float | None:
        """VLLM's own seconds for loading the model, the slowest rank's; None where untold.

        Source: vLLM 0.11.1 to 0.33.0; the one figure that every loader prints.
        """
        return max((m.seconds for m in self.all("loaded") if m.seconds is not None), default=None)

    @property
    def clock_offset_s(self) -> float | None:
        """How far the Pod's own clock is ahead of the runtime's, None where one is not told."""
        told = [mark.offset_s for mark in self.marks if mark.offset_s is not None]
        return median(told) if told else None


def is_whole(streamed_bytes: int, expected_bytes: int) -> bool:
    """Say whether a rounded size of the log can be that of all the weights.

    The log rounds to a tenth of its unit, so 1 % of the size is the tolerance.
    """
    return abs(streamed_bytes - expected_bytes) <= max(64, 0.01 * expected_bytes)


def read(log: str | bytes | Iterable[str | bytes], near: datetime | None = None) -> StartLog:
    """Read a whole log; `near` is a moment not far from it, for vLLM writes no year."""
    reader = Reader(near)
    for piece in [log] if isinstance(log, (str, bytes)) else log:
        reader.feed(piece)
    return reader.end()


class Reader:
    """Reads a log as it grows; what was fed is not read again."""

    def __init__(self, near: datetime | None = None) -> None:
        self._near = near or datetime.now(timezone.utc)
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
                self._look(kind, *_line(block, place))
            start = end

    def _begin(self, block: bytes) -> None:
        """Find the first line that has a time."""
        start = 0
        while self._first is None and start < len(block) and self._untimed < _UNTIMED:
            line, _ = _line(block, start)
            self._first = self._moment(line[:200])[0]
            self._untimed += 1
            start = block.find(b"\n", start) + 1 or len(block)

    def _places(self, block: bytes) -> Iterator[tuple[int, str]]:
        for kind in _AFTER_UP if "up" in self._seen else _SIGNALS:
            if kind in _ONCE & self._seen:
                continue
            for signal in _SIGNALS[kind]:
                place = block.find(signal)
                while place >= 0:
                    yield place, kind
                    place = block.find(signal, place + len(signal))

    def _look(self, kind: str, line: str, place: int) -> None:
        if kind in _ONCE & self._seen:
            return
        found = _FIGURES[kind].search(line, place) if kind in _FIGURES else None
        if kind in _FIGURES and found is None:
            return
        self._count_lives(kind)
        self._seen.add(kind)
        figures = found.groupdict() if found else {}
        at, offset_s = self._moment(line[:place])
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

    def _moment(self, text: str) -> tuple[datetime | None, float | None]:
        """Return the moment that a line's beginning tells, and how far its own clock is ahead."""
        own, runtime = self._own_clock(text), _runtime_clock(text)
        offset_s = (own - runtime).total_seconds() if own and runtime else None
        return runtime or own, offset_s

    def _own_clock(self, text: str) -> datetime | None:
        if not (found := _OWN.findall(text)):
            return None
        year, month, day, *clock, fraction = found[-1]
        parts = [int(part) for part in (month, day, *clock)]
        moments = []
        for guess in [int(year)] if year else range(self._near.year - 1, self._near.year + 2):
            try:
                moment = datetime(guess, *parts, tzinfo=timezone.utc)  # type: ignore[misc,arg-type]
                moments.append(moment + timedelta(seconds=float(f"0.{fraction or 0}")))
            except (ValueError, OverflowError):  # no such day in that year, or no day at all
                continue
        return min(moments, key=lambda moment: abs(moment - self._near), default=None)


def _runtime_clock(text: str) -> datetime | None:
    if not (found := _RUNTIME.search(text)):
        return None
    clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(clock + zone.replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc) + timedelta(seconds=float(f"0.{fraction or 0}"))
    except (ValueError, OverflowError):
        return None


def _line(block: bytes, place: int) -> tuple[str, int]:
    """Return the line around a place, bare of colours, and where the place is in it."""
    start = max(block.rfind(b"\n", 0, place) + 1, place - _MOST_LETTERS)
    end = block.find(b"\n", place, place + _MOST_LETTERS)
    end = place + _MOST_LETTERS if end < 0 else end
    before = _ANSI.sub("", block[start:place].decode("utf-8", "replace"))
    after = _ANSI.sub("", block[place:end].decode("utf-8", "replace"))
    return before + after, len(before)


def _seconds(figures: dict[str, str | None]) -> float | None:
    if (seconds := figures.get("seconds")) is None:
        return None
    minutes = 60 * int(figures.get("hours") or 0) + int(figures.get("minutes") or 0)
    return 60 * minutes + float(seconds)


def _size(figures: dict[str, str | None]) -> int | None:
    unit = _UNITS.get((figures.get("unit") or "").replace("GB", "GiB"))
    return round(float(figures["size"] or 0) * unit) if unit else None
