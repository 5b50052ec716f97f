"""The GPUs and machines of GKE, and what others measured; the figures of `data/gpus.json`.

Each has source and date there. `estimates` names the fields that no source states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from ..errors import MissingError
from ..settings import Settings
from ..settings.machines import data
from ..texts import say

GIB = 2**30
_T = TypeVar("_T")


@dataclass(frozen=True)
class Range:
    """Bytes between a least and a most."""

    low: int
    high: int

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Gpu:
    """A GPU of GKE: bytes as the vendor states them and, where known, as PyTorch sees them.

    `step_tokens` is the most that vLLM's server computes at once on it unless told otherwise,
    `pcie_gb_s` what its bus carries in GB (1e9 bytes) per second, None where we know nothing.
    """

    label: str
    memory_bytes: int
    seen_bytes: Range | None
    step_tokens: int
    estimates: tuple[str, ...]
    source: str
    date: str
    pcie_gb_s: float | None = None

    @property
    def usable(self) -> Range:
        """What PyTorch sees, else between the vendor's figure read as GB and read as GiB."""
        return self.seen_bytes or Range(self.memory_bytes, self.memory_bytes // 10**9 * GIB)


@dataclass(frozen=True)
class Price:
    """US dollars for an hour of a machine; `listed` is False where computed from other sizes."""

    on_demand_usd: float
    spot_usd: float
    region: str
    listed: bool
    source: str
    date: str


@dataclass(frozen=True)
class Machine:
    """A machine type; `estimates` names the fields that no source states."""

    name: str
    gpu: str
    gpus: int
    vcpus: int | None
    memory_gib: int | None
    nic_gbps: float
    price: Price | None
    estimates: tuple[str, ...]
    source: str
    date: str


@dataclass(frozen=True)
class Measured:
    """A load that Google measured: the median seconds of `runs`."""

    model: str
    machine: str
    weights_gib: float
    seconds: float
    runs: int
    source: str
    date: str

    @property
    def gib_s(self) -> float:
        """The rate in GiB/s (2**30 bytes per second)."""
        return self.weights_gib / self.seconds


def gpu(label: str) -> Gpu:
    """Return the GPU with this label `cloud.google.com/gke-accelerator`.

    Raises:
        MissingError: `data/gpus.json` does not have it.
    """
    return _named(label, {found.label: found for found in gpus()})


def label_of(name: str) -> str:
    """Return the label of a GPU by its name, with or without the vendor's: l4, nvidia-l4.

    Raises:
        MissingError: `data/gpus.json` does not have it.
    """
    lower = name.lower()
    short = {found.label.removeprefix("nvidia-"): found for found in gpus()}
    return short[lower].label if lower in short else gpu(lower).label


def machine(name: str) -> Machine:
    """Return the machine type.

    Raises:
        MissingError: `data/gpus.json` does not have it.
    """
    return _named(name, {found.name: found for found in machines()})


def machines_for(label: str) -> tuple[Machine, ...]:
    """Return the machine types with this GPU, the smallest first; none for an unknown GPU."""
    found = (machine for machine in machines() if machine.gpu == label)
    return tuple(sorted(found, key=lambda machine: (machine.gpus, machine.vcpus or 0)))


def coming(settings: Settings) -> Machine | None:
    """Return the machine that the server's Pod will get, None where no figures tell.

    Standard's is the form's. Autopilot chooses by what the Pod asks for: the form's too where it
    has the GPUs, else the smallest that does.
    """
    fits = [one for one in machines_for(settings.gpu) if one.gpus == settings.gpu_count]
    named = [one for one in fits if one.name == settings.machine_type]
    return next(iter([*named, *(fits if settings.mode == "autopilot" else [])]), None)


def price(name: str) -> Price | None:
    """Return what an hour of the machine type costs, or None where we read no list that says.

    Raises:
        MissingError: `data/gpus.json` does not have the machine.
    """
    return machine(name).price


@cache
def gpus() -> tuple[Gpu, ...]:
    """Return every GPU that we have figures of."""
    rows = (_frozen(row) for row in data()["gpus"])
    return tuple(
        Gpu(**{**row, "seen_bytes": Range(*row["seen_bytes"]) if row["seen_bytes"] else None})
        for row in rows
    )


@cache
def machines() -> tuple[Machine, ...]:
    """Return every machine type that we have figures of."""
    rows = (_frozen(row) for row in data()["machines"])
    return tuple(
        Machine(**{**row, "price": Price(**row["price"]) if row["price"] else None}) for row in rows
    )


def measured() -> tuple[Measured, ...]:
    """Return the loads that Google measured."""
    return tuple(Measured(**row) for row in data()["measured"])


def estimate(name: str) -> Range:
    """Return a figure that depends on what we can't see before the start; see its `what`."""
    row = next(row for row in data()["estimates"] if row["name"] == name)
    return Range(row["low_bytes"], row["high_bytes"])


def _frozen(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "estimates": tuple(row["estimates"])}


def _named(name: str, known: Mapping[str, _T]) -> _T:
    if name in known:
        return known[name]
    raise MissingError(
        say("{name} is not in the machine table", name=name),
        remedy=say("Choose one of {known}.", known=", ".join(known)),
    )
