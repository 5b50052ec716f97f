"""How long a load of weights takes at least, by the limits on its way; nothing is measured.

Figures, sources and dates: `data/gpus.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..settings.machines import data
from ..texts import say
from .gpus import GIB, Machine, Measured, estimate, gpu, measured

REGION_GBPS = 200.0
"""A region's quota of Cloud Storage's egress to Google's services, by a secondary source."""

CACHE_GBPS = 100.0
"""What a zone's Anywhere Cache gives at first; it grows with what is stored. Source: the guide.

Google read 33 to 39 GiB/s from one with six replicas (GoogleCloudPlatform/accelerated-platforms,
vllm-with-runai-model-streamer.md, October 2026).
"""

REQUEST_BYTES = 8 * 2**20
"""What a connection asks for at a time, so often it waits for a first byte.

Source: runai-model-streamer 0.17.0, docs/src/env-vars.md, RUNAI_STREAMER_CHUNK_BYTESIZE.
"""

CLIENTS = 8
"""The streamer's clients of an object store unless told otherwise, from 0.8 to 0.17."""


@dataclass(frozen=True)
class LoadTime:
    """The least seconds by each limit, `binds` the one that holds the load up.

    `nic` is the machine's network, `region` the region's quota, `cache` what a zone's cache gives
    instead of it, `streams` what the streamer's connections carry, `pcie` the way into the GPUs;
    where a figure is missing, so is the limit.
    `estimated`: the NIC's rate is an estimate, as those of all the others are. `guide_s` is the
    same load at the guide's rate.
    """

    limits: Mapping[str, float]
    estimated: bool
    guide_s: float
    measured: tuple[Measured, ...]

    def at(self, other: Measured) -> float:
        """Return the seconds of this load at the rate that Google measured with another."""
        return self.guide_s * guide_rate() / GIB / other.gib_s

    @property
    def binds(self) -> str:
        """`nic`, `streams`, `pcie`, `region` or `cache`."""
        return max(self.limits, key=lambda name: self.limits[name])

    @property
    def least_s(self) -> float:
        """What the limits allow; Google measured from 1 % less to 35 % more."""
        return self.limits[self.binds]


def load_time(
    weight_bytes: int,
    to: Machine,
    *,
    replicas: int = 1,
    region_gbps: float = REGION_GBPS,
    cache: bool = False,
    streams: int | None = None,
    latency_s: float = 0.0,
) -> LoadTime:
    """Return the least time to bring the weights to each of `replicas` machines at once.

    `region_gbps` is the region's quota of egress, by a secondary source; with `cache` the zone's
    cache gives the bytes, as much as it does at first, and the quota does not count. `streams` is
    how many connections a machine opens. Each carries the most that one was seen to carry: with
    more of them it was less, but then they shared what held them all up. `latency_s` is what each
    request waits beyond what it waited there.
    """
    bits = weight_bytes * 8
    name, shared_gbps = ("cache", CACHE_GBPS) if cache else ("region", region_gbps)
    limits = {"nic": bits / (to.nic_gbps * 1e9), name: bits * replicas / (shared_gbps * 1e9)}
    if streams:
        limits["streams"] = weight_bytes / (streams * _stream_rate(latency_s))
    if rate := gpu(to.gpu).pcie_gb_s:
        limits["pcie"] = weight_bytes / to.gpus / (rate * 1e9)
    estimated = "nic_gbps" in to.estimates
    return LoadTime(limits, estimated, weight_bytes / guide_rate(), measured())


def _stream_rate(latency_s: float) -> float:
    """Return what one connection carries, in bytes per second."""
    return REQUEST_BYTES / (REQUEST_BYTES / estimate("stream").high + latency_s)


def crowded(on: Machine, shared_gbps: float) -> int:
    """Return how many machines that load at once are the fewest that a shared rate holds up."""
    return math.floor(shared_gbps / on.nic_gbps) + 1


def connections(vcpus: int, clients: int = 0, per_client: int = 0) -> int:
    """Return how many connections the streamer opens to Cloud Storage in one process.

    0 stands for its defaults: 8 clients, and together two connections for each of the machine's
    vCPUs, whatever the Pod asks for. Source: runai-model-streamer 0.15.9,
    cpp/gcs/client_configuration.
    """
    clients = clients or CLIENTS
    return clients * (per_client or max(1, 2 * vcpus // clients))


def guide_rate() -> float:
    """Return the rate in the guide's own log line, in bytes per second."""
    return float(data()["guide"]["gib_per_s"]) * GIB


def limit_name(name: str, on: Machine) -> str:
    """Return a limit of `LoadTime` in words, marked where its rate is an estimate."""
    if name == "region":  # of the quota we know a secondary source only
        return say("the region's quota (an estimate)")
    if name == "cache":
        return say("initial limit of a zone's cache")
    if name == "streams":  # measured on another cloud's object store
        return say("the streamer's parallel reads (an estimate)")
    if name == "pcie":
        return say("the GPU's PCIe bus (an estimate)")
    if "nic_gbps" in on.estimates:
        return say("{gbps:g} Gbps ({machine}, an estimate)", gbps=on.nic_gbps, machine=on.name)
    return f"{on.nic_gbps:g} Gbps ({on.name})"
