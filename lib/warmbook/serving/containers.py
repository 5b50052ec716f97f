"""The server's container in a Pod: found by its name, for others may stand beside it."""

from __future__ import annotations

from typing import Any

from ..cloud.objects import at, maps
from .guide_manifest import CONTAINER


def server_container(spec: object) -> dict[str, Any]:
    """Return the server's container of a Pod's spec; the first where none has its name."""
    return _server(at(spec, "containers"))


def server_status(pod: object) -> dict[str, Any]:
    """Return what a Pod's status tells of the server's container; of the first as above."""
    return _server(at(pod, "status", "containerStatuses"))


def _server(value: object) -> dict[str, Any]:
    containers: list[Any] = maps(value)
    named = (container for container in containers if container.get("name") == CONTAINER)
    return next(named, containers[0] if containers else {})
