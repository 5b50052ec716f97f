"""The server's container in a Pod: found by its name, for others may stand beside it."""

from __future__ import annotations

from typing import Any

from ..cloud.objects import Object, at, items, maps
from .guide_manifest import CONTAINER

_DEVICES = ("nvidia.com/", "amd.com/", "google.com/tpu")
_ENGINES = ("vllm", "sglang", "llm-d")


def server_container(spec: object) -> dict[str, Any]:
    """Return the server's container of a Pod's spec: by its name, else by what it runs or asks for.

    Sidecars may stand before it: the first with a GPU, then the first whose image or command
    names an engine; at last the first of all.
    """
    containers: list[Any] = maps(at(spec, "containers"))
    for looks in (_has_name, _has_gpu, _names_engine):
        for container in filter(looks, containers):
            return container  # itself, and no copy: the manifest is completed in it
    return containers[0] if containers else {}


def server_status(pod: object) -> dict[str, Any]:
    """Return what a Pod's status tells of the server's container, found by the spec's name.

    Where there is no spec, of the one that has the guide's name, else of the first.
    """
    statuses: list[Any] = maps(at(pod, "status", "containerStatuses"))
    name = server_container(at(pod, "spec")).get("name")
    for wanted in (name, CONTAINER):
        for status in statuses:
            if wanted and status.get("name") == wanted:
                return status
    if name:
        return {} if all(one.get("name") for one in statuses) else _first(statuses)
    return _first(statuses)


def last_end(status: Object) -> int:
    """Return which instance of a container has ended last, the first being 0; -1 where none has.

    A node counts a restart when it creates the next instance, not when one ends. Source:
    Kubernetes, pkg/kubelet/kuberuntime/kuberuntime_container.go (startContainer).
    """
    count = status.get("restartCount")
    newest = count if isinstance(count, int) else 0
    if at(status, "state", "running") is not None:
        return newest - 1
    ended = any(at(status, state, "terminated") for state in ("state", "lastState"))
    return newest if ended else -1


def _first(statuses: list[Any]) -> dict[str, Any]:
    engines = (one for one in statuses if _names_engine(one))
    return next(engines, statuses[0] if statuses else {})


def _has_name(container: Object) -> bool:
    return container.get("name") == CONTAINER


def _has_gpu(container: Object) -> bool:
    limits = at(container, "resources", "limits")
    return any(str(name).startswith(_DEVICES) for name in (limits or ()))


def _names_engine(container: Object) -> bool:
    words = (container.get("image"), *items(container.get("command")))
    return any(engine in str(word) for word in words for engine in _ENGINES)
