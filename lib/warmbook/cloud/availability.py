"""What the cloud offers to choose from: projects, places with the GPU, models in buckets."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from ..errors import UnreachableError, WarmbookError
from ..settings import as_text, held
from .clients import Clients
from .errors import explained

MOST_BUCKETS = 20
"""How many buckets are searched for models before the form opens."""

OWN_METRICS = frozenset(
    f"NVIDIA_{name}_GPUS" for name in ("L4", "A100", "A100_80GB", "T4", "V100", "P100", "P4", "K80")
)
"""GPUs whose quota Compute Engine lists by itself. Source: discovery document compute.v1 (in
google-api-python-client 2.202.0), Quota.metric."""

ATTACHED = frozenset(f"nvidia-tesla-{name}" for name in ("t4", "v100", "p100", "p4"))
"""GPUs that are attached to N1 machines; all others are built in. Source: Compute Engine, "About
GPUs"."""

FAMILY_QUOTA = "GPUS-PER-GPU-FAMILY-per-project-region"
"""The quota of all others, by region and family, in Cloud Quotas."""


@dataclass(frozen=True)
class Offers:
    """Suggestions for the form; `missing` says why a setting has none."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


ASKED = ("project_id", "location", "model_uri", "gpu", "machine_type", "zone")
"""Settings that the cloud has suggestions for."""


@dataclass(frozen=True)
class Wanted:
    """What suggestions depend on, as it was typed: it may be wrong, and then nothing fits it."""

    project_id: str
    gpu: str = ""
    mode: str = ""
    gpu_count: str = ""
    location: str = ""
    zone: str = ""

    @classmethod
    def of(cls, draft: Mapping[str, object]) -> Wanted:
        """Return what a draft of settings wants; where it has nothing, what holds without it."""
        names = (one.name for one in fields(cls))
        return cls(**{name: as_text(draft.get(name) or held(name)[0]) for name in names})

    @property
    def region(self) -> str:
        """The region of the location."""
        return "-".join(self.location.split("-")[:2])


def ask(wanted: Wanted, names: Collection[str] = ASKED) -> Offers:
    """Ask the cloud what settings of these names could be; a refusal is a reason, not an error.

    Where it can't be reached or knows nobody here, one question is enough: its reason is that of
    the others too.
    """
    values: dict[str, tuple[str, ...]] = {}
    missing: dict[str, str] = {}
    for_all = ""
    for name, question in _questions(wanted).items():
        if name not in names or not (wanted.project_id or name == "project_id"):
            continue
        if for_all:
            missing[name] = for_all
            continue
        try:
            with explained():
                values[name] = tuple(question())
        except WarmbookError as error:
            missing[name] = f"{error.what} {error.remedy}"
            for_all = missing[name] if _holds_for_all(error) else ""
    return Offers(values, missing)


def _holds_for_all(error: WarmbookError) -> bool:
    """Say whether every other question would end the same way, most often after seconds."""
    nobody = error.pitfall in ("no-credentials", "credentials-expired")
    return nobody or isinstance(error, UnreachableError)


def _questions(wanted: Wanted) -> dict[str, Callable[[], Iterable[str]]]:
    clients = Clients(wanted.project_id)

    @cache
    def near() -> list[str]:
        return zones_with_gpu(clients, wanted.gpu)

    return {
        "project_id": lambda: projects(clients),
        "location": lambda: locations(near(), wanted.mode),
        "model_uri": lambda: models(clients),
        "gpu": lambda: gpus(clients, wanted.region),
        "machine_type": lambda: machines_for(clients, wanted, near()),
        "zone": lambda: zones_for(wanted, near()),
    }


def projects(clients: Clients) -> list[str]:
    """Return the IDs of the active projects that the reader may see."""
    found = clients.projects.search_projects(query="state:ACTIVE")
    return sorted(project.project_id for project in found)


def locations(near: Sequence[str], mode: str) -> list[str]:
    """Return where clusters can be, of zones with the GPU: their regions for Autopilot."""
    return list(near) if mode == "standard" else sorted({zone.rpartition("-")[0] for zone in near})


def zones_with_gpu(clients: Clients, gpu: str) -> list[str]:
    """Return the zones that offer the GPU type."""
    offered = gpus_by_zone(clients, filter=f"name={gpu}")
    return sorted(zone for zone, kinds in offered.items() if gpu in kinds)


def gpus(clients: Clients, region: str) -> list[str]:
    """Return the GPU types of a region, or of all regions where this one has none.

    Those of virtual workstations are left out: they are for graphics, and TPUs are no GPUs.
    Source: Compute Engine, "GPU machine types".
    """
    offered = gpus_by_zone(clients)
    here = [kinds for zone, kinds in offered.items() if zone.startswith(f"{region}-")]
    found = set[str]().union(*(here or offered.values()))
    return sorted(gpu for gpu in found if gpu.startswith("nvidia-") and not gpu.endswith("-vws"))


def zones_for(wanted: Wanted, near: Sequence[str]) -> list[str]:
    """Return which zones with the GPU are in the location; a zonal location is the only one."""
    return [zone for zone in near if f"{zone}-".startswith(f"{wanted.location}-")]


def machines_for(clients: Clients, wanted: Wanted, near: Sequence[str]) -> list[str]:
    """Return the machine types with exactly these GPUs in the zone, the smallest first.

    Where no zone is chosen, in the first of the location that has the GPU. A GPU that is not
    built into machines is attached to N1 machines. Source: Compute Engine API,
    machineTypes.list, `accelerators`; Compute Engine, "About GPUs".
    """
    zones = [wanted.zone] if wanted.zone else zones_for(wanted, near)[:1]
    sizes = {
        kind["name"]: int(kind["guestCpus"])
        for zone in zones
        for kind in _pages(clients, f"zones/{zone}/machineTypes")
        if _has(kind, wanted)
    }
    return sorted(sizes, key=lambda name: (sizes[name], name))


def _has(machine: Mapping[str, Any], wanted: Wanted) -> bool:
    if wanted.gpu in ATTACHED:
        return str(machine["name"]).startswith("n1-")
    built_in = machine.get("accelerators") or ()
    return [
        (one["guestAcceleratorType"], str(one["guestAcceleratorCount"])) for one in built_in
    ] == [(wanted.gpu, wanted.gpu_count)]


def gpus_by_zone(clients: Clients, **parameters: str) -> dict[str, set[str]]:
    """Return the accelerator types that each zone offers.

    Source: Compute Engine API, acceleratorTypes.aggregatedList.
    """
    offered: dict[str, set[str]] = {}
    for page in _answers(clients, "aggregated/acceleratorTypes", **parameters):
        for place, listed in (page.get("items") or {}).items():
            names = {kind["name"] for kind in listed.get("acceleratorTypes") or ()}
            offered.setdefault(place.rpartition("/")[2], set()).update(names)
    return offered


def _pages(clients: Clients, path: str) -> Iterator[Mapping[str, Any]]:
    for page in _answers(clients, path):
        yield from page.get("items") or ()


def _answers(clients: Clients, path: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
    token = ""
    while True:
        page = clients.compute(path, **parameters, **({"pageToken": token} if token else {}))
        yield page
        token = page.get("nextPageToken", "")
        if not token:
            return


def zones_of(clients: Clients, region: str) -> list[str]:
    """Return the zones of a region that are up."""
    found = clients.compute("zones").get("items") or ()
    return sorted(
        zone["name"]
        for zone in found
        if zone["region"].rpartition("/")[2] == region and zone["status"] == "UP"
    )


def gpu_quota(
    clients: Clients, region: str, gpu: str, *, spot: bool = False
) -> tuple[float | None, float]:
    """Return limit and usage of the region's quota for the GPU, in GPUs; None where unknown.

    Newer GPUs share a quota by family, which Cloud Quotas tells, without the usage: 0 stands for
    it. Spot machines count against the preemptible quota once the project has been given one in
    the region, else against the ordinary one. Source: Compute Engine, "Allocation quotas".
    """
    listed = clients.compute(f"regions/{region}").get("quotas") or ()
    quotas = {one["metric"]: (float(one["limit"]), float(one["usage"])) for one in listed}
    metric = _metric(gpu)
    limit, usage = quotas.get(f"PREEMPTIBLE_{metric}", (0.0, 0.0))
    if spot and limit:
        return limit, usage
    if metric in quotas or not shares_quota(gpu):
        return quotas.get(metric, (None, 0.0))
    return _limit_of_family(clients, region, _family(gpu)), 0.0


def shares_quota(gpu: str) -> bool:
    """Say whether the GPU has no metric of its own, only a part of its family's quota."""
    return _metric(gpu) not in OWN_METRICS


def _limit_of_family(clients: Clients, region: str, family: str) -> float | None:
    """Return the family's limit in the region, None where the reader may not ask.

    The first entry decides of which all dimensions fit; a value that is left out is 0, and -1 is
    no limit. Source: google-cloud-quotas 0.6.3, types/resources.py, QuotaInfo.dimensions_infos.
    """
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        told = clients.quota("compute.googleapis.com", FAMILY_QUOTA)
    except (Forbidden, NotFound):
        return None
    wanted = {"region": region, "gpu_family": family}
    for one in told.get("dimensionsInfos") or ():
        if (one.get("dimensions") or {}).items() <= wanted.items():
            value = int((one.get("details") or {}).get("value", 0))
            return float("inf") if value < 0 else float(value)
    return None


def _metric(gpu: str) -> str:
    return f"{_family(gpu)}_GPUS"


def _family(gpu: str) -> str:
    """Return the GPU's name in quotas; the size of the memory is part of one name only."""
    name = re.sub(r"^(nvidia-)?(tesla-)?", "", gpu)
    name = name if name == "a100-80gb" else re.sub(r"-\d+gb$", "", name)
    return f"NVIDIA_{name.upper().replace('-', '_')}"


def machine_gpus(clients: Clients, zone: str, machine_type: str) -> dict[str, int] | None:
    """Return the GPUs that are built into a machine type, None where the zone has no such type.

    Source: Compute Engine API, machineTypes.get, `accelerators`.
    """
    from google.api_core.exceptions import NotFound

    try:
        found = clients.compute(f"zones/{zone}/machineTypes/{machine_type}")
    except NotFound:
        return None
    listed = found.get("accelerators") or ()
    return {one["guestAcceleratorType"]: int(one["guestAcceleratorCount"]) for one in listed}


def gpu_quota_everywhere(clients: Clients) -> tuple[float | None, float]:
    """Return limit and usage of the quota for GPUs of all types in all regions."""
    for quota in clients.compute("").get("quotas") or ():
        if quota["metric"] == "GPUS_ALL_REGIONS":
            return float(quota["limit"]), float(quota["usage"])
    return None, 0.0


def models(clients: Clients) -> list[str]:
    """Return the folders of the project's buckets that hold safetensors files."""
    found: set[str] = set()
    for bucket in clients.storage.list_buckets(max_results=MOST_BUCKETS):
        blobs = bucket.list_blobs(match_glob="**.safetensors", fields="items(name),nextPageToken")
        folders = {blob.name.rpartition("/")[0] for blob in blobs}
        found |= {f"gs://{bucket.name}/{folder}" for folder in folders if folder}
    return sorted(found)
