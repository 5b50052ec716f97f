"""Cloud Quotas as far as GPUs of newer families go: their limits by region; no usage.

Source: the client library google-cloud-quotas 0.6.3, `types/resources.py` and its HTTP rules. The
API is off until somebody enables it.
"""

from __future__ import annotations

from typing import Any

from ..access import Caller
from .capacity import ACCELERATORS, REGIONS
from .cluster_registry import ClusterRegistry
from .errors import GoogleError, error_info
from .projects import Project

SERVICE = "cloudquotas.googleapis.com"
PER_FAMILY = "GPUS-PER-GPU-FAMILY-per-project-region"
Json = dict[str, Any]
Query = dict[str, str]


class Quotas:
    """The quotas of one set of projects."""

    def __init__(self, cluster_registry: ClusterRegistry) -> None:
        self._fleet = cluster_registry

    def get(self, query: Query, caller: Caller) -> Json:
        """Answer quotaInfos.get.

        Raises:
            GoogleError: 403, the caller may not, or the API is off; 404, another quota.
        """
        permission = "cloudquotas.quotas.get"
        project = self._fleet.projects.open(query["project"], caller, permission, SERVICE)
        if (query["service"], query["quota"]) != ("compute.googleapis.com", PER_FAMILY):
            info = error_info("RESOURCE_NOT_FOUND", SERVICE)
            raise GoogleError("NOT_FOUND", f"Quota {query['quota']} was not found.", info)
        return self._per_family(project)

    def _per_family(self, project: Project) -> Json:
        path = f"projects/{project.number}/locations/global/services/compute.googleapis.com"
        return {
            "name": f"{path}/quotaInfos/{PER_FAMILY}",
            "quotaId": PER_FAMILY,
            "metric": "compute.googleapis.com/gpus_per_gpu_family",
            "service": "compute.googleapis.com",
            "containerType": "PROJECT",
            "dimensions": ["region", "gpu_family"],
            "isPrecise": True,
            "metricUnit": "1",
            "quotaIncreaseEligibility": {"isEligible": True},
            "dimensionsInfos": self._limits(),
        }

    def _limits(self) -> list[Json]:
        """Return the limits, the most specific first; a limit of 0 is left out, as int64 are."""
        families = {gpu.family: gpu.quota for gpu in ACCELERATORS.values() if gpu.family}
        here: list[Json] = []
        for region in REGIONS.values():
            limits = self._fleet.quotas(region)
            for family, quota in families.items():
                if limits.get(quota):
                    where = {"region": region.name, "gpu_family": family}
                    here.append(_info(where, [region.name], {"value": str(limits[quota])}))
        elsewhere = [_info({"gpu_family": family}, [*REGIONS], {}) for family in families]
        return here + elsewhere


def _info(dimensions: Json, locations: list[str], details: Json) -> Json:
    return {"dimensions": dimensions, "details": details, "applicableLocations": locations}
