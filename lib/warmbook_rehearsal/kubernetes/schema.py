"""The fields of each kind: types, how lists and maps merge, a word on each; judges no object.

Source: Kubernetes' OpenAPI definitions, v1.37, cut down by tools/kubernetes_schema.py.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from . import custom

Schema = Mapping[str, Any]

VERSION = "v1.37.0"
REF = "#/components/schemas/"
_FILE = Path(__file__).parent / "schema.json.gz"
_NOTHING: Schema = {}


@cache
def definitions() -> Mapping[str, Schema]:
    """Return every definition by its full name."""
    return {**json.loads(gzip.decompress(_FILE.read_bytes())), **custom.DEFINITIONS}


@cache
def _names() -> Mapping[str, str]:
    """Kind -> full name of its definition."""
    return {
        gvk["kind"]: name
        for name, definition in definitions().items()
        for gvk in definition.get("x-kubernetes-group-version-kind", ())
    }


def full_name(kind: str) -> str:
    """Return the name of a kind's definition, such as io.k8s.api.core.v1.Pod."""
    return _names()[kind]


def of_kind(kind: str) -> Schema:
    """Return the schema of a kind."""
    return {"$ref": REF + full_name(kind)}


def resolve(schema: Schema) -> Schema:
    """Follow references to what the schema says itself."""
    while ref := schema.get("$ref"):
        schema = definitions()[ref[len(REF) :]]
    return schema


def struct_name(schema: Schema) -> str:
    """Return the Go name of the struct that a schema refers to, such as PodSpec."""
    return str(schema.get("$ref", "")).rpartition(".")[2]


def child(schema: Schema, key: str) -> Schema:
    """Return the schema of a field or of a map's value; an empty one if it is unknown."""
    found = resolve(schema)
    known = found.get("properties", _NOTHING).get(key)
    if known is not None:
        return known
    values = found.get("additionalProperties")
    return values if isinstance(values, Mapping) else _NOTHING


def items(schema: Schema) -> Schema:
    """Return the schema of a list's items."""
    return resolve(schema).get("items", _NOTHING)


def atomic_map(schema: Schema) -> bool:
    """Tell whether a map is owned as a whole."""
    return "atomic" in (
        schema.get("x-kubernetes-map-type"),
        resolve(schema).get("x-kubernetes-map-type"),
    )


def list_keys(schema: Schema) -> Sequence[str] | None:
    """Return the fields that tell a list's items apart, None if it is no associative list."""
    if schema.get("x-kubernetes-list-type") == "map":
        return list(schema["x-kubernetes-list-map-keys"])
    return None


def is_set(schema: Schema) -> bool:
    """Tell whether a list is a set of scalars."""
    return schema.get("x-kubernetes-list-type") == "set"


def patch_key(schema: Schema) -> str | None:
    """Return the field by which a strategic merge patch finds a list's items."""
    merges = "merge" in schema.get("x-kubernetes-patch-strategy", "")
    return schema.get("x-kubernetes-patch-merge-key") if merges else None


def merges_scalars(schema: Schema) -> bool:
    """Tell whether a strategic merge patch adds to a list of scalars."""
    strategy = schema.get("x-kubernetes-patch-strategy", "")
    return "merge" in strategy and "x-kubernetes-patch-merge-key" not in schema
