"""Kubernetes objects as plain dicts, and the small questions asked of them everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

Obj = dict[str, Any]
"""A Kubernetes object, as in JSON."""


def now() -> str:
    """Return the time as Kubernetes writes it: RFC 3339, UTC, whole seconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_now() -> str:
    """Return the time as Kubernetes' MicroTime: RFC 3339, UTC, microseconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def name_of(obj: Mapping[str, Any]) -> str:
    """Return `metadata.name`."""
    return str(obj["metadata"]["name"])


def namespace_of(obj: Mapping[str, Any]) -> str | None:
    """Return `metadata.namespace`, None for an object that is in none."""
    return obj["metadata"].get("namespace")


def uid_of(obj: Mapping[str, Any]) -> str:
    """Return `metadata.uid`."""
    return str(obj["metadata"]["uid"])


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """Return `metadata.labels`, empty if there are none."""
    return obj["metadata"].get("labels") or {}


def terminating(obj: Mapping[str, Any]) -> bool:
    """Tell whether the object is being deleted."""
    return "deletionTimestamp" in obj["metadata"]


def condition(obj: Mapping[str, Any], kind: str) -> Obj | None:
    """Return the status condition of that type."""
    conditions: Iterable[Obj] = (obj.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c["type"] == kind), None)


def holds(obj: Mapping[str, Any], kind: str) -> bool:
    """Tell whether the status condition of that type is True."""
    return (condition(obj, kind) or {}).get("status") == "True"


def set_condition(obj: Obj, kind: str, status: str, **more: Any) -> None:
    """Set a status condition of `obj`; its transition time moves only if its status does."""
    conditions: list[Obj] = obj.setdefault("status", {}).setdefault("conditions", [])
    old = next((c for c in conditions if c["type"] == kind), None)
    since = old["lastTransitionTime"] if old and old["status"] == status else now()
    new = {"type": kind, "status": status, "lastTransitionTime": since, **more}
    if old is None:
        conditions.append(new)
    else:
        conditions[conditions.index(old)] = new


def owner_of(obj: Mapping[str, Any]) -> Obj | None:
    """Return the owner reference of the controller that made the object."""
    owners: Iterable[Obj] = obj["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def owner_reference(owner: Mapping[str, Any]) -> Obj:
    """Return the reference by which a controller's object is owned."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }
