"""The server's Pods as the cluster tells them: how far each is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..cloud import gke
from ..cloud.clients import Clients
from ..cloud.objects import Object, at, maps, parse_time, text
from ..errors import MissingError
from ..settings import Settings
from ..texts import say
from .containers import server_status
from .guide_manifest import APP, DEPLOYMENT

LABELS = f"app={APP}"
"""Selector of the server's Pods."""

TEMPLATE = "pod-template-hash"
"""Label by which a ReplicaSet and its Pods name the template that they were made from."""
REVISION = "deployment.kubernetes.io/revision"
"""Annotation of a Deployment and its ReplicaSets: the highest is the present template's, also
after a rollback. Source: Kubernetes, pkg/controller/deployment/util/deployment_util.go."""

FAILED = "Failed"
ENDED = {FAILED, "Succeeded"}
"""Phases of Pods whose containers have run to their end."""
GONE = {"Terminating", *ENDED}
"""Phases of Pods that won't come back: evicted, or replaced."""


@dataclass(frozen=True)
class Pod:
    """One Pod at one moment; times are aware datetimes, None where not reached.

    `raw` is the object that all of it was read from.
    """

    name: str
    phase: str
    node: str
    running: bool
    ready: bool
    restarts: int
    waiting: str
    created: datetime
    scheduled: datetime | None
    started: datetime | None
    became_ready: datetime | None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, pod: dict[str, Any]) -> Pod:
        """Read what the workbook needs out of a Pod object."""
        status, spec = pod.get("status") or {}, pod.get("spec") or {}
        state = server_status(pod)
        conditions = {c["type"]: c for c in status.get("conditions") or ()}
        running = (state.get("state") or {}).get("running") or {}
        waiting = (state.get("state") or {}).get("waiting") or {}
        return cls(
            name=pod["metadata"]["name"],
            phase="Terminating"
            if pod["metadata"].get("deletionTimestamp")
            else str(status.get("phase", "Pending")),
            node=str(spec.get("nodeName") or ""),
            running=bool(running),
            ready=_since(conditions, "Ready") is not None,
            restarts=int(state.get("restartCount") or 0),
            waiting=str(waiting.get("reason") or ""),
            created=parse_time(pod["metadata"]["creationTimestamp"]),
            scheduled=_since(conditions, "PodScheduled"),
            started=parse_time(running["startedAt"]) if running.get("startedAt") else None,
            became_ready=_since(conditions, "Ready"),
            raw=pod,
        )


def _since(conditions: dict[str, Any], name: str) -> datetime | None:
    condition = conditions.get(name) or {}
    if condition.get("status") != "True" or not condition.get("lastTransitionTime"):
        return None
    return parse_time(condition["lastTransitionTime"])


def require_account(settings: Settings, clients: Clients) -> None:
    """Pass if the service account is there, without which the cluster makes no Pod.

    Raises:
        MissingError: The namespace or the service account is not there.
    """
    cluster, namespace = clients.kubernetes, settings.namespace
    if cluster.find("ServiceAccount", settings.service_account, namespace):
        return
    remedy = say("Run notebook 05, which creates both.")
    found = cluster.find("Namespace", namespace)
    if not found or found["metadata"].get("deletionTimestamp"):
        raise MissingError(
            say("The namespace {namespace} does not exist.", namespace=namespace),
            remedy=remedy,
            pitfall="namespace-missing",
        )
    raise MissingError(
        say(
            "The service account {name} does not exist in the namespace {namespace}.",
            name=settings.service_account,
            namespace=namespace,
        ),
        remedy=remedy,
        pitfall="service-account-missing",
    )


def json_lines(log: str) -> Iterator[Mapping[str, Any]]:
    """Yield what a script in a Pod has told as objects of JSON, a line each, among other lines."""
    for line in log.splitlines():
        with suppress(ValueError):
            if isinstance(found := json.loads(line), dict):
                yield found


def follow(settings: Settings, clients: Clients) -> Iterator[list[Pod]]:
    """Yield the server's Pods, at once, at each change, and every few seconds."""
    for found in clients.kubernetes.watch("Pod", settings.namespace, labels=LABELS):
        yield sorted(map(Pod.of, found), key=lambda pod: pod.name)


def staying(pods: Iterable[Pod]) -> list[Pod]:
    """Return the Pods without those that are going away or have ended."""
    return [pod for pod in pods if pod.phase not in GONE]


def now(settings: Settings, clients: Clients) -> list[Pod]:
    """Return the server's Pods as they are, without those that are going away."""
    return staying(next(follow(settings, clients)))


def node_labels(clients: Clients, pods: Iterable[Pod]) -> list[Mapping[str, str]]:
    """Return the labels of each Pod's node, in the Pods' order; {} where it has none yet."""
    listed = {n["metadata"]["name"]: n for n in clients.kubernetes.list_objects("Node")}
    nodes = (listed.get(pod.node, {"metadata": {}}) for pod in pods)
    return [node["metadata"].get("labels") or {} for node in nodes]


def zones_of(clients: Clients, pods: Iterable[Pod]) -> tuple[str, ...]:
    """Return the zones in which the Pods run, each once, by name."""
    return tuple(sorted({found.get(gke.ZONE, "") for found in node_labels(clients, pods)} - {""}))


def ready_now(settings: Settings, clients: Clients) -> list[Pod]:
    """Return the server's Pods that are ready, at least one.

    Raises:
        MissingError: None is.
    """
    if found := [pod for pod in now(settings, clients) if pod.ready]:
        return found
    raise MissingError(
        say("No Pod of the server is ready."),
        remedy=say("Wait for the Deployment, then run this again."),
    )


def present_template(deployment: Object | None, replica_sets: Iterable[Object]) -> str | None:
    """Return the hash of the Deployment's present template, by which its Pods are known.

    "" while the cluster has not seen the present template, so that no Pod is of it yet; None
    where nothing tells, and every Pod may be of it.
    """
    if deployment is None:
        return None
    generation = at(deployment, "metadata", "generation")
    if isinstance(generation, int) and generation > _observed(deployment):
        return ""
    owned = [one for one in replica_sets if _owner(one) == at(deployment, "metadata", "uid")]
    newest = max(owned, key=_revision, default=None)
    return text(at(newest, "metadata", "labels", TEMPLATE)) or None


def of_template(pods: Iterable[Pod], template: str | None) -> list[Pod]:
    """Return the Pods of a template, all of them where nobody knows which it is."""
    if template is None:
        return list(pods)
    return [pod for pod in pods if at(pod.raw, "metadata", "labels", TEMPLATE) == template]


def _observed(deployment: Object) -> int:
    seen = at(deployment, "status", "observedGeneration")
    return seen if isinstance(seen, int) else 0


def _owner(replica_set: Object) -> object:
    owners = maps(at(replica_set, "metadata", "ownerReferences"))
    return next((at(one, "uid") for one in owners if one.get("kind") == "Deployment"), None)


def _revision(replica_set: Object) -> int:
    told = text(at(replica_set, "metadata", "annotations", REVISION))
    return int(told) if told.isdecimal() else 0


def rolled_out(settings: Settings, clients: Clients, *, old_gone: bool) -> bool:
    """Say whether the Deployment's Pods are those of its present template, all of them."""
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, settings.namespace) or {}
    status, wanted = found.get("status") or {}, (found.get("spec") or {}).get("replicas", 0)
    seen = status.get("observedGeneration", 0) >= found.get("metadata", {}).get("generation", 0)
    updated = status.get("updatedReplicas", 0)
    return seen and updated == wanted and (not old_gone or status.get("replicas", 0) == updated)
