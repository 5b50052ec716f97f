"""What would be deleted and what stays: nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud.clients import Clients
from ...cloud.gke import LABEL
from ...display.card import Card, Row
from ...display.step import step
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...shell import quoted
from ...texts import say
from .costs import cost_rows, machines_of
from .resources import Resource, bindings, caches, find_cluster, objects


@dataclass(frozen=True, repr=False)
class Inventory(Card):
    """What the workbook created and what stays; asked of the cloud, not remembered."""

    created: tuple[Resource, ...]
    staying: tuple[Resource, ...]
    machines: tuple[str, ...] = ()
    """Machine type of each of the cluster's nodes, where they can be asked for."""

    def title(self) -> str:
        if not self.created:
            return say("Nothing is left of what the workbook created")
        return say("{count} thing(s) created by the workbook", count=len(self.created))

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(str(one), one.proof, "warning") for one in self.created),
            *cost_rows(self.machines),
            *(Row(str(one), say("stays: {reason}", reason=one.proof)) for one in self.staying),
        )


@step(lambda settings: _look_command(settings))
def inventory(settings: Settings, clients: Clients) -> Inventory:
    """Return what the workbook created, each with its proof, and what stays.

    Source: guide, "Realiza una limpieza".
    """
    return take_inventory(settings, clients)


def take_inventory(settings: Settings, clients: Clients) -> Inventory:
    """Return what the workbook created and what stays, as the cloud has it now."""
    cluster = find_cluster(settings, clients)
    ours = cluster is not None and LABEL.items() <= dict(cluster.resource_labels).items()
    created: list[Resource] = []
    staying: list[Resource] = []
    if cluster is not None and ours:
        proof = say("label {label}", label="=".join(*LABEL.items()))
        created.append(Resource("cluster", settings.cluster_name, proof))
    elif cluster is not None:
        proof = say("it was there before, without the workbook's label")
        staying.append(Resource("cluster", settings.cluster_name, proof))
        created += objects(settings, clients)
    created += bindings(settings, clients) + caches(settings, clients)
    staying.append(Resource("bucket", settings.bucket_name, say("your model is in it")))
    staying.append(Resource("project", settings.project_id, say("its APIs and your roles")))
    return Inventory(tuple(created), tuple(staying), machines_of(clients) if cluster else ())


def _look_command(settings: Settings) -> str:
    return "\n".join(
        (
            f"gcloud container clusters list --project={quoted(settings.project_id)}",
            gcloud.describe_cache(settings),
            gcloud.bucket_policy(settings),
        )
    )
