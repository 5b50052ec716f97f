"""The GKE cluster: Autopilot, or Standard with a GPU node pool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..cloud.api_errors import GPU, QUOTA, google_reason
from ..cloud.availability import gpu_quota, zones_with_gpu
from ..cloud.clients import Clients
from ..cloud.gke import FAILED, LABEL, READY, find
from ..display.card import Card, Row, State
from ..display.progress import Report, polled, wait_until
from ..display.step import step
from ..doctor.pods.scheduling import STOCKOUT
from ..errors import ResourceFailedError
from ..serving.guide_manifest import GPU_POOL
from ..serving.shell_commands import gcloud
from ..settings import Settings
from ..texts import say

SCOPES = tuple(
    f"https://www.googleapis.com/auth/{name}"
    for name in (
        "devstorage.read_only",
        "logging.write",
        "monitoring",
        "service.management.readonly",
        "servicecontrol",
        "trace.append",
    )
)
"""OAuth scopes of the nodes, as gcloud sends them."""

BUSY = re.compile(r"CLUSTER_ALREADY_HAS_OPERATION|try again once it is done")
"""What GKE says while another operation works on the cluster, perhaps our own."""


@dataclass(frozen=True, repr=False)
class GpuOffer(Card):
    """Where the region has the GPU, and how many the project may use there."""

    gpu: str
    region: str
    zones: tuple[str, ...]
    limit: float | None
    usage: float

    def title(self) -> str:
        return say("{gpu} in {region}", gpu=self.gpu, region=self.region)

    def rows(self) -> Sequence[Row]:
        zones = ", ".join(self.zones) or say("none: choose another region")
        return (Row(say("zones"), zones, "ok" if self.zones else "bad"), self._quota())

    def _quota(self) -> Row:
        if self.limit is None:
            return Row(say("quota"), say("the API names none for this GPU"))
        left = self.limit - self.usage
        detail = say("{left:.0f} of {limit:.0f} left", left=left, limit=self.limit)
        return Row(say("quota"), detail, "ok" if left >= 1 else "bad")


@step(gcloud.gpu_offer)
def gpu_offer(settings: Settings, clients: Clients) -> GpuOffer:
    """Return the zones of the region that have the GPU, and the quota for it.

    Source: guide, "Crea un clúster de GKE con GPUs"; Compute Engine API.
    """
    zones = [
        z for z in zones_with_gpu(clients, settings.gpu) if z.startswith(f"{settings.region}-")
    ]
    limit, usage = gpu_quota(clients, settings.region, settings.gpu, spot=settings.spot)
    return GpuOffer(settings.gpu, settings.region, tuple(zones), limit, usage)


@dataclass(frozen=True, repr=False)
class Cluster(Card):
    """A cluster as GKE has it; `created` says whether this step made it."""

    name: str
    mode: str
    location: str
    status: str
    version: str
    workload_pool: str
    created: bool

    def title(self) -> str:
        return say("Cluster {name} is {status}", name=self.name, status=self.status)

    def rows(self) -> Sequence[Row]:
        origin: State = "new" if self.created else "ok"
        how = say("created now") if self.created else say("was there already")
        return (
            Row(say("mode"), f"{self.mode}, {self.location}", origin),
            Row(say("origin"), how, origin),
            Row(say("version"), self.version),
            Row(
                say("workload identity pool"),
                self.workload_pool or say("missing"),
                "ok" if self.workload_pool else "bad",
            ),
        )


@step(gcloud.create_cluster)
def create(settings: Settings, clients: Clients, *, report: Report | None = None) -> Cluster:
    """Create the cluster unless it exists, and wait until it is RUNNING.

    Source: guide, "Crea un clúster de GKE con GPUs". A creation that is under way is waited
    for, and a deletion too before the cluster is created anew.

    Raises:
        ResourceFailedError: GKE reports ERROR or DEGRADED, or the cluster vanished.
        WaitTimeoutError: Not RUNNING within 30 minutes.
    """
    found = find(settings, clients)
    if found is not None and found.status.name == "STOPPING":
        _wait_gone(settings, clients, report)
        found = None
    created = found is None
    if created:
        _create(settings, clients)
    if found is None or found.status.name not in READY:
        operation = _creation(settings, clients)
        found = wait_until(
            polled(lambda: find(settings, clients)),
            what=say("Cluster {name}", name=settings.cluster_name),
            state=lambda cluster: cluster.status.name if cluster else say("absent"),
            ready=_is_ready,
            failed=lambda cluster: _failure(settings, clients, cluster, operation),
            meanwhile=say(
                "GKE goes on creating the cluster {name}; it costs money until notebook 10.",
                name=settings.cluster_name,
            ),
            report=report,
        )
    assert found is not None
    return Cluster(
        name=found.name,
        mode="Autopilot" if found.autopilot.enabled else "Standard",
        location=found.location,
        status=found.status.name,
        version=found.current_master_version,
        workload_pool=found.workload_identity_config.workload_pool,
        created=created,
    )


def _is_ready(found: Any | None) -> bool:
    return found is not None and found.status.name in READY


def _create(settings: Settings, clients: Clients) -> None:
    from google.api_core.exceptions import Conflict

    parent = clients.location_path(settings)
    with suppress(Conflict):  # made by an attempt whose answer was lost
        clients.clusters.create_cluster(parent=parent, cluster=wanted(settings))


def _creation(settings: Settings, clients: Clients) -> str:
    """Return the name of the operation that creates the cluster, whoever began it, or ""."""
    cluster = f"/clusters/{settings.cluster_name}"
    listed = clients.clusters.list_operations(parent=clients.location_path(settings)).operations
    begun = [o for o in listed if o.target_link.endswith(cluster)]
    created = [o for o in begun if o.operation_type.name == "CREATE_CLUSTER"]
    return str(max(created, key=lambda one: str(one.start_time)).name) if created else ""


def _wait_gone(settings: Settings, clients: Clients, report: Report | None) -> None:
    """Wait until the cluster, which is being deleted, is no longer there."""
    wait_until(
        polled(lambda: find(settings, clients)),
        what=say("Deleting the cluster {name}", name=settings.cluster_name),
        state=lambda cluster: cluster.status.name if cluster else say("gone"),
        ready=lambda cluster: cluster is None,
        meanwhile=say("GKE goes on deleting the cluster {name}.", name=settings.cluster_name),
        report=report,
    )


def wanted(settings: Settings) -> Any:
    """Return the cluster as gcloud asks for it, with the workbook's label.

    Source: gcloud 528, `container clusters create-auto` and `create`.
    """
    from google.cloud import container_v1 as gke

    nodes = gke.NodeConfig(oauth_scopes=SCOPES)
    if settings.mode == "autopilot":
        return gke.Cluster(
            name=settings.cluster_name,
            resource_labels=LABEL,
            autopilot=gke.Autopilot(enabled=True),
            ip_allocation_policy=gke.IPAllocationPolicy(use_ip_aliases=True),
            node_pools=[gke.NodePool(name="default-pool", initial_node_count=1, config=nodes)],
        )
    return gke.Cluster(
        name=settings.cluster_name,
        resource_labels=LABEL,
        workload_identity_config=gke.WorkloadIdentityConfig(workload_pool=settings.workload_pool),
        node_pools=[
            gke.NodePool(name="default-pool", initial_node_count=1, config=nodes, **_upkeep())
        ],
    )


def _upkeep() -> dict[str, Any]:
    from google.cloud import container_v1 as gke

    return {
        "management": gke.NodeManagement(auto_repair=True, auto_upgrade=True),
        "upgrade_settings": gke.NodePool.UpgradeSettings(max_surge=1),
    }


def _failure(
    settings: Settings, clients: Clients, cluster: Any | None, operation: str
) -> ResourceFailedError | None:
    if cluster is not None and cluster.status.name not in FAILED:
        return None
    said = _reason(settings, clients, cluster, operation)
    if cluster is None and not said:
        return None  # just asked for, not listed yet
    return ResourceFailedError(
        say(
            "GKE could not make the cluster {name}: {reason}",
            name=settings.cluster_name,
            reason=said,
        ),
        remedy=say("Mend the cause, delete the cluster (notebook 10), then run this cell again."),
        pitfall=_pitfall(said),
    )


def _pitfall(reason: str) -> str:
    """Return the pitfall of an operation that ended with an error, by what GKE says of it."""
    if STOCKOUT.search(reason):
        return "gpu-stockout"
    return "gpu-quota" if QUOTA.search(reason) and GPU.search(reason) else "operation-failed"


def _reason(settings: Settings, clients: Clients, cluster: Any | None, operation: str) -> str:
    if operation:
        path = f"{clients.location_path(settings)}/operations/{operation}"
        ended = clients.clusters.get_operation(name=path)
        if ended.error.message or ended.status_message:
            return str(ended.error.message or ended.status_message)
    if cluster is None:
        return ""
    told = [condition.message for condition in cluster.conditions if condition.message]
    return "; ".join(told) or str(cluster.status_message or cluster.status.name)


@dataclass(frozen=True, repr=False)
class Pool(Card):
    """The GPU node pool; Autopilot needs none."""

    needed: bool
    status: str
    machine_type: str = ""
    gpus: str = ""
    created: bool = False

    @property
    def ready(self) -> bool:
        """Whether GPU Pods can get a node."""
        return not self.needed or self.status in READY

    def title(self) -> str:
        if not self.needed:
            return say("No node pool needed: Autopilot adds a GPU node when a Pod asks for one")
        return say("Node pool {name} is {status}", name=GPU_POOL, status=self.status)

    def rows(self) -> Sequence[Row]:
        if not self.needed:
            return ()
        how = say("created now") if self.created else say("was there already")
        return (
            Row(say("machine"), self.machine_type, "ok"),
            Row(say("GPUs"), self.gpus, "ok"),
            Row(say("origin"), how, "new" if self.created else "ok"),
        )


@step(gcloud.create_node_pool)
def create_node_pool(settings: Settings, clients: Clients, *, report: Report | None = None) -> Pool:
    """Create the GPU pool of a Standard cluster unless it exists; Autopilot needs none.

    Source: guide, "Crea un clúster de GKE con GPUs", Estándar. The driver's installation is
    asked for explicitly: the API's own default installs none. While the cluster is busy with
    something else, such as an upgrade, the pool is asked for again.

    Raises:
        ResourceFailedError: GKE reports ERROR, for want of quota or machines.
        WaitTimeoutError: Not RUNNING within 30 minutes.
    """
    if settings.mode == "autopilot":
        return Pool(needed=False, status="")
    found = _find_pool(settings, clients)
    created = found is None
    if found is None or found.status.name not in READY:
        found = wait_until(
            _pool_asked_for(settings, clients),
            what=say("Node pool {name}", name=GPU_POOL),
            state=lambda pool: pool.status.name if pool else say("absent"),
            ready=_is_ready,
            failed=_pool_failure,
            meanwhile=say(
                "GKE goes on creating the node pool {name}; it costs money until notebook 10.",
                name=GPU_POOL,
            ),
            report=report,
        )
    assert found is not None
    gpus = ", ".join(
        f"{a.accelerator_count} x {a.accelerator_type}" for a in found.config.accelerators
    )
    return Pool(True, found.status.name, found.config.machine_type, gpus, created)


def _pool_asked_for(settings: Settings, clients: Clients) -> Iterator[Any | None]:
    """Yield the pool as it is; ask for it once, as soon as the cluster takes the request."""
    asked = False
    for found in polled(lambda: _find_pool(settings, clients)):
        if found is None and not asked:
            asked = _ask_for_pool(settings, clients)
        yield found


def _ask_for_pool(settings: Settings, clients: Clients) -> bool:
    """Ask for the pool; return whether GKE took the request."""
    from google.api_core.exceptions import BadRequest, Conflict

    parent = clients.cluster_path(settings)
    try:
        clients.clusters.create_node_pool(parent=parent, node_pool=wanted_pool(settings))
    except Conflict:  # made by an attempt whose answer was lost
        return True
    except BadRequest as error:
        if not BUSY.search(f"{google_reason(error)} {error.message}"):
            raise
        return False
    return True


def _find_pool(settings: Settings, clients: Clients) -> Any | None:
    from google.api_core.exceptions import NotFound

    try:
        name = f"{clients.cluster_path(settings)}/nodePools/{GPU_POOL}"
        return clients.clusters.get_node_pool(name=name)
    except NotFound:
        return None


def wanted_pool(settings: Settings) -> Any:
    """Return the GPU pool as gcloud asks for it, with the driver's installation set.

    Source: gcloud 528, `container node-pools create`.
    """
    from google.cloud import container_v1 as gke

    driver = gke.GPUDriverInstallationConfig(
        gpu_driver_version=gke.GPUDriverInstallationConfig.GPUDriverVersion.DEFAULT
    )
    gpu = gke.AcceleratorConfig(
        accelerator_count=settings.gpu_count,
        accelerator_type=settings.gpu,
        gpu_driver_installation_config=driver,
    )
    config = gke.NodeConfig(
        machine_type=settings.machine_type,
        accelerators=[gpu],
        oauth_scopes=SCOPES,
        spot=settings.spot,
    )
    return gke.NodePool(name=GPU_POOL, initial_node_count=1, config=config, **_upkeep())


def _pool_failure(pool: Any | None) -> ResourceFailedError | None:
    if pool is None or pool.status.name not in FAILED:
        return None
    told = "; ".join(c.message for c in pool.conditions if c.message) or pool.status.name
    return ResourceFailedError(
        say("GKE could not make the node pool: {reason}", reason=told),
        remedy=say("Ask for GPU quota or choose another zone, delete the pool, then try again."),
        pitfall=_pitfall(told),
    )
