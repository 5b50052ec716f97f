"""What GKE refuses in a request for a cluster or a node pool; pure, changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from google.cloud import container_v1
from google.rpc import error_details_pb2

from .capacity import ACCELERATORS, MACHINE_TYPES, OF_FAMILIES, REGIONS, ZONES, machine_types_in
from .errors import GoogleError, error_info, invalid

DEFAULT_VERSION = "1.33.5-gke.1308000"
VERSIONS = ("1.34.1-gke.1829001", DEFAULT_VERSION, "1.32.9-gke.1207000")
DEFAULT_MACHINE_TYPE = "e2-medium"
MAX_NODES_PER_ZONE = 1000
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
_LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_LABEL_VALUE = re.compile(r"[-_a-z0-9]{0,63}")


def check_location(location: str) -> None:
    """Raise a 403 unless the location is a region or zone, as Google puts it."""
    if location not in REGIONS and location not in ZONES:
        raise GoogleError(
            "PERMISSION_DENIED",
            f"Permission denied on 'locations/{location}' (or it may not exist).",
            error_info("LOCATION_POLICY_VIOLATED", location=location),
        )


def check_cluster(cluster: container_v1.Cluster, location: str, project_id: str) -> None:
    """Raise a 400 INVALID_ARGUMENT for what GKE would not make."""
    _check_name("cluster.name", cluster.name)
    _check_labels(cluster.resource_labels)
    if cluster.initial_cluster_version not in ("", "-", "latest", *VERSIONS):
        raise invalid(f'Master version "{cluster.initial_cluster_version}" is unsupported.')
    _check_zones(cluster.locations, location)
    wanted = cluster.workload_identity_config.workload_pool
    if wanted not in ("", f"{project_id}.svc.id.goog"):
        only = f"{project_id}.svc.id.goog"
        raise invalid(f"Currently, the only supported identity namespace is {only}")
    if cluster.autopilot.enabled:
        _check_autopilot(cluster, location)
    else:
        _check_sizes(cluster)


def check_pool(
    pool: container_v1.NodePool, location: str, zones: Sequence[str], taken: Sequence[str]
) -> None:
    """Raise a 400 for a pool that can't exist in these zones, a 409 for a name in use."""
    _check_zones(zones, location)
    _check_name("node_pool.name", pool.name)
    if pool.name in taken:
        raise GoogleError("ALREADY_EXISTS", f"Already exists: node pool {pool.name}.")
    if not 0 <= pool.initial_node_count <= MAX_NODES_PER_ZONE:
        raise invalid(f"Node_pool.initial_node_count must be 0 to {MAX_NODES_PER_ZONE}.")
    if pool.version not in ("", "-", "latest", *VERSIONS):
        raise invalid(f'Node version "{pool.version}" is unsupported.')
    for zone in zones:
        _check_machine(pool.config, zone)


def gpus_of(config: container_v1.NodeConfig) -> dict[str, int]:
    """Return how many GPUs of each type one node has."""
    return {a.accelerator_type: a.accelerator_count for a in config.accelerators}


def check_quota(
    project_id: str, quotas: Mapping[str, int], used: Mapping[str, int], wanted: Mapping[str, int]
) -> None:
    """Raise a 429 RESOURCE_EXHAUSTED if GPUs by quota metric would pass a limit."""
    for metric, count in {**wanted, "GPUS_ALL_REGIONS": sum(wanted.values())}.items():
        limit, left = quotas.get(metric, 0), quotas.get(metric, 0) - used.get(metric, 0)
        if count > left:
            raise _short(project_id, metric, limit, left, count)


def _zones(location: str) -> set[str]:
    return set((ZONES.get(location) or REGIONS[location]).zones)


def _check_zones(zones: Sequence[str], location: str) -> None:
    if outside := set(zones) - _zones(location):
        raise invalid(f"Locations {sorted(outside)} are not zones in {location}.")


def _check_name(field: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        reason = f"Must be a match of regex '(?:{_NAME.pattern})'"
        raise invalid(f'Invalid value for field "{field}": "{name}". {reason}.', (field, reason))


def _check_labels(labels: Mapping[str, str]) -> None:
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise invalid(f'Invalid resource label "{key}={value}".')


def _check_autopilot(cluster: container_v1.Cluster, location: str) -> None:
    if location in ZONES:
        raise invalid("Autopilot clusters must be regional clusters.")
    for pool in cluster.node_pools:
        if pool.config.machine_type or pool.config.accelerators:
            raise invalid("Autopilot clusters do not support custom node machine types.")


def _check_sizes(cluster: container_v1.Cluster) -> None:
    if cluster.node_pools and cluster.initial_node_count:
        raise invalid("Only one of initial_node_count or node_pools may be specified.")
    if not cluster.node_pools and cluster.initial_node_count < 1:
        raise invalid("Cluster.initial_node_count must be greater than zero.")


def _check_machine(config: container_v1.NodeConfig, zone: str) -> None:
    name = config.machine_type or DEFAULT_MACHINE_TYPE
    gpus = gpus_of(config)
    for gpu, count in gpus.items():
        if gpu not in ZONES[zone].zones[zone]:
            raise invalid(f'Accelerator type "{gpu}" does not exist in zone {zone}.')
        if not 1 <= count <= ACCELERATORS[gpu].max_per_instance:
            raise invalid(f"Invalid accelerator count {count} for {gpu}.")
    if name not in {machine.name for machine in machine_types_in(zone)}:
        raise invalid(f'Machine type with name "{name}" does not exist in zone "{zone}".')
    if not MACHINE_TYPES[name].takes(gpus):
        asked = ", ".join(f"{count} {gpu}" for gpu, count in gpus.items()) or "no accelerators"
        raise invalid(f'Machine type "{name}" cannot be used with {asked}.')


def _short(project_id: str, metric: str, limit: int, left: int, count: int) -> GoogleError:
    metric = "GPUS_PER_GPU_FAMILY" if metric in OF_FAMILIES else metric
    url = f"https://console.cloud.google.com/iam-admin/quotas?usage=USED&project={project_id}"
    message = (
        f'Insufficient regional quota to satisfy request: resource "{metric}": request requires '
        f'"{count}.0" and is short "{count - left}.0". project has a quota of "{limit}.0" with '
        f'"{left}.0" available. View and manage quotas at {url}.'
    )
    violation = {"subject": f"project:{project_id}", "description": metric}
    return GoogleError(
        "RESOURCE_EXHAUSTED",
        message,
        error_details_pb2.QuotaFailure(violations=[violation]),
        error_info(
            "QUOTA_EXCEEDED",
            "container.googleapis.com",
            quota_metric=f"compute.googleapis.com/{metric.lower()}",
            quota_limit_value=str(limit),
        ),
        error_details_pb2.Help(links=[{"description": "View and manage quotas", "url": url}]),
    )
