"""The cluster itself: created unless it exists, and waited for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...cloud.clients import Clients
from ...cloud.gke import FAILED, LABEL, READY, find
from ...display.card import Card, Row
from ...display.progress import Report, polled, wait_until
from ...display.step import step
from ...errors import ResourceFailedError
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say
from .operations import SCOPES, ask, is_ready, pitfall_of, upkeep


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
        how = say("created now") if self.created else say("already existed")
        return (
            Row(say("mode"), f"{self.mode}, {self.location}", "ok", new=self.created),
            Row(say("origin"), how, "ok", new=self.created),
            Row(say("version"), self.version),
            Row(
                say("workload identity pool"),
                self.workload_pool or say("missing"),
                "ok" if self.workload_pool else "error",
            ),
        )


@step(gcloud.create_cluster)
def create(settings: Settings, clients: Clients, *, report: Report | None = None) -> Cluster:
    """Create the cluster unless it exists, and wait until it is RUNNING.

    Source: guide, "Crea un clúster de GKE con GPUs". A creation that is under way is waited
    for, and a deletion too before the cluster is created anew. GKE is asked again while it does
    not see yet what notebook 02 enabled.

    Raises:
        ResourceFailedError: GKE reports ERROR or DEGRADED, or the cluster vanished.
        WaitTimeoutError: Not RUNNING within 30 minutes.
    """
    existing = find(settings, clients)
    if existing is not None and existing.status.name == "STOPPING":
        _wait_gone(settings, clients, report)
        existing = None
    created = existing is None
    if created:
        _create(settings, clients, report)
    if existing is None or existing.status.name not in READY:
        operation = _creation(settings, clients)
        existing = wait_until(
            polled(lambda: find(settings, clients)),
            what=say("Cluster {name}", name=settings.cluster_name),
            state=lambda cluster: cluster.status.name if cluster else say("absent"),
            ready=is_ready,
            failed=lambda cluster: _failure(settings, clients, cluster, operation),
            meanwhile=say(
                "GKE continues to create the cluster {name}, which is billed until notebook 10.",
                name=settings.cluster_name,
            ),
            report=report,
        )
    assert existing is not None
    return Cluster(
        name=existing.name,
        mode="Autopilot" if existing.autopilot.enabled else "Standard",
        location=existing.location,
        status=existing.status.name,
        version=existing.current_master_version,
        workload_pool=existing.workload_identity_config.workload_pool,
        created=created,
    )


def _create(settings: Settings, clients: Clients, report: Report | None) -> None:
    from google.api_core.exceptions import Conflict

    def request() -> None:
        parent = clients.location_path(settings)
        clients.clusters.create_cluster(parent=parent, cluster=wanted(settings))

    what = say("Cluster {name}", name=settings.cluster_name)
    with suppress(Conflict):  # made by an attempt whose answer was lost
        ask(request, clients, what=what, report=report)


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
        meanwhile=say("GKE continues to delete the cluster {name}.", name=settings.cluster_name),
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
        # off by default in Standard; notebook 09 mounts the bucket
        addons_config=gke.AddonsConfig(
            gcs_fuse_csi_driver_config=gke.GcsFuseCsiDriverConfig(enabled=True)
        ),
        workload_identity_config=gke.WorkloadIdentityConfig(workload_pool=settings.workload_pool),
        node_pools=[
            gke.NodePool(name="default-pool", initial_node_count=1, config=nodes, **upkeep())
        ],
    )


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
            "GKE could not create the cluster {name}: {reason}",
            name=settings.cluster_name,
            reason=said,
        ),
        remedy=say("Mend the cause, delete the cluster (notebook 10), then run this again."),
        pitfall=pitfall_of(said),
    )


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
