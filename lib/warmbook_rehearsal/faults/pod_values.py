"""The values of a Pod's spec by their path, so that two of them can be compared one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Obj = dict[str, Any]
Path = tuple[str, ...]
Change = tuple[Any, Any]
"""A value before and after; None where there is none."""

_KEYS = ("mountPath", "name", "key")
"""What tells the items of a list apart. Source: Kubernetes' API, `x-kubernetes-list-map-keys`."""


def changed(before: Obj, after: Obj) -> Mapping[Path, Change]:
    """Return the values that differ between the Pods of two Deployments."""
    old, new = (values(one["spec"]["template"]["spec"]) for one in (before, after))
    paths = old.keys() | new.keys()
    return {
        path: (old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
    }


def values(spec: Any) -> dict[Path, Any]:
    """Return the values of a Pod's spec; an argument is named by its flag, the last one counts."""
    return dict(_flat((), spec))


def _flat(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat((*path, name), inner)
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _item(path, str(number), item)
    else:
        yield path, value


def _item(path: Path, number: str, item: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(item, str) and item.startswith("-"):
        flag, _, given = item.partition("=")
        yield (*path, flag), given
    elif isinstance(item, dict):
        name = next((str(item[key]) for key in _KEYS if key in item), number)
        yield from _flat((*path, name), item)
    else:
        yield (*path, number), item
