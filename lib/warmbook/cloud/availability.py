"""What the cloud offers to choose from: projects, places with the GPU, models in buckets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import WarmbookError
from .clients import Clients
from .errors import explained

MOST_BUCKETS = 20
"""How many buckets are searched for models before the form opens."""

OWN_METRICS = frozenset(
    f"NVIDIA_{name}_GPUS" for name in ("L4", "A100", "A100_80GB", "T4", "V100", "P100", "P4", "K80")
)
"""GPUs whose quota Compute Engine lists by itself. Source: discovery document compute.v1 (in
google-api-python-client 2.202.0), Quota.metric."""

FAMILY_QUOTA = "GPUS-PER-GPU-FAMILY-per-project-region"
"""The quota of all others, by region and family, in Cloud Quotas."""


@dataclass(frozen=True)
class Offers:
    """Suggestions for the form; `missing` says why a setting has none."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def ask(project_id: str, gpu: str, mode: str) -> Offers:
    """Ask the cloud what each setting could be; a refusal becomes a reason, not an error."""
    clients = Clients(project_id)
    questions: dict[str, Any] = {"project_id": lambda: projects(clients)}
    if project_id:
        questions["location"] = lambda: locations(clients, gpu, mode)
        questions["model_uri"] = lambda: models(clients)
    values: dict[str, tuple[str, ...]] = {}
    missing: dict[str, str] = {}
    for name, question in questions.items():
        try:
            with explained():
                values[name] = tuple(question())
        except WarmbookError as error:
            missing[name] = f"{error.what} {error.remedy}"
    return Offers(values, missing)


def projects(clients: Clients) -> list[str]:
    """Return the IDs of the active projects that the reader may see."""
    found = clients.projects.search_projects(query="state:ACTIVE")
    return sorted(project.project_id for project in found)


def locations(clients: Clients, gpu: str, mode: str) -> list[str]:
    """Return where the GPU is offered: regions for Autopilot, zones for Standard."""
    zones = zones_with_gpu(clients, gpu)
    return zones if mode == "standard" else sorted({zone.rpartition("-")[0] for zone in zones})


def zones_with_gpu(clients: Clients, gpu: str) -> list[str]:
    """Return the zones that offer the GPU type.

    Source: Compute Engine API, acceleratorTypes.aggregatedList.
    """
    zones: set[str] = set()
    token = ""
    while True:
        more = {"pageToken": token} if token else {}
        page = clients.compute("aggregated/acceleratorTypes", filter=f"name={gpu}", **more)
        for place, listed in (page.get("items") or {}).items():
            if any(kind["name"] == gpu for kind in listed.get("acceleratorTypes") or ()):
                zones.add(place.rpartition("/")[2])
        token = page.get("nextPageToken", "")
        if not token:
            return sorted(zones)


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
