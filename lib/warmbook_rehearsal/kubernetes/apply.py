"""Server-side apply: a partial object in, the merged object with its owners out.

Out of scope: several versions of a kind, applied `status`, and taking over what client-side
apply owned.

Source: Kubernetes documentation, "Server-Side Apply".
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import schema as schemas
from .errors import ApiError, Cause
from .fields import SELF, Path, field_values, list_elements, remove, said, to_tree
from .managed_fields import entry, identity, paths_of
from .objects import Obj
from .schema import Schema


@dataclass
class _Owner:
    """Another manager's entry and the paths that are still its own."""

    managed: Obj
    paths: set[Path]

    @property
    def said(self) -> str:
        """The manager as a conflict names it."""
        name = f'conflict with "{self.managed["manager"]}"'
        if subresource := self.managed.get("subresource"):
            name += f' with subresource "{subresource}"'
        if self.managed["operation"] == "Apply":
            return name
        return f"{name} using {self.managed.get('apiVersion', 'v1')}"


def apply(kind: str, live: Obj | None, applied: Obj, manager: str, *, force: bool) -> Obj:
    """Merge `applied` into `live`, and drop what the manager applied before but not now.

    Raises:
        ApiError: 409, others own a field that would change, and `force` is not set.
    """
    old: Obj = live or {"metadata": {}}
    mine = (manager, "Apply", "")
    entries = old["metadata"].get("managedFields") or []
    before = next((paths_of(e) for e in entries if identity(e) == mine), set())
    others = [_Owner(e, paths_of(e)) for e in entries if identity(e) != mine]
    wanted = field_values(kind, applied, with_parents=False)
    lost = _conflicts(kind, old, wanted, others)
    if lost and not force:
        raise _refusal(lost)
    for owner, path in lost:
        owner.paths.discard(path)
    merged = _merge(schemas.of_kind(kind), copy.deepcopy(old), applied)
    kept = {path for owner in others for path in owner.paths} | wanted.keys()
    for path in sorted(before - kept, key=_items_first):
        if path[-1] != SELF or not _holds_any(path[:-1], kept):
            remove(merged, path)
    merged["metadata"]["managedFields"] = [
        *_remaining(others),
        _own_entry(kind, manager, set(wanted), entries),
    ]
    return merged


def _items_first(path: Path) -> tuple[int, bool]:
    """Order what goes: the deepest first, and an item before its fields, by which it is known."""
    return -len(path), path[-1] != SELF


def _holds_any(place: Path, paths: Iterable[Path]) -> bool:
    return any(path[: len(place)] == place for path in paths)


def _conflicts(
    kind: str, live: Obj, wanted: dict[Path, Any], others: Sequence[_Owner]
) -> list[tuple[_Owner, Path]]:
    current = field_values(kind, live, with_parents=True)
    changing = {
        path
        for path, value in wanted.items()
        if path[-1] != SELF and path in current and current[path] != value
    }
    return [(owner, path) for owner in others for path in sorted(owner.paths & changing)]


def _refusal(lost: Sequence[tuple[_Owner, Path]]) -> ApiError:
    causes = [Cause("FieldManagerConflict", owner.said, said(path)) for owner, path in lost]
    if len(causes) == 1:
        told = f"Apply failed with 1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        told = f"Apply failed with {len(causes)} conflicts: {_by_manager(causes)}"
    details = {"causes": [cause.as_json() for cause in causes]}
    return ApiError(409, "Conflict", told, details=details)


def _by_manager(causes: Iterable[Cause]) -> str:
    grouped: dict[str, list[str]] = {}
    for cause in causes:
        grouped.setdefault(cause.message, []).append(cause.field)
    parts = []
    for message, fields in grouped.items():
        parts.append(f"conflicts{message.removeprefix('conflict')}:")
        parts += [f"- {field}" for field in fields]
    return "\n".join(parts)


def _remaining(others: Sequence[_Owner]) -> list[Obj]:
    return [
        owner.managed
        if owner.paths == paths_of(owner.managed)
        else {**owner.managed, "fieldsV1": to_tree(owner.paths)}
        for owner in others
        if owner.paths
    ]


def _own_entry(kind: str, manager: str, paths: set[Path], entries: Iterable[Obj]) -> Obj:
    new = entry(kind, manager, "Apply", paths)
    for old in entries:
        if identity(old) == identity(new) and old["fieldsV1"] == new["fieldsV1"]:
            return old  # applied again unchanged: the time stays
    return new


def _merge(schema: Schema, live: Any, applied: Any) -> Any:
    if isinstance(live, dict) and isinstance(applied, dict) and not schemas.atomic_map(schema):
        merged = dict(live)
        for key, value in applied.items():
            merged[key] = _merge(schemas.child(schema, key), live.get(key), value)
        return merged
    if isinstance(live, list) and isinstance(applied, list):
        return _merge_lists(schema, live, applied)
    return copy.deepcopy(applied)


def _merge_lists(schema: Schema, live: list[Any], applied: list[Any]) -> list[Any]:
    had, wanted = list_elements(schema, live), list_elements(schema, applied)
    if had is None or wanted is None:
        return copy.deepcopy(applied)
    new = dict(wanted)
    merged = [
        _merge(schemas.items(schema), item, new.pop(element)) if element in new else item
        for element, item in had
    ]
    return merged + [copy.deepcopy(item) for item in new.values()]
