"""What the workbook created, as the cloud lists it, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...cloud import anywhere_cache, gke, roles
from ...cloud.api_errors import google_reason
from ...cloud.clients import Clients
from ...cloud.iam import of_bucket
from ...serving.guide_manifest import AUTOSCALING, OURS
from ...settings import Settings
from ...texts import say

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


def find_cluster(settings: Settings, clients: Clients) -> Any | None:
    """Return the cluster, None where there is none or where no API could have made one."""
    from google.api_core.exceptions import Forbidden

    try:
        return gke.find(settings, clients)
    except Forbidden as error:
        if google_reason(error) == "SERVICE_DISABLED":  # no API, so no cluster
            return None
        raise


def objects(settings: Settings, clients: Clients) -> list[Resource]:
    """Return the workbook's objects in the cluster, and the namespace if it made it."""
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


def bindings(settings: Settings, clients: Clients) -> list[Resource]:
    """Return the bucket's roles that the service account of the settings holds."""
    from google.api_core.exceptions import NotFound

    try:
        policy = of_bucket(clients.storage.bucket(settings.bucket_name))
    except NotFound:
        return []
    account = f"{settings.namespace}/{settings.service_account}"
    return [
        Resource("role", f"{binding['role']} on gs://{settings.bucket_name}", account)
        for binding in policy.bindings
        if binding["role"] in roles.GIVEN_ROLES
        and not binding.get("condition")
        and any(member.endswith(subject(settings)) for member in binding["members"])
    ]


def subject(settings: Settings) -> str:
    """Return the end of the principal that only this namespace's account has."""
    return roles.principal(settings, "")[len("principal://iam.googleapis.com/projects/") :]


def caches(settings: Settings, clients: Clients) -> list[Resource]:
    """Return the caches that the workbook made and that are not disabled."""
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
