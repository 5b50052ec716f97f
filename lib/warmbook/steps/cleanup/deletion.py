"""What the workbook created is deleted, and looked for again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...cloud import anywhere_cache, gke, roles
from ...cloud.api_errors import google_reason
from ...cloud.clients import Clients
from ...cloud.iam import revoke_on_bucket
from ...display.card import Card, Row
from ...display.progress import Report, polled, wait_until
from ...display.step import step
from ...errors import ResourceFailedError, WaitTimeoutError
from ...measure.node_costs import cost_rows
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say
from .bucket import members
from .clusters import find_cluster
from .plan import perhaps_commands, perhaps_rows, take_inventory
from .resources import KINDS, Resource, objects

CREATION_S = 120
"""How long cleanup waits for a cache that is still being created, in seconds."""


@dataclass(frozen=True, repr=False)
class Deleted(Card):
    """What was deleted, and what is left after looking again."""

    created: tuple[Resource, ...]
    left: tuple[Resource, ...]
    machines: tuple[str, ...] = ()
    perhaps: tuple[Resource, ...] = ()
    """What may be the workbook's, without a proof: named, never deleted."""

    def title(self) -> str:
        if self.left:
            return say("Resources left: {count}", count=len(self.left))
        if self.perhaps:
            return say(
                "Resources deleted: {count}; more that may be yours: {others}",
                count=len(self.created),
                others=len(self.perhaps),
            )
        return say("Resources deleted: {count}; left behind: nothing", count=len(self.created))

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(r.label, say("deleted"), "ok") for r in self.created if r not in self.left),
            *(Row(r.label, say("still there"), "error") for r in self.left),
            *perhaps_rows(self.perhaps),
            *(cost_rows(self.machines) if self.left or self._perhaps_a_pool() else ()),
        )

    def _perhaps_a_pool(self) -> bool:
        return any(one.kind == "node pool" for one in self.perhaps)

    def below(self) -> str:
        return super().below() + perhaps_commands(self.perhaps)

    def record(self) -> dict[str, Any]:
        """Return names for the run record."""
        return {
            "created": [str(one) for one in self.created],
            "left": [str(one) for one in self.left],
            "perhaps": [str(one) for one in self.perhaps],
        }


@step(gcloud.clean_up)
def delete(settings: Settings, clients: Clients, *, report: Report | None = None) -> Deleted:
    """Delete what the workbook created and wait until it is gone; touch nothing else.

    Source: guide, "Realiza una limpieza". The cluster takes its nodes and workloads with it; in
    a cluster of somebody else's the workbook's node pool goes. Caches are disabled, and Google
    deletes them an hour later.

    Raises:
        ResourceFailedError: GKE could not delete the cluster.
        WaitTimeoutError: The cluster or the node pool is still there after 30 minutes.
    """
    from google.api_core.exceptions import NotFound

    plan = take_inventory(settings, clients)
    before = plan.created
    kinds = {resource.kind for resource in before}
    if kinds & set(KINDS):
        _delete_objects(settings, clients, before, report)
    if "cluster" in kinds:
        _delete_cluster(settings, clients, report)
    if pools := {resource.name for resource in before if resource.kind == "node pool"}:
        _delete_pools(settings, clients, pools, report)
    if zones := [resource.name for resource in before if resource.kind == "cache"]:
        _disable_caches(settings, clients, zones, report)
    with suppress(NotFound):
        anywhere_cache.forget_gone(clients, settings.bucket_name)
    if "role" in kinds:
        _take_roles_back(settings, clients, plan.accounts)
    after = take_inventory(settings, clients)
    return Deleted(before, after.created, after.machines, after.perhaps)


def _take_roles_back(settings: Settings, clients: Clients, accounts: Collection[str]) -> None:
    bucket = clients.storage.bucket(settings.bucket_name)
    revoke_on_bucket(
        bucket, roles.GIVEN_ROLES, lambda member: bool(members(settings, [member], accounts))
    )


def _delete_objects(
    settings: Settings, clients: Clients, created: Sequence[Resource], report: Report | None
) -> None:
    for kind in KINDS:
        for resource in created:
            if resource.kind == kind:
                inside = None if kind == "Namespace" else settings.namespace
                clients.kubernetes.delete(kind, resource.name, inside)
    wait_until(
        polled(lambda: objects(settings, clients)),
        what=say("The server's Pods"),
        state=lambda left: ", ".join(map(str, left)) or say("gone"),
        ready=lambda left: not left,
        timeout_s=600,
        meanwhile=say("The cluster continues to delete them."),
        report=report,
    )


def _delete_cluster(settings: Settings, clients: Clients, report: Report | None) -> None:
    from google.api_core.exceptions import BadRequest, NotFound

    def ask_again() -> Any | None:
        # refused while another operation runs, an upgrade or an interrupted creation
        cluster = find_cluster(settings, clients)
        if cluster is not None and cluster.status.name != "STOPPING":
            with suppress(BadRequest, NotFound):
                clients.clusters.delete_cluster(name=clients.cluster_path(settings))
            return find_cluster(settings, clients)  # as it is after the request, not before
        return cluster

    wait_until(
        polled(ask_again),
        what=say("Deleting the cluster {name}", name=settings.cluster_name),
        state=lambda cluster: cluster.status.name if cluster else say("gone"),
        ready=lambda cluster: cluster is None,
        failed=_delete_failure,
        meanwhile=say("GKE continues to delete the cluster {name}.", name=settings.cluster_name),
        report=report,
    )


def _delete_pools(
    settings: Settings, clients: Clients, names: Collection[str], report: Report | None
) -> None:
    def ask_again() -> list[Any]:
        # one operation at a time works on a cluster: the others are refused until it is done
        for pool in _pools(settings, clients, names):
            if pool.status.name != "STOPPING":
                _ask_to_delete(clients, f"{clients.cluster_path(settings)}/nodePools/{pool.name}")
        return _pools(settings, clients, names)

    wait_until(
        polled(ask_again),
        what=say("Deleting the node pool {name}", name=", ".join(sorted(names))),
        state=lambda left: ", ".join(f"{p.name} {p.status.name}" for p in left) or say("gone"),
        ready=lambda left: not left,
        meanwhile=say("GKE continues to delete the node pool."),
        report=report,
    )


def _pools(settings: Settings, clients: Clients, names: Collection[str]) -> list[Any]:
    cluster = find_cluster(settings, clients)
    return [pool for pool in cluster.node_pools if pool.name in names] if cluster else []


def _ask_to_delete(clients: Clients, name: str) -> None:
    from google.api_core.exceptions import BadRequest, NotFound

    try:
        clients.clusters.delete_node_pool(name=name)
    except NotFound:  # gone in the meantime
        return
    except BadRequest as error:
        if not gke.BUSY.search(f"{google_reason(error)} {error.message}"):
            raise


def _disable_caches(
    settings: Settings, clients: Clients, zones: Sequence[str], report: Report | None
) -> None:
    """Disable the zones' caches; one that is still being created is left, and named as left."""
    bucket = settings.bucket_name

    def creating() -> list[str]:
        return [c.zone for c in anywhere_cache.find(clients, bucket) if c.state == "creating"]

    if busy := [zone for zone in zones if zone in creating()]:
        with suppress(WaitTimeoutError):
            wait_until(
                polled(lambda: [zone for zone in busy if zone in creating()]),
                what=say("Caches of gs://{bucket}", bucket=bucket),
                state=lambda left: ", ".join(f"{zone} creating" for zone in left) or say("done"),
                ready=lambda left: not left,
                timeout_s=CREATION_S,
                meanwhile=say("Cloud Storage continues to create the caches."),
                report=report,
            )
    for zone in zones:
        if zone not in creating():
            anywhere_cache.disable(clients, bucket, zone)


def _delete_failure(cluster: Any | None) -> ResourceFailedError | None:
    if cluster is None or cluster.status.name != "ERROR":
        return None
    return ResourceFailedError(
        say("GKE could not delete the cluster: {reason}", reason=cluster.status_message),
        remedy=say("Run this again, or delete it in the console: it is still billed."),
    )
