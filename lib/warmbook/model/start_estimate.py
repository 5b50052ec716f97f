"""How long a whole cold start takes, by what is assumed of it; nothing is measured.

The load of the weights comes from its limits (`load_estimate`), the other parts from the reader's
own measured start or from what Google published in October 2026: GoogleCloudPlatform/
accelerated-platforms, vllm-with-runai-model-streamer.md (vLLM 0.26.0 on Autopilot, H100 and RTX
PRO 6000). Each figure with its condition, source and date: `data/gpus.json`, `phases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from ..settings.machines import data
from .gpus import GIB, Machine
from .load_estimate import REGION_GBPS, LoadTime, guide_rate, load_time

PARTS = ("node", "image", "engine", "weights", "compile", "answer", "unexplained")
"""The parts of a cold start, in order; `unexplained` is of measured ones only."""

SPREAD = 1.35
"""How much longer than its limits allow a load was in Google's measurements, at most."""


GUIDE_GIB = 15.0
"""Size of the weights in the guide's log line."""

_GROUPS = {
    "machine": ("node", "image"),
    "weights": ("weights",),
    "vllm": ("engine", "compile", "answer"),
}


@dataclass(frozen=True)
class Assumed:
    """What a load and a cold start are estimated for; each is a control of the explorer."""

    weights_gib: float
    gpus: int
    nic_gbps: float
    streams: int
    latency_ms: int = 0
    replicas: int = 1
    region_gbps: int = round(REGION_GBPS)
    cache: bool = False


@dataclass(frozen=True)
class Part:
    """A part of a cold start: it takes from `low_s` to `high_s` seconds."""

    name: str
    low_s: float
    high_s: float

    @property
    def middle_s(self) -> float:
        """Half way between the two."""
        return (self.low_s + self.high_s) / 2


@dataclass(frozen=True)
class OwnStart:
    """What the reader measured: the parts of a cold start, and loads as (bytes, seconds)."""

    parts: tuple[Part, ...] = ()
    loads: tuple[tuple[int, float], ...] = ()

    @property
    def others(self) -> tuple[Part, ...]:
        """The parts without the weights."""
        return tuple(part for part in self.parts if part.name != "weights")

    @property
    def total_s(self) -> float:
        """How long the measured start took."""
        return sum(part.middle_s for part in self.parts)


@dataclass(frozen=True)
class StartEstimate:
    """The load by its limits, and the parts of the cold start in order."""

    load: LoadTime
    parts: tuple[Part, ...]

    @property
    def total(self) -> Part:
        """The whole cold start, from the node to the first answer."""
        low_s, high_s = (sum(getattr(p, end) for p in self.parts) for end in ("low_s", "high_s"))
        return Part("start", low_s, high_s)


def start_estimate(assumed: Assumed, on: Machine, others: Sequence[Part] = ()) -> StartEstimate:
    """Estimate load and cold start on a machine like `on`, but for what is assumed.

    `others` are the parts beside the weights, without them Google's.
    """
    load = load_time(
        round(assumed.weights_gib * GIB),
        replace(on, gpus=assumed.gpus, nic_gbps=assumed.nic_gbps),
        replicas=assumed.replicas,
        region_gbps=assumed.region_gbps,
        cache=assumed.cache,
        streams=assumed.streams,
        latency_s=assumed.latency_ms / 1000,
    )
    weights = Part("weights", load.least_s, load.least_s * SPREAD)
    parts = (*(others or published()), weights)
    return StartEstimate(load, tuple(sorted(parts, key=lambda part: PARTS.index(part.name))))


@cache
def published() -> tuple[Part, ...]:
    """Return the parts beside the weights as Google published them."""
    return tuple(Part(row["name"], row["low_s"], row["high_s"]) for row in data()["phases"])


def longest_group() -> str:
    """Return what takes longest in a streamed cold start: `machine`, `weights` or `vllm`.

    The weights are those of the guide's log line, at its rate; the other parts are Google's.
    """
    load_s = GUIDE_GIB * GIB / guide_rate()
    parts = (*published(), Part("weights", load_s, load_s))

    def middle_s(group: str) -> float:
        return sum(part.middle_s for part in parts if part.name in _GROUPS[group])

    return max(_GROUPS, key=middle_s)
