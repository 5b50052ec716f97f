"""The evidence of one Pod, gathered from the cluster at one look."""

from __future__ import annotations

from datetime import datetime, timezone

from ...cloud.clients import Clients
from ...cloud.objects import at, text
from ...serving.containers import server_status
from ...settings import Settings
from .evidence import Evidence


def gather(name: str, settings: Settings, clients: Clients) -> Evidence | None:
    """Return what the cluster tells of a Pod in the settings' namespace, None if it has none."""
    cluster, namespace = clients.kubernetes, settings.namespace
    if (pod := cluster.find("Pod", name, namespace)) is None:
        return None
    events = cluster.list_objects("Event", namespace)
    others = cluster.list_objects("Pod", namespace)
    placed = bool(at(pod, "spec", "nodeName"))
    return Evidence(
        pod=pod,
        events=[e for e in events if at(e, "involvedObject", "name") == name],
        log=_log(clients, pod, previous=False),
        previous=_log(clients, pod, previous=True),
        nodes=[] if placed else cluster.list_objects("Node"),
        others=[one for one in others if at(one, "metadata", "name") != name],
        autopilot=settings.mode == "autopilot",
        now=datetime.now(timezone.utc),
    )


def _log(clients: Clients, pod: dict[str, object], *, previous: bool) -> str:
    """Return a log of the server's container, "" where it has none."""
    status = server_status(pod)
    if previous and not status.get("restartCount"):
        return ""
    name, namespace = (text(at(pod, "metadata", key)) for key in ("name", "namespace"))
    container = text(status.get("name"))
    return clients.kubernetes.log(name, namespace, container=container, previous=previous)
