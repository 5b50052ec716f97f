"""What the rehearsal's regions offer: zones, GPUs, machine types, quotas; holds no usage.

The figures (`offer.json`) are imitated: picked to look like Google Cloud's, with small quotas.
Look up the real ones with `gcloud compute accelerator-types list`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Accelerator:
    """A type of GPU: its title, its quota metric, how many one machine can have.

    Newer ones have no metric of their own in Compute Engine: `family` names them in the quota
    `gpus_per_gpu_family`, and `quota` stands for that here. Source: discovery document
    compute.v1, Quota.metric.
    """

    name: str
    title: str
    quota: str
    max_per_instance: int
    family: str = ""

    @property
    def spot_quota(self) -> str:
        """The metric of Spot machines where the project has a quota for those."""
        return f"PREEMPTIBLE_{self.quota}"


@dataclass(frozen=True)
class MachineType:
    """A size of machine; `gpu` is built into it, `gpu_count` of them."""

    name: str
    cpus: int
    memory_gib: int
    gpu: str = ""
    gpu_count: int = 0

    def takes(self, gpus: Mapping[str, int]) -> bool:
        """Say whether a machine of this type can have exactly these GPUs."""
        if self.gpu:
            return dict(gpus) == {self.gpu: self.gpu_count}
        return not gpus or (self.name.startswith("n1-") and set(gpus) == {"nvidia-tesla-t4"})


@dataclass(frozen=True)
class Region:
    """A region: the GPU types of each of its zones, and the limit of each quota."""

    name: str
    zones: Mapping[str, Sequence[str]]
    quotas: Mapping[str, int]


_FACTS: Mapping[str, Any] = json.loads(
    resources.files(__package__).joinpath("capacity.json").read_text(encoding="utf-8")
)
ACCELERATORS = {name: Accelerator(name, **facts) for name, facts in _FACTS["accelerators"].items()}
MACHINE_TYPES = {
    name: MachineType(name, **facts) for name, facts in _FACTS["machine_types"].items()
}
OF_FAMILIES = {
    metric for gpu in ACCELERATORS.values() if gpu.family for metric in (gpu.quota, gpu.spot_quota)
} - {"PREEMPTIBLE_NVIDIA_H100_GPUS"}
"""What Compute Engine does not list of the quotas that are counted here."""
REGIONS = {name: Region(name, **facts) for name, facts in _FACTS["regions"].items()}
ZONES = {zone: region for region in REGIONS.values() for zone in region.zones}
"""The region of each zone, by the zone's name."""
GPUS_ALL_REGIONS: int = _FACTS["gpus_all_regions"]


def region_of(location: str) -> Region | None:
    """Return the region that a location is, or lies in."""
    return REGIONS.get(location) or ZONES.get(location)


def zones_of(region: str) -> tuple[str, ...]:
    """Return the zones of a region, none if there is no such region."""
    return tuple(REGIONS[region].zones) if region in REGIONS else ()


def machine_types_in(zone: str) -> list[MachineType]:
    """Return the machine types of a zone: all, less those with a GPU that isn't there."""
    gpus = ZONES[zone].zones[zone]
    return [machine for machine in MACHINE_TYPES.values() if not machine.gpu or machine.gpu in gpus]
