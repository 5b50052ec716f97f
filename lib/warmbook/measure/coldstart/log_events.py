"""What a log tells of a server's start, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal

_OWN_HANDLER = "[INFO] [RunAI Streamer]"
"""How the streamer's own handler writes from 0.17 on, with RUNAI_STREAMER_LOG_TO_STDERR=1."""
_SGLANG = ("ServerArgs(", "Load weight begin", "Load weight end", "fired up and ready to roll")


@dataclass(frozen=True)
class Mark:
    """A line that tells how far the start is; figures that it does not give are None or "".

    `at` is the moment by the container runtime, or by the Pod's own clock where there is no
    other; `offset_s` is what that clock is ahead, if both are known. `seconds` is the time that
    the line names, `size_bytes` as rounded there. `life` counts the servers in one log from 0.
    `place` is where in the log, in bytes, its line begins.
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
    place: int = 0


@dataclass(frozen=True)
class StartLog:
    """What a log tells of one server that it holds, the last; `lives` is how many it holds.

    `began` is the moment of the log's first line with a time; `chosen` is the server that was
    asked for instead of the last, from 0.
    """

    marks: tuple[Mark, ...] = ()
    lives: int = 1
    began: datetime | None = None
    chosen: int | None = None

    @property
    def life(self) -> int:
        """Which server is told of, from 0."""
        return self.lives - 1 if self.chosen is None else self.chosen

    @property
    def first(self) -> datetime | None:
        """The moment of the server's first line with a time."""
        if self.life == 0:
            return self.began
        return next((m.at for m in self.marks if m.life == self.life and m.at), None)

    @property
    def engine(self) -> Literal["vLLM", "SGLang"]:
        """Whose words the log has."""
        ours = [mark.line for mark in self.marks if mark.life == self.life]
        return "SGLang" if any(word in line for line in ours for word in _SGLANG) else "vLLM"

    @property
    def streamed(self) -> bool:
        """Whether the streamer loaded the weights, as far as is told: no other loader did."""
        told = {mark.kind for mark in self.marks if mark.life == self.life}
        return not told & {"shards", "read"} or bool(told & {"reading", "streamed"})

    def all(self, kind: str) -> list[Mark]:
        """Return the server's marks of a kind, in order."""
        return [m for m in self.marks if m.kind == kind and m.life == self.life]

    def at(self, *kinds: str) -> datetime | None:
        """Return the last moment of the first of the kinds that has one."""
        for kind in kinds:
            if moments := [m.at for m in self.all(kind) if m.at]:
                return max(moments)
        return None

    @property
    def streams(self) -> list[Mark]:
        """The streamer's lines with all their figures, those of failed loads left out.

        One per rank. Up to 0.16.x it is printed after a failed load too, so compare the size
        with the bucket's. From 0.17 a load may be told twice, by the streamer's own handler and
        by one that somebody gave to its logger: that counts once.
        """
        told = [m for m in self.all("streamed") if not m.failed]
        twins = [m for m in told if _OWN_HANDLER in m.line]
        others = [m for m in told if _OWN_HANDLER not in m.line]
        return others if sorted(map(_load, twins)) == sorted(map(_load, others)) else told

    @property
    def clock_offset_s(self) -> float | None:
        """How far the Pod's own clock is ahead of the runtime's, None where one is not told."""
        told = [mark.offset_s for mark in self.marks if mark.offset_s is not None]
        return median(told) if told else None


def _load(mark: Mark) -> tuple[int, float]:
    return mark.size_bytes or 0, mark.seconds or 0.0


def is_whole(streamed_bytes: int, expected_bytes: int) -> bool:
    """Say whether a rounded size of the log can be that of all the weights.

    The log rounds to a tenth of its unit, so 1 % of the size is the tolerance.
    """
    return abs(streamed_bytes - expected_bytes) <= max(64, 0.01 * expected_bytes)
