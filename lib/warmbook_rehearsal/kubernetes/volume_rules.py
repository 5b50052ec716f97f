"""Rules for volumes, where they are mounted, and for the objects that fill them.

Source: Kubernetes, pkg/apis/core/validation/validation.go (rules and wordings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .errors import Cause
from .names import invalid_value, wrong_label
from .objects import Obj

_KEY = r"[-._a-zA-Z0-9]+"
_NOT_A_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    f"'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY}')"
)
_LONGEST_KEY = 253
_SOURCES = ("configMap", "secret", "downwardAPI")


def causes(kind: str, obj: Obj) -> Iterator[Cause]:
    """Yield what is wrong with a claim, a ConfigMap or a Secret."""
    if kind == "PersistentVolumeClaim":
        yield from _claim(obj["spec"])
    for field in ("data", "binaryData"):
        for key in obj.get(field) or {}:
            if why := _wrong_key(key):
                yield invalid_value(f"{field}[{key}]", key, why)


def _claim(spec: Obj) -> Iterator[Cause]:
    if not spec.get("accessModes"):
        said = "Required value: at least 1 access mode is required"
        yield Cause("FieldValueRequired", said, "spec.accessModes")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        yield Cause("FieldValueRequired", "Required value", "spec.resources[storage]")


def _wrong_key(key: str) -> str:
    if len(key) > _LONGEST_KEY:
        return f"must be no more than {_LONGEST_KEY} characters"
    if not re.fullmatch(_KEY, key):
        return _NOT_A_KEY
    if key in (".", ".."):
        return f"must not be '{key}'"
    return "must not start with '..'" if key.startswith("..") else ""


def of_pod(spec: Obj, at: str) -> Iterator[Cause]:
    """Yield what is wrong with the volumes of a Pod's spec."""
    seen: set[Any] = set()
    for index, volume in enumerate(spec.get("volumes") or ()):
        where, name = f"{at}.volumes[{index}]", str(volume.get("name", ""))
        if why := wrong_label(name):
            yield invalid_value(f"{where}.name", name, why)
        elif name in seen:
            yield Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{where}.name")
        seen.add(name)
        kinds = sorted(volume.keys() - {"name"})
        for kind in kinds[1:]:
            said = "Forbidden: may not specify more than 1 volume type"
            yield Cause("FieldValueForbidden", said, f"{where}.{kind}")
        yield from _items(volume, where)
        for number, part in enumerate((volume.get("projected") or {}).get("sources") or ()):
            yield from _items(part, f"{where}.projected.sources[{number}]")


def _items(volume: Obj, at: str) -> Iterator[Cause]:
    for source in _SOURCES:
        for index, item in enumerate((volume.get(source) or {}).get("items") or ()):
            yield from _path(item.get("path") or "", f"{at}.{source}.items[{index}].path")


def _path(path: str, field: str) -> Iterator[Cause]:
    if not path:
        yield Cause("FieldValueRequired", "Required value", field)
    elif path.startswith("/"):
        yield invalid_value(field, path, "must be a relative path")
    elif ".." in path.split("/"):
        yield invalid_value(field, path, "must not contain '..'")
    elif path.startswith(".."):
        yield invalid_value(field, path, "must not start with '..'")


def of_mounts(container: Obj, at: str) -> Iterator[Cause]:
    """Yield what is wrong with where a container mounts its volumes."""
    seen: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        where, path = f"{at}.volumeMounts[{index}]", str(mount.get("mountPath") or "")
        if path in seen:
            yield invalid_value(f"{where}.mountPath", path, "must be unique")
        seen.add(path)
        if mount.get("subPath"):
            yield from _path(mount["subPath"], f"{where}.subPath")
            if mount.get("subPathExpr"):
                said = "subPathExpr and subPath are mutually exclusive"
                yield invalid_value(f"{where}.subPathExpr", mount["subPathExpr"], said)
