"""Which bytes of a read a zone's cache serves, and how many there were; sends nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from .caches import Caches
from .errors import StorageError
from .objects import Meta

BLOCK_BYTES = 2**20
"""What a cache takes in at a time."""

MOST_READS = 100_000
"""How many reads are remembered; the oldest are forgotten first."""


@dataclass(frozen=True)
class Sent:
    """Bytes that were sent to a zone in answer to one read."""

    moment: datetime
    bucket: str
    zone: str
    size_bytes: int
    from_cache: bool


class Traffic:
    """What is read in the zones, and which blocks of it their caches have taken in.

    A cache that runs takes in each block when it is read for the first time, or for the second
    where it was made so. An object that is replaced is another to it. Who reads from outside
    the zones meets no cache. Source: Cloud Storage, "Anywhere Cache".
    """

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._zones: dict[str, str] = {}
        self._held: dict[tuple[str, str, datetime], set[tuple[str, int, int]]] = {}
        self._missed: dict[tuple[str, str, datetime], set[tuple[str, int, int]]] = {}
        self._sent: deque[Sent] = deque(maxlen=MOST_READS)

    def place(self, address: str, zone: str) -> None:
        """Let what is read through `address` go to `zone`."""
        self._zones[address] = zone

    def read(self, address: str, meta: Meta, asked: range) -> Iterator[tuple[range, bool]]:
        """Yield the bytes in pieces, in order, each with whether a cache serves it."""
        zone = self._zones.get(address, "")
        if not zone:
            yield asked, False
            return
        for piece, from_cache in self._split(zone, meta, asked):
            moment = datetime.now(timezone.utc)
            self._sent.append(Sent(moment, meta.bucket, zone, len(piece), from_cache))
            yield piece, from_cache

    def sent(self, since: datetime, until: datetime) -> list[Sent]:
        """Return what was sent to zones after `since`, up to `until`."""
        return [one for one in self._sent if since < one.moment <= until]

    def _split(self, zone: str, meta: Meta, asked: range) -> Iterator[tuple[range, bool]]:
        try:
            cache = self._caches.get(meta.bucket, zone)
        except StorageError:
            cache = None
        if cache is None or cache.state != "running" or not asked:
            yield asked, False
            return
        key = (cache.bucket, cache.zone, cache.create_time)
        held, missed = self._held.setdefault(key, set()), self._missed.setdefault(key, set())
        start, from_cache = asked.start, None
        for number in range(asked.start // BLOCK_BYTES, (asked.stop - 1) // BLOCK_BYTES + 1):
            block = (meta.name, meta.generation, number)
            if from_cache not in (None, block in held):
                end = number * BLOCK_BYTES
                yield range(start, end), bool(from_cache)
                start = end
            from_cache = block in held
            if cache.admission_policy == "admit-on-first-miss" or block in missed:
                held.add(block)
            missed.add(block)
        yield range(start, asked.stop), bool(from_cache)
