"""Who owns which field of an object: metadata.managedFields of plain writes."""

from __future__ import annotations

from typing import Any

from .fields import Path, field_values, from_tree, to_tree
from .kinds import KINDS
from .objects import Obj, now


def entry(kind: str, manager: str, operation: str, paths: set[Path], subresource: str = "") -> Obj:
    """Return one entry: `manager` owns `paths` since now; `operation` is Apply or Update."""
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": KINDS[kind].api_version,
        "time": now(),
        "fieldsType": "FieldsV1",
        "fieldsV1": to_tree(paths),
        **({"subresource": subresource} if subresource else {}),
    }


def paths_of(managed: Obj) -> set[Path]:
    """Return the paths of an entry."""
    return from_tree(managed.get("fieldsV1") or {})


def identity(managed: Obj) -> tuple[Any, Any, str]:
    """Return what tells entries apart: manager, operation, subresource."""
    return managed.get("manager"), managed.get("operation"), managed.get("subresource") or ""


def record(kind: str, old: Obj | None, new: Obj, manager: str, subresource: str = "") -> None:
    """Note in `new` that `manager` set what differs from `old`, and that others lost it."""
    if not manager:
        return
    before = field_values(kind, old, with_parents=True) if old else {}
    after = field_values(kind, new, with_parents=True)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    mine = manager, "Update", subresource
    owned, others = set(changed), []
    for managed in (old or {}).get("metadata", {}).get("managedFields") or ():
        had = paths_of(managed)
        left = had & after.keys()
        if identity(managed) == mine:
            owned |= left
        elif left - changed:
            kept = left - changed
            others.append(managed if kept == had else {**managed, "fieldsV1": to_tree(kept)})
    if owned:
        others.append(entry(kind, manager, "Update", owned, subresource))
    new["metadata"]["managedFields"] = others
