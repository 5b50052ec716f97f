"""What would be deleted and what stays: nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud.clients import Clients
from ...cloud.gke import is_marked
from ...display.card import Card, Row, folded
from ...display.step import step
from ...measure.node_costs import cost_rows, machines_of
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...shell import quoted
from ...texts import say
from .bucket import accounts, bindings, caches
from .clusters import LABEL, elsewhere, find_cluster, pools_in
from .resources import Found, Resource, objects


@dataclass(frozen=True, repr=False)
class Inventory(Card):
    """What the workbook created and what stays; asked of the cloud, not remembered."""

    created: tuple[Resource, ...]
    staying: tuple[Resource, ...]
    machines: tuple[str, ...] = ()
    """Machine type of each of the cluster's nodes, where they can be asked for."""
    perhaps: tuple[Resource, ...] = ()
    """What may be the workbook's, without a proof: named, never deleted."""
    accounts: frozenset[str] = frozenset()
    """The accounts, NAMESPACE/NAME, whose roles on the bucket are the workbook's."""

    @property
    def billed(self) -> str:
        """What is billed now: a `cluster`, else the `bucket`."""
        kinds = {one.kind for one in (*self.created, *self.staying)}
        return "cluster" if "cluster" in kinds else "bucket"

    def title(self) -> str:
        if self.created:
            return say("Resources created by the workbook: {count}", count=len(self.created))
        if self.perhaps:
            return say("Resources that may be yours: {count}", count=len(self.perhaps))
        return say("Nothing that the workbook created is left")

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(one.label, one.proof, "warning") for one in self.created),
            *perhaps_rows(self.perhaps),
            *cost_rows(self.machines),
            *(Row(one.label, say("kept: {reason}", reason=one.proof)) for one in self.staying),
        )

    def below(self) -> str:
        return super().below() + perhaps_commands(self.perhaps)


def perhaps_rows(perhaps: Sequence[Resource]) -> tuple[Row, ...]:
    """Return a row for each thing that may be the workbook's."""
    return tuple(
        Row(one.label, say("may be yours: {reason}", reason=one.proof), "warning")
        for one in perhaps
    )


def perhaps_commands(perhaps: Sequence[Resource]) -> str:
    """Return the commands that delete what may be the workbook's, as folded HTML."""
    told = "\n\n".join(f"# {one}\n{one.command}" for one in perhaps if one.command)
    return folded(say("Commands"), told)


@step(lambda settings: _look_command(settings))
def inventory(settings: Settings, clients: Clients) -> Inventory:
    """Return what the workbook created, each with its proof, and what stays.

    Source: guide, "Realiza una limpieza".
    """
    return take_inventory(settings, clients)


def take_inventory(settings: Settings, clients: Clients) -> Inventory:
    """Return what the workbook created, what may be its own, and what stays, as it is now."""
    cluster = find_cluster(settings, clients)
    ours = cluster is not None and is_marked(cluster.resource_labels)
    found = Found()
    staying: list[Resource] = []
    if cluster is not None and ours:
        proof = say("label {label}", label=LABEL)
        found.ours.append(Resource("cluster", settings.cluster_name, proof))
    elif cluster is not None:
        proof = say("it existed before, without the workbook's label")
        staying.append(Resource("cluster", settings.cluster_name, proof))
        found += Found(objects(settings, clients)) + pools_in(settings, cluster)
    theirs = accounts(settings, clients, whole_cluster=ours)
    found += bindings(settings, clients, theirs) + caches(settings, clients)
    found += Found(perhaps=elsewhere(settings, clients))
    staying.append(Resource("bucket", settings.bucket_name, say("it contains your model")))
    staying.append(Resource("project", settings.project_id, say("enabled APIs and your roles")))
    machines = machines_of(clients) if cluster else ()
    return Inventory(
        *(tuple(found.ours), tuple(staying), machines, tuple(found.perhaps)), frozenset(theirs)
    )


def _look_command(settings: Settings) -> str:
    return "\n".join(
        (
            f"gcloud container clusters list --project={quoted(settings.project_id)}",
            gcloud.describe_cache(settings),
            gcloud.bucket_policy(settings),
        )
    )
