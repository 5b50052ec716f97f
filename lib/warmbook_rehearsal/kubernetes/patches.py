"""The three kinds of patch: strategic merge, JSON merge (RFC 7386), JSON patch (RFC 6902)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from . import schema as schemas
from .errors import ApiError, bad_request
from .objects import Obj
from .schema import Schema

_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"
_RETAIN = "$retainKeys"
_DIRECTIVE = "$patch"


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with a JSON merge patch; null removes a field."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def strategic_merge_patch(schema: Schema, target: Any, patch: Any) -> Any:
    """Return `target` with a patch that merges lists by their keys.

    Source: Kubernetes documentation, "Update API Objects in Place Using kubectl patch".
    """
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get(_DIRECTIVE) == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if patch.get(_DIRECTIVE) == "delete":
        return {}
    merged = dict(target) if isinstance(target, dict) else {}
    if retained := patch.get(_RETAIN):
        merged = {key: value for key, value in merged.items() if key in retained}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(schemas.child(schema, key), merged.get(key), value)
    for key, value in patch.items():
        _obey(schema, merged, key, value)
    return merged


def _merged(schema: Schema, target: Any, patch: Any) -> Any:
    if not isinstance(patch, list):
        return strategic_merge_patch(schema, target, patch)
    existing = target if isinstance(target, list) else []
    if key := schemas.patch_key(schema):
        return _merged_items(schema, existing, patch, key)
    if schemas.merges_scalars(schema):
        return existing + [value for value in patch if value not in existing]
    return copy.deepcopy(patch)


def _merged_items(schema: Schema, target: list[Any], patch: list[Any], key: str) -> list[Any]:
    if any(not isinstance(item, dict) for item in patch):
        raise bad_request(f"map: expected a list of objects with the merge key {key}")
    if any(item.get(_DIRECTIVE) == "replace" for item in patch):
        return [item for item in patch if _DIRECTIVE not in item]
    merged = list(target)
    for item in patch:
        if key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        found = next((i for i, old in enumerate(merged) if old.get(key) == item[key]), None)
        if item.get(_DIRECTIVE) == "delete":
            merged = [old for old in merged if old.get(key) != item[key]]
        elif found is None:
            merged.append(strategic_merge_patch(schemas.items(schema), {}, item))
        else:
            merged[found] = strategic_merge_patch(schemas.items(schema), merged[found], item)
    return merged


def _obey(schema: Schema, merged: Obj, directive: str, value: Any) -> None:
    """Carry out a directive about a list beside it."""
    if not isinstance(value, list):
        return
    if directive.startswith(_DELETE):
        field = directive[len(_DELETE) :]
        merged[field] = [old for old in merged.get(field) or () if old not in value]
    elif directive.startswith(_ORDER):
        field = directive[len(_ORDER) :]
        if isinstance(merged.get(field), list):
            key = schemas.patch_key(schemas.child(schema, field))
            merged[field] = _ordered(merged[field], value, key)


def _ordered(existing: list[Any], order: Sequence[Any], key: str | None) -> list[Any]:
    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [identity(item) for item in order]
    known = [item for item in existing if identity(item) in wanted]
    rest = [item for item in existing if identity(item) not in wanted]
    return sorted(known, key=lambda item: wanted.index(identity(item))) + rest


def json_patch(target: Any, operations: Any) -> Any:
    """Return `target` after the operations of a JSON patch.

    Raises:
        ApiError: 400, no JSON patch; 422, an operation does not fit the object.
    """
    if not isinstance(operations, list) or not all(isinstance(o, dict) for o in operations):
        raise bad_request("error decoding patch: a JSON patch is a list of operations")
    document = copy.deepcopy(target)
    for operation in operations:
        try:
            document = _operate(document, operation)
        except (KeyError, IndexError, ValueError, TypeError):
            message = "the server rejected our request due to an error in our request"
            raise ApiError(422, "Invalid", message) from None
    return document


def _operate(document: Any, operation: Obj) -> Any:
    path = _pointer(operation["path"])
    match operation["op"]:
        case "add":
            return _added(document, path, copy.deepcopy(operation["value"]))
        case "remove":
            return _removed(document, path)
        case "replace":
            _at(document, path)
            return _added(_removed(document, path), path, copy.deepcopy(operation["value"]))
        case "move":
            source = _pointer(operation["from"])
            value = _at(document, source)
            return _added(_removed(document, source), path, value)
        case "copy":
            value = copy.deepcopy(_at(document, _pointer(operation["from"])))
            return _added(document, path, value)
        case "test":
            if _at(document, path) != operation["value"]:
                raise ValueError(operation["path"])
            return document
    raise ValueError(operation["op"])


def _pointer(text: str) -> list[str]:
    if text == "":
        return []
    if not text.startswith("/"):
        raise ValueError(text)
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _at(document: Any, path: Sequence[str]) -> Any:
    for part in path:
        document = document[_index(document, part)]
    return document


def _index(holder: Any, part: str) -> Any:
    if not isinstance(holder, list):
        if not isinstance(holder, dict):
            raise TypeError(part)
        return part
    if not part.isdecimal():
        raise ValueError(part)
    return int(part)


def _added(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    holder, last = _at(document, path[:-1]), path[-1]
    if isinstance(holder, list):
        index = len(holder) if last == "-" else _index(holder, last)
        if index > len(holder):
            raise IndexError(last)
        holder.insert(index, value)
    else:
        holder[_index(holder, last)] = value
    return document


def _removed(document: Any, path: Sequence[str]) -> Any:
    if not path:
        return None
    holder = _at(document, path[:-1])
    del holder[_index(holder, path[-1])]
    return document
