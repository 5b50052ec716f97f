"""Who tells how long the weights took, and how near that is to what the limits allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...model.gpus import Machine
from ...model.load_estimate import LoadTime, load_time
from .startlog import StartLog, is_whole


@dataclass(frozen=True)
class Witness:
    """Who tells how long the weights took: the bytes of all ranks, the slowest rank's seconds.

    `size_bytes` is exact where it agrees with the bucket's; `whole` is None where those are not
    known. `line` is the log's own, of the slowest rank; `ranks` are (rank, bytes, seconds).
    """

    source: Literal["streamer", "vLLM", "SGLang"]
    size_bytes: int
    elapsed_s: float
    whole: bool | None
    line: str
    ranks: tuple[tuple[int | None, int, float], ...] = ()

    @property
    def gib_s(self) -> float:
        """The rate in GiB/s (2**30 bytes per second), 0 where no time passed."""
        return self.size_bytes / 2**30 / self.elapsed_s if self.elapsed_s else 0.0

    def limits(self, on: Machine, *, replicas: int = 1, streams: int | None = None) -> LoadTime:
        """Return the least time of this load on a machine, by each limit.

        `streams` is how many connections each of its ranks opened, None where nobody knows.
        """
        all_streams = streams and streams * max(1, len(self.ranks))
        return load_time(self.size_bytes, on, replicas=replicas, streams=all_streams)

    def efficiency(self, limits: LoadTime) -> float:
        """Return the least time that the limits allow, as a share of the time it took."""
        return limits.least_s / self.elapsed_s if self.elapsed_s else 0.0


def witness(log: StartLog, expected_bytes: int | None = None) -> Witness | None:
    """Return who tells how long the weights took, None where nobody does.

    The streamer's own lines are the best witness, one per rank; the ranks read side by side,
    each its share. From 0.17 on each counts all that it delivers, whoever read it, and ranks that
    share nothing read it all: then the bucket's bytes count once. Else the engine's loading time
    stands with the bucket's bytes, and at last its progress bar.
    """
    told = [(m.rank, m.size_bytes, m.seconds) for m in log.streams]
    ranks = tuple((rank, size, s) for rank, size, s in told if size is not None and s is not None)
    if ranks:
        sizes = [size for _, size, _ in ranks]
        each_whole = expected_bytes is not None and all(is_whole(x, expected_bytes) for x in sizes)
        size_bytes = max(sizes) if each_whole else sum(sizes)
        slowest = max(log.streams, key=lambda mark: mark.seconds or 0.0)
        whole = None if expected_bytes is None else is_whole(size_bytes, expected_bytes)
        exact = expected_bytes if whole and expected_bytes is not None else size_bytes
        return Witness("streamer", exact, slowest.seconds or 0.0, whole, slowest.line, ranks)
    bars = [bar for bar in log.all("reading") if bar.detail == "100"]
    loaded = [mark for mark in log.all("loaded") if mark.seconds is not None]
    for marks in (log.all("read"), loaded, bars):
        if marks:
            slowest = max(marks, key=lambda mark: mark.seconds or 0.0)
            size_bytes = expected_bytes or sum(mark.size_bytes or 0 for mark in loaded)
            return Witness(log.engine, size_bytes, slowest.seconds or 0.0, None, slowest.line)
    return None
