"""Clean up: what the workbook created, found in the cloud, deleted, and looked for again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..cloud import anywhere_cache
from ..cloud.api_errors import google_reason
from ..cloud.clients import Clients
from ..cloud.errors import explained
from ..cloud.iam import of_bucket, revoke_on_bucket
from ..display.card import Card, Row
from ..display.progress import Report, polled, wait_until
from ..display.step import step
from ..errors import ResourceFailedError, WaitTimeoutError, WarmbookError
from ..model import gpus
from ..serving import shell_commands
from ..serving.guide_manifest import AUTOSCALING, OURS
from ..settings import Settings
from ..texts import say

OWNER_LABEL = ("created-by", "warmbook")
CREATION_S = 120
"""How long cleanup waits for a cache that is still being created, in seconds."""
KINDS = (
    *AUTOSCALING,  # first, or it would scale what is being deleted
    *("Deployment", "Job", "Pod", "ServiceAccount", "Namespace"),
)
"""What the workbook makes in a cluster, in the order in which it is deleted; Pods are probes."""


@dataclass(frozen=True)
class Resource:
    """Something in the cloud: its kind, its name, and why it counts as created here."""

    kind: str
    name: str
    proof: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


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
            *(Row(str(one), one.proof, "wait") for one in self.created),
            *_costs(self.machines),
            *(Row(str(one), say("stays: {reason}", reason=one.proof)) for one in self.staying),
        )


@step(lambda settings: _look_command(settings))
def inventory(settings: Settings, clients: Clients) -> Inventory:
    """Return what the workbook created, each with its proof, and what stays.

    Source: guide, "Realiza una limpieza".
    """
    return _inventory(settings, clients)


def _inventory(settings: Settings, clients: Clients) -> Inventory:
    cluster = _cluster(settings, clients)
    ours = cluster is not None and cluster.resource_labels.get(OWNER_LABEL[0]) == OWNER_LABEL[1]
    created: list[Resource] = []
    staying: list[Resource] = []
    if cluster is not None and ours:
        proof = say("label {label}", label="=".join(OWNER_LABEL))
        created.append(Resource("cluster", settings.cluster_name, proof))
    elif cluster is not None:
        proof = say("it was there before, without the workbook's label")
        staying.append(Resource("cluster", settings.cluster_name, proof))
        created += _objects(settings, clients)
    created += _roles(settings, clients) + _caches(settings, clients)
    staying.append(Resource("bucket", settings.bucket_name, say("your model is in it")))
    staying.append(Resource("project", settings.project_id, say("its APIs and your two roles")))
    return Inventory(tuple(created), tuple(staying), _machines(clients) if cluster else ())


def _machines(clients: Clients) -> tuple[str, ...]:
    """Return the machine type of each node; none of a cluster that does not answer."""
    try:
        with explained():
            nodes = clients.kubernetes.list_objects("Node")
    except WarmbookError:
        return ()
    label = "node.kubernetes.io/instance-type"
    types = ((node["metadata"].get("labels") or {}).get(label, "?") for node in nodes)
    return tuple(sorted(types))


def _costs(machines: Sequence[str]) -> Iterator[Row]:
    """Tell what the nodes cost in an hour by the list price, as far as it is known."""
    known = {found.name: found.price for found in gpus.machines() if found.price}
    priced = [(name, known[name]) for name in machines if name in known]
    if priced:
        told = say(
            "${usd:.2f} an hour by the list price: {machines} ({region}, {date})",
            usd=sum(price.on_demand_usd for _, price in priced),
            machines=_counted([name for name, _ in priced]),
            region=priced[0][1].region,
            date=min(price.date for _, price in priced),
        )
        yield Row(say("its nodes cost"), told, "wait")
    if others := [name for name in machines if name not in known]:
        told = say("no price is known here: {machines}", machines=_counted(others))
        yield Row(say("its nodes cost"), told, "wait")


def _counted(names: Sequence[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(Counter(names).items()))


def _cluster(settings: Settings, clients: Clients) -> Any | None:
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        return clients.clusters.get_cluster(name=clients.cluster_path(settings))
    except NotFound:
        return None
    except Forbidden as error:
        if google_reason(error) == "SERVICE_DISABLED":  # no API, so no cluster
            return None
        raise


def _objects(settings: Settings, clients: Clients) -> list[Resource]:
    found = []
    for kind in KINDS:
        inside: str | None = settings.namespace
        only = ""
        if kind == "Namespace":  # another reader's may be in the same cluster
            inside, only = None, f"metadata.name={settings.namespace}"
        for one in clients.kubernetes.list_objects(kind, inside, labels=OURS, fields=only):
            proof = say("label {label}", label=OURS)
            found.append(Resource(kind, one["metadata"]["name"], proof))
    return found


def _roles(settings: Settings, clients: Clients) -> list[Resource]:
    from google.api_core.exceptions import NotFound

    try:
        policy = of_bucket(clients.storage.bucket(settings.bucket_name))
    except NotFound:
        return []
    account = f"{settings.namespace}/{settings.service_account}"
    return [
        Resource("role", f"{binding['role']} on gs://{settings.bucket_name}", account)
        for binding in policy.bindings
        if binding["role"] in shell_commands.GIVEN_ROLES
        and not binding.get("condition")
        and any(member.endswith(_subject(settings)) for member in binding["members"])
    ]


def _subject(settings: Settings) -> str:
    """Return the end of the principal that only this namespace's account has."""
    return shell_commands.principal(settings, "")[len("principal://iam.googleapis.com/projects/") :]


def _caches(settings: Settings, clients: Clients) -> list[Resource]:
    from google.api_core.exceptions import NotFound

    try:
        marked = anywhere_cache.created_here(clients, settings.bucket_name)
    except NotFound:
        return []
    alive = {
        c.zone for c in anywhere_cache.find(clients, settings.bucket_name) if c.state != "disabled"
    }
    proof = say("label of the bucket")
    return [Resource("cache", zone, proof) for zone in sorted(marked & alive)]


@dataclass(frozen=True, repr=False)
class Deleted(Card):
    """What was deleted, and what is left after looking again."""

    created: tuple[Resource, ...]
    left: tuple[Resource, ...]
    machines: tuple[str, ...] = ()

    def title(self) -> str:
        if self.left:
            return say("{count} thing(s) left", count=len(self.left))
        return say("Deleted {count} thing(s); left behind: nothing", count=len(self.created))

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(str(r), say("deleted"), "ok") for r in self.created if r not in self.left),
            *(Row(str(r), say("still there"), "bad") for r in self.left),
            *(_costs(self.machines) if self.left else ()),
        )

    def record(self) -> dict[str, Any]:
        """Return names for the run record."""
        return {
            "created": [str(one) for one in self.created],
            "left": [str(one) for one in self.left],
        }


@step(shell_commands.clean_up)
def delete(settings: Settings, clients: Clients, *, report: Report | None = None) -> Deleted:
    """Delete what the workbook created and wait until it is gone; touch nothing else.

    Source: guide, "Realiza una limpieza". The cluster takes its nodes and workloads with it;
    caches are disabled, and Google deletes them an hour later.

    Raises:
        WaitTimeoutError: The cluster is still there after 30 minutes.
    """
    from google.api_core.exceptions import NotFound

    before = _inventory(settings, clients).created
    kinds = {resource.kind for resource in before}
    if kinds & set(KINDS):
        _delete_objects(settings, clients, before, report)
    if "cluster" in kinds:
        _delete_cluster(settings, clients, report)
    if zones := [resource.name for resource in before if resource.kind == "cache"]:
        _disable_caches(settings, clients, zones, report)
    with suppress(NotFound):
        anywhere_cache.forget_gone(clients, settings.bucket_name)
    if "role" in kinds:
        bucket = clients.storage.bucket(settings.bucket_name)
        revoke_on_bucket(
            bucket, shell_commands.GIVEN_ROLES, lambda m: m.endswith(_subject(settings))
        )
    after = _inventory(settings, clients)
    return Deleted(before, after.created, after.machines)


def _delete_objects(
    settings: Settings, clients: Clients, created: Sequence[Resource], report: Report | None
) -> None:
    for kind in KINDS:
        for resource in created:
            if resource.kind == kind:
                inside = None if kind == "Namespace" else settings.namespace
                clients.kubernetes.delete(kind, resource.name, inside)
    wait_until(
        polled(lambda: _objects(settings, clients)),
        what=say("The server's Pods"),
        state=lambda left: ", ".join(map(str, left)) or say("gone"),
        ready=lambda left: not left,
        timeout_s=600,
        meanwhile=say("The cluster goes on deleting them."),
        report=report,
    )


def _delete_cluster(settings: Settings, clients: Clients, report: Report | None) -> None:
    from google.api_core.exceptions import BadRequest, NotFound

    def ask_again() -> Any | None:
        # refused while another operation runs, an upgrade or an interrupted creation
        cluster = _cluster(settings, clients)
        if cluster is not None and cluster.status.name != "STOPPING":
            with suppress(BadRequest, NotFound):
                clients.clusters.delete_cluster(name=clients.cluster_path(settings))
            return _cluster(settings, clients)  # as it is after the request, not before
        return cluster

    wait_until(
        polled(ask_again),
        what=say("Deleting the cluster {name}", name=settings.cluster_name),
        state=lambda cluster: cluster.status.name if cluster else say("gone"),
        ready=lambda cluster: cluster is None,
        failed=_delete_failure,
        meanwhile=say("GKE goes on deleting the cluster {name}.", name=settings.cluster_name),
        report=report,
    )


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
                meanwhile=say("Cloud Storage goes on creating the caches."),
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
        remedy=say("Run this cell again, or delete it in the console: it costs money."),
    )


@dataclass(frozen=True, repr=False)
class Offer(Card):
    """A command that the reader may run; the workbook never does."""

    what: str

    def title(self) -> str:
        return self.what


@step(shell_commands.delete_project)
def delete_project(settings: Settings, clients: Clients) -> Offer:
    """Return the command that deletes the whole project; nothing is run.

    Source: guide, "Realiza una limpieza".
    """
    del clients
    return Offer(
        say("Delete the whole project {project}, by hand only", project=settings.project_id)
    )


def _look_command(settings: Settings) -> str:
    return "\n".join(
        (
            f"gcloud container clusters list --project={settings.project_id}",
            shell_commands.describe_cache(settings),
            f"gcloud storage buckets get-iam-policy gs://{settings.bucket_name}",
        )
    )
