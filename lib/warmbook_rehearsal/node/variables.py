"""A container's own variables: written out, from ConfigMaps and Secrets, from its Pod.

Source: Kubernetes, pkg/kubelet/kubelet_pods.go, makeEnvironment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..kubernetes import Store
from .fields import Fields
from .sources import entries, entry

Obj = dict[str, Any]


def variables(
    store: Store, fields: Fields, namespace: str, container: Obj
) -> tuple[dict[str, str], list[str]]:
    """Return the variables of `envFrom` and `env`, and what is to be told about them.

    Raises:
        MissingError: A ConfigMap, a Secret or a key in it is absent, and not optional.
    """
    result: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        result |= _all_of(store, namespace, source)
    own: dict[str, str] = {}
    absent: list[str] = []
    for wanted in container.get("env") or ():
        name, origin = wanted["name"], wanted.get("valueFrom")
        if not origin:
            own[name] = expanded(str(wanted.get("value") or ""), own)
            continue
        value = _value(store, fields, namespace, container, origin)
        if value is not None:
            own[name] = value
        elif not _optional(origin):
            absent.append(name)
    told = [f"not set, their sources are not read here: {', '.join(absent)}"] if absent else []
    return {**result, **own}, told


def _all_of(store: Store, namespace: str, source: Obj) -> dict[str, str]:
    found: dict[str, str] = {}
    prefix = source.get("prefix", "")
    for field, kind in (("configMapRef", "configMap"), ("secretRef", "secret")):
        if reference := source.get(field):
            optional = bool(reference.get("optional"))
            held = entries(store, namespace, kind, reference.get("name", ""), optional=optional)
            for key, value in held.items():
                found[f"{prefix}{key}"] = value.decode(errors="replace")
    return found


def _value(store: Store, fields: Fields, namespace: str, container: Obj, origin: Obj) -> str | None:
    if reference := origin.get("fieldRef"):
        return fields.field(reference["fieldPath"])
    if reference := origin.get("resourceFieldRef"):
        return fields.resource(reference, container["name"])
    for field, source in (("configMapKeyRef", "configMap"), ("secretKeyRef", "secret")):
        if reference := origin.get(field):
            return entry(store, namespace, source, reference)
    return None


def _optional(origin: Obj) -> bool:
    keys = (origin.get(field) or {} for field in ("configMapKeyRef", "secretKeyRef"))
    return any(key.get("optional") for key in keys)


def expanded(word: str, known: Mapping[str, str]) -> str:
    """Expand $(NAME) as Kubernetes does: $$ escapes, unknown names stay."""

    def value(reference: re.Match[str]) -> str:
        if reference[0] == "$$":
            return "$"
        return known.get(reference[1], reference[0])

    return re.sub(r"\$\$|\$\(([A-Za-z_.-][\w.-]*)\)", value, word)
