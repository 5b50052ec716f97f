"""Cold starts as the cluster tells them: Pods, events, nodes, drivers, logs, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...cloud.clients import Clients
from ...cloud.gke import MACHINE_TYPE, SPOT
from ...cloud.objects import at
from ...model.folder import list_folder
from ...model.gpus import machines
from ...serving import pods
from ...serving.container_args import connections_of
from ...serving.containers import server_container
from ...settings import Settings
from .card import ColdStart
from .startlog import read
from .timeline import Timeline, timeline


def start_of(
    settings: Settings,
    clients: Clients,
    chosen: Sequence[pods.Pod],
    answered_s: Mapping[str, float],
) -> ColdStart:
    """Return the cold start of each of the Pods.

    `answered_s` is how long a Pod's first answer took, by its name, where it is known. Readers
    who may not see nodes or the Pods of kube-system get a shorter cold start.
    """
    cluster = clients.kubernetes
    events = cluster.list_objects("Event", settings.namespace)
    expected = list_folder(clients, settings.model_uri).size_bytes
    nodes = {pod.node: _node(clients, pod.node) for pod in chosen if pod.node}
    installers = _installers(clients)
    drawn = [
        timeline(
            pod.raw,
            events,
            nodes.get(pod.node),
            read(cluster.log(pod.name, settings.namespace, timestamps=True), pod.created),
            installer=installers.get(pod.node),
            expected_bytes=expected,
        )
        for pod in chosen
    ]
    labels = at(nodes.get(chosen[0].node), "metadata", "labels") or {}
    kind = labels.get(MACHINE_TYPE)
    machine = next((found for found in machines() if found.name == kind), None)
    spot = labels.get(SPOT) == "true"
    container = server_container(at(chosen[0].raw, "spec"))
    streams = connections_of(container, machine.vcpus) if machine and machine.vcpus else None
    return ColdStart(
        *(tuple(_answered(start, answered_s) for start in drawn), machine, spot),
        streams=streams,
        rehearsal=bool(clients.rehearsal),
        network=clients.network,
    )


def _answered(start: Timeline, answered_s: Mapping[str, float]) -> Timeline:
    """Return a Pod's cold start with its first answer, if that is known."""
    return start.answered(answered_s[start.pod]) if start.pod in answered_s else start


def _node(clients: Clients, name: str) -> dict[str, Any]:
    """Return the node, empty for readers that may not see nodes: their timeline is shorter."""
    from kubernetes.dynamic.exceptions import ForbiddenError

    try:
        return clients.kubernetes.find("Node", name) or {}
    except ForbiddenError:
        return {}


def _installers(clients: Clients) -> dict[str, dict[str, Any]]:
    """Return GKE's Pods that install the GPU driver, by node; none where they can't be seen.

    Source: GKE, "About GPUs": the DaemonSet nvidia-gpu-device-plugin in kube-system.
    """
    from kubernetes.dynamic.exceptions import ForbiddenError

    labels = "k8s-app=nvidia-gpu-device-plugin"
    try:
        found = clients.kubernetes.list_objects("Pod", "kube-system", labels=labels)
    except ForbiddenError:
        return {}
    return {str(at(pod, "spec", "nodeName")): pod for pod in found}
