"""The network between the rehearsal's storage and who reads it; as fast as it goes unless shaped.

What is shaped is what is read from storage, by Pods and by the reader alike. Uploads and the
other services are not.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from .request_faults import Incoming

READING = ("GET", "HEAD")

PIECE_S = 0.016
PIECE_BYTES = range(64 * 2**10, 2**20)
"""A piece is what a stream carries in PIECE_S, in these bounds: small enough to be fair and
smooth, large enough that 32 streams leave this process time for anything else."""

BEHIND_S = 0.1
"""Seconds of lateness that a stream makes up: the event loop's, whose clock counts whole
milliseconds, or a busy machine's. A client that reads more slowly than that has lost its time."""


@dataclass(frozen=True)
class Network:
    """The shape of a network; a figure of 0 is left as this machine has it.

    `jitter`, 0 to 1, spreads each request's latency and its time per byte evenly over
    1 - jitter to 1 + jitter times the figure.
    """

    latency_ms: float = 0
    """From a request to the first byte of its answer, in milliseconds."""
    stream_mib_s: float = 0
    """Of one stream, which is one request, in MiB/s (2**20 bytes per second)."""
    nic_gbps: float = 0
    """Of one machine, in Gbps (1e9 bits per second), shared by its streams."""
    region_gbps: float = 0
    """Of what leaves the buckets, in Gbps, shared by all machines; caches of zones have no part."""
    jitter: float = 0

    @property
    def is_shaped(self) -> bool:
        """Whether anything is slower than this machine makes it."""
        return bool(self.latency_ms or self.stream_mib_s or self.nic_gbps or self.region_gbps)

    def __str__(self) -> str:
        told = (
            (self.latency_ms, f"{self.latency_ms:g} ms"),
            (self.stream_mib_s, f"{self.stream_mib_s:g} MiB/s per stream"),
            (self.nic_gbps, f"{self.nic_gbps:g} Gbps per machine"),
            (self.region_gbps, f"{self.region_gbps:g} Gbps for the region"),
            (self.jitter, f"jitter {self.jitter:g}"),
        )
        return ", ".join(text for figure, text in told if figure)


UNSHAPED = Network()
_REGION = "the region"


class Shaper:
    """Makes what is read wait until the network would have brought it.

    It keeps a time of its own for each stream and each machine: when the bytes so far have
    arrived. Whatever the event loop is late by is so made up, not added up. `now` and `sleep`
    are in seconds; `seed` gives the jitter.
    """

    def __init__(
        self,
        network: Network = UNSHAPED,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seed: int = 0,
    ) -> None:
        self.network = network
        self._now, self._sleep, self._random = now, sleep, random.Random(seed)
        self._stream = Rate(network.stream_mib_s * 2**20)
        self._nic = Rate(network.nic_gbps * 1e9 / 8)
        self._region = Rate(network.region_gbps * 1e9 / 8)
        self._machines: dict[str, str] = {}
        self._busy_until: dict[str, float] = {}
        self._rates = [r for r in (self._stream, self._nic, self._region) if r.bytes_s]
        carried = min((rate.bytes_s for rate in self._rates), default=0)
        self._piece = int(min(max(carried * PIECE_S, PIECE_BYTES.start), PIECE_BYTES.stop))

    def place(self, address: str, machine: str) -> None:
        """Let what is read through `address` share the NIC of `machine`; its own otherwise."""
        self._machines[address] = machine

    async def meet(self, incoming: Incoming) -> None:
        """Let a request that reads from storage wait for its first byte; all others pass."""
        if incoming.service == "storage" and incoming.method in READING:
            await self._sleep(self.network.latency_ms / 1000 * self._spread())

    async def paced(
        self, address: str, sent: range, *, from_cache: bool = False
    ) -> AsyncIterator[range]:
        """Yield the bytes of one answer to `address` in pieces, each when it would have arrived.

        What a zone's cache serves takes nothing of the region's rate.
        """
        if not self._rates:
            yield sent
            return
        shared = {self._machines.get(address, address): self._nic}
        if not from_cache:
            shared[_REGION] = self._region
        arrived, slower = self._now(), self._spread()
        for start in range(sent.start, sent.stop, self._piece):
            piece = sent[start - sent.start :][: self._piece]
            begun = max(arrived, self._now() - BEHIND_S)
            arrived = begun + self._stream.seconds(len(piece)) * slower
            for way, rate in shared.items():
                free = max(begun, self._busy_until.get(way, begun))
                self._busy_until[way] = free + rate.seconds(len(piece))
                arrived = max(arrived, self._busy_until[way])
            if (early := arrived - self._now()) > 0:
                await self._sleep(early)
            yield piece

    def _spread(self) -> float:
        return 1 + self.network.jitter * self._random.uniform(-1, 1)


@dataclass(frozen=True)
class Rate:
    """Bytes per second; 0 is no limit."""

    bytes_s: float

    def seconds(self, size_bytes: int) -> float:
        """Return how long so many bytes take."""
        return size_bytes / self.bytes_s if self.bytes_s else 0.0
