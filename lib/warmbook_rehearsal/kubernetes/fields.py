"""Paths to an object's fields, in the notation of metadata.managedFields.

A path is a tuple of `f:NAME` (a field or a map's key), `k:{…}` (the item of a list with those
keys), `v:…` (a member of a set) and `.` (the thing itself, without what is in it).

Source: Kubernetes API, FieldsV1; sigs.k8s.io/structured-merge-diff.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import schema as schemas
from .objects import Obj
from .schema import Schema

Path = tuple[str, ...]
SELF = "."

_KEY_DEFAULTS = {"protocol": "TCP"}
_UNOWNED_METADATA = (
    *("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"),
)
_UNOWNED: frozenset[Path] = frozenset(
    {("f:apiVersion",), ("f:kind",), *(("f:metadata", f"f:{name}") for name in _UNOWNED_METADATA)}
)
# Structs that are no pointers in Go: they are there even in an empty object.
_ALWAYS_THERE: frozenset[Path] = frozenset(
    (*(f"f:{name}" for name in path.split(".")), SELF)
    for path in (
        *("metadata", "spec", "status", "spec.strategy", "spec.template", "spec.containers"),
        *("spec.template.metadata", "spec.template.spec", "spec.template.spec.containers"),
        *("involvedObject", "source"),
    )
)


def field_values(kind: str, obj: Obj, *, with_parents: bool) -> dict[Path, Any]:
    """Return the value at each path that can be owned; `with_parents` adds maps themselves."""
    found: dict[Path, Any] = {}
    for key, value in obj.items():
        if (f"f:{key}",) not in _UNOWNED:
            _walk(
                schemas.child(schemas.of_kind(kind), key), value, (f"f:{key}",), found, with_parents
            )
    return found


def _walk(schema: Schema, value: Any, path: Path, leaves: dict[Path, Any], parents: bool) -> None:
    if path in _UNOWNED:
        return
    if isinstance(value, dict) and value and not schemas.atomic_map(schema):
        if (parents or path[-1].startswith("k:")) and (*path, SELF) not in _ALWAYS_THERE:
            leaves[(*path, SELF)] = {}
        for key, inner in value.items():
            _walk(schemas.child(schema, key), inner, (*path, f"f:{key}"), leaves, parents)
    elif isinstance(value, list) and (elements := list_elements(schema, value)) is not None:
        if parents and (*path, SELF) not in _ALWAYS_THERE:
            leaves[(*path, SELF)] = []
        for element, inner in elements:
            _walk(schemas.items(schema), inner, (*path, element), leaves, parents)
    else:
        leaves[path] = value


def list_elements(schema: Schema, value: Sequence[Any]) -> list[tuple[str, Any]] | None:
    """Return a list's items with their path elements, None if the list is atomic."""
    keys = schemas.list_keys(schema)
    if keys and all(isinstance(item, dict) for item in value):
        return [(item_key(keys, item), item) for item in value]
    if schemas.is_set(schema):
        return [(f"v:{json.dumps(item)}", item) for item in value]
    return None


def item_key(keys: Sequence[str], item: Mapping[str, Any]) -> str:
    """Return the path element of an item in an associative list."""
    values = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in sorted(keys)}
    present = {key: value for key, value in values.items() if value is not None}
    return "k:" + json.dumps(present, separators=(",", ":"))


def to_tree(paths: Iterable[Path]) -> Obj:
    """Return paths as the nested `fieldsV1`."""
    tree: Obj = {}
    for path in sorted(paths):
        node = tree
        for element in path:
            node = node.setdefault(element, {})
    return tree


def from_tree(tree: Obj, path: Path = ()) -> set[Path]:
    """Return the paths in a nested `fieldsV1`."""
    if not tree:
        return {path} if path else set()
    return {
        inner
        for element, branch in tree.items()
        if isinstance(branch, dict)
        for inner in from_tree(branch, (*path, element))
    }


def said(path: Path) -> str:
    """Return a path as messages show it: `.spec.containers[name="a"].image`."""
    return "".join(_said(element) for element in path if element != SELF)


def _said(element: str) -> str:
    if element.startswith("f:"):
        return f".{element[2:]}"
    if element.startswith("v:"):
        return f"[={element[2:]}]"
    pairs = json.loads(element[2:]).items()
    return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in pairs) + "]"


def remove(obj: Any, path: Path) -> None:
    """Take what is at `path` out of an object, and what is empty then; absent is fine.

    The fields by which an item of a list is known go only with the item.
    """
    *way, last = path[:-1] if path[-1] == SELF else path
    if way and last[2:] in _keys_in(way[-1]):
        return
    holders = [obj]
    for element in way:
        holders.append(_step(holders[-1], element))
    _drop(holders[-1], last)
    for holder, element in zip(holders[-2:0:-1], way[:0:-1], strict=True):
        if _step(holder, element) not in ({}, []):
            return
        _drop(holder, element)


def _drop(holder: Any, element: str) -> None:
    if isinstance(holder, dict) and element.startswith("f:"):
        holder.pop(element[2:], None)
    elif isinstance(holder, list):
        holder[:] = [item for item in holder if not _is(item, element)]


def _keys_in(element: str) -> Iterable[str]:
    return json.loads(element[2:]) if element.startswith("k:") else ()


def _step(holder: Any, element: str) -> Any:
    if isinstance(holder, dict) and element.startswith("f:"):
        return holder.get(element[2:])
    if isinstance(holder, list):
        return next((item for item in holder if _is(item, element)), None)
    return None


def _is(item: Any, element: str) -> bool:
    if element.startswith("v:"):
        return bool(item == json.loads(element[2:]))
    if not element.startswith("k:") or not isinstance(item, dict):
        return False
    wanted = json.loads(element[2:])
    return item_key(list(wanted), item) == element
