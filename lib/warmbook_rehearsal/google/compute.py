"""Compute Engine look-ups: regions, zones, GPUs, machine types, quotas; it runs no machines.

The figures are imitated; see `offer`. Plain JSON: the guide needs no client for these.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from ..access import Caller
from .capacity import (
    ACCELERATORS,
    OF_FAMILIES,
    REGIONS,
    ZONES,
    Accelerator,
    MachineType,
    Region,
    machine_types_in,
)
from .cluster_registry import ClusterRegistry
from .compute_filter import fits
from .errors import GoogleError
from .projects import Project

SERVICE = "compute.googleapis.com"
PAGE_SIZE = 500
_API = "https://www.googleapis.com/compute/v1"
Json = dict[str, Any]
Query = dict[str, str]


class Compute:
    """The look-ups of one set of projects; quotas count what the fleet's node pools use."""

    def __init__(self, cluster_registry: ClusterRegistry) -> None:
        self._fleet = cluster_registry

    def project(self, query: Query, caller: Caller) -> Json:
        """Answer projects.get, with the quotas that hold for all regions."""
        project = self._open(query, caller, "compute.projects.get")
        used = self._fleet.gpus_used(project.id).total()
        return {
            "kind": "compute#project",
            "id": project.number,
            "name": project.id,
            "selfLink": f"{_API}/projects/{project.id}",
            "quotas": [_quota("GPUS_ALL_REGIONS", self._fleet.quota_everywhere, used)],
        }

    def regions(self, query: Query, caller: Caller) -> Json:
        """Answer regions.list."""
        project = self._open(query, caller, "compute.regions.list")
        found = [self._region(project, region) for region in REGIONS.values()]
        return _page("compute#regionList", found, query)

    def region(self, query: Query, caller: Caller) -> Json:
        """Answer regions.get, with quotas and what is used of them."""
        project = self._open(query, caller, "compute.regions.get")
        if query["region"] not in REGIONS:
            raise _missing(project, f"regions/{query['region']}")
        return self._region(project, REGIONS[query["region"]])

    def zones(self, query: Query, caller: Caller) -> Json:
        """Answer zones.list."""
        project = self._open(query, caller, "compute.zones.list")
        return _page("compute#zoneList", [_zone(project, name) for name in ZONES], query)

    def zone(self, query: Query, caller: Caller) -> Json:
        """Answer zones.get."""
        project = self._open(query, caller, "compute.zones.get")
        return _zone(project, _known_zone(project, query))

    def accelerators_by_zone(self, query: Query, caller: Caller) -> Json:
        """Answer acceleratorTypes.aggregatedList."""
        project = self._open(query, caller, "compute.acceleratorTypes.list")
        items: Json = {}
        for zone in ZONES:
            offered = [a for a in _accelerators(project, zone) if fits(a, query.get("filter", ""))]
            items[f"zones/{zone}"] = (
                {"acceleratorTypes": offered} if offered else _nothing(f"zones/{zone}")
            )
        return {"kind": "compute#acceleratorTypeAggregatedList", "id": project.id, "items": items}

    def accelerators(self, query: Query, caller: Caller) -> Json:
        """Answer acceleratorTypes.list."""
        project = self._open(query, caller, "compute.acceleratorTypes.list")
        found = _accelerators(project, _known_zone(project, query))
        return _page("compute#acceleratorTypeList", found, query)

    def machine_types(self, query: Query, caller: Caller) -> Json:
        """Answer machineTypes.list."""
        project = self._open(query, caller, "compute.machineTypes.list")
        zone = _known_zone(project, query)
        found = [_machine_type(project, zone, machine) for machine in machine_types_in(zone)]
        return _page("compute#machineTypeList", found, query)

    def machine_type(self, query: Query, caller: Caller) -> Json:
        """Answer machineTypes.get."""
        project = self._open(query, caller, "compute.machineTypes.get")
        zone, name = _known_zone(project, query), query["machineType"]
        for machine in machine_types_in(zone):
            if machine.name == name:
                return _machine_type(project, zone, machine)
        raise _missing(project, f"zones/{zone}/machineTypes/{name}")

    def _open(self, query: Query, caller: Caller, permission: str) -> Project:
        try:
            return self._fleet.projects.open(query["project"], caller, permission, SERVICE)
        except GoogleError as error:
            disabled = "has not been used in project" in error.message
            error.compute_reason = "accessNotConfigured" if disabled else "forbidden"
            raise

    def _region(self, project: Project, region: Region) -> Json:
        used = self._fleet.gpus_used(project.id, region.name)
        limits = self._fleet.quotas(region)
        return {
            "kind": "compute#region",
            "name": region.name,
            "status": "UP",
            "zones": [f"{_API}/projects/{project.id}/zones/{zone}" for zone in region.zones],
            "quotas": [
                _quota(metric, limit, used[metric])
                for metric, limit in limits.items()
                if metric not in OF_FAMILIES
            ],
            **_identity(project, f"regions/{region.name}"),
        }


def _zone(project: Project, name: str) -> Json:
    region = ZONES[name].name
    return {
        "kind": "compute#zone",
        "name": name,
        "status": "UP",
        "region": f"{_API}/projects/{project.id}/regions/{region}",
        **_identity(project, f"zones/{name}"),
    }


def _accelerators(project: Project, zone: str) -> list[Json]:
    return [_accelerator(project, zone, ACCELERATORS[gpu]) for gpu in ZONES[zone].zones[zone]]


def _accelerator(project: Project, zone: str, gpu: Accelerator) -> Json:
    return {
        "kind": "compute#acceleratorType",
        "name": gpu.name,
        "description": gpu.title,
        "zone": f"{_API}/projects/{project.id}/zones/{zone}",
        "maximumCardsPerInstance": gpu.max_per_instance,
        **_identity(project, f"zones/{zone}/acceleratorTypes/{gpu.name}"),
    }


def _machine_type(project: Project, zone: str, machine: MachineType) -> Json:
    gpus = [{"guestAcceleratorType": machine.gpu, "guestAcceleratorCount": machine.gpu_count}]
    return {
        "kind": "compute#machineType",
        "name": machine.name,
        "guestCpus": machine.cpus,
        "memoryMb": machine.memory_gib * 1024,
        "zone": zone,
        **({"accelerators": gpus} if machine.gpu else {}),
        **_identity(project, f"zones/{zone}/machineTypes/{machine.name}"),
    }


def _identity(project: Project, path: str) -> Json:
    link = f"{_API}/projects/{project.id}/{path}"
    return {"id": str(zlib.crc32(path.encode())), "selfLink": link}


def _quota(metric: str, limit: int, used: int) -> Json:
    return {"metric": metric, "limit": float(limit), "usage": float(used)}


def _page(kind: str, found: Iterable[Json], query: Mapping[str, str]) -> Json:
    items = [item for item in found if fits(item, query.get("filter", ""))]
    start = _number(query, "pageToken", 0, largest=10**8)
    end = start + max(1, _number(query, "maxResults", PAGE_SIZE, largest=PAGE_SIZE))
    more = {"nextPageToken": str(end)} if end < len(items) else {}
    return {"kind": kind, "items": items[start:end], **more}


def _number(query: Mapping[str, str], field: str, usual: int, *, largest: int) -> int:
    text = query.get(field) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= largest):
        raise GoogleError(
            "INVALID_ARGUMENT",
            f"Invalid value for field '{field}': '{text[:100]}'.",
            compute_reason="invalid",
        )
    return int(text)


def _nothing(scope: str) -> Json:
    message = f"There are no results for scope '{scope}' on this page."
    data = [{"key": "scope", "value": scope}]
    return {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": message, "data": data}}


def _known_zone(project: Project, query: Query) -> str:
    if query["zone"] not in ZONES:
        raise _missing(project, f"zones/{query['zone']}")
    return query["zone"]


def _missing(project: Project, path: str) -> GoogleError:
    message = f"The resource 'projects/{project.id}/{path}' was not found"
    return GoogleError("NOT_FOUND", message, compute_reason="notFound")
