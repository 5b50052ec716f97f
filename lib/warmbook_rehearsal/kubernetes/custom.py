"""Custom resources that GKE brings to a cluster: their fields, in the form of Kubernetes' own.

Source: Managed Service for Prometheus, the definition of PodMonitoring; `pod_monitoring.json` is
its spec and says where it was taken from.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

_COMPONENTS = "#/components/schemas/io.k8s.apimachinery.pkg"
_META = f"{_COMPONENTS}.apis.meta.v1"
_INT_OR_STRING = {"$ref": f"{_COMPONENTS}.util.intstr.IntOrString"}
_TEXT = {"type": "string"}
_OBJECT = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"$ref": f"{_META}.ObjectMeta"}}
_NAME = "com.googleapis.monitoring.v1.PodMonitoring"


def _in_kubernetes_form(schema: Any) -> Any:
    """Return a custom resource's schema with a reference for each number or text."""
    if isinstance(schema, list):
        return [_in_kubernetes_form(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {**_INT_OR_STRING, **{k: v for k, v in schema.items() if k.endswith("Length")}}
    return {name: _in_kubernetes_form(one) for name, one in schema.items()}


POD_MONITORING: Mapping[str, Any] = json.loads(
    resources.files(__package__).joinpath("pod_monitoring.json").read_text("utf-8")
)
"""Google's own schema of a PodMonitoring's spec, and its origin."""

DEFINITIONS: Mapping[str, Any] = {
    _NAME: {
        "type": "object",
        "required": ["spec"],
        "properties": {
            **_OBJECT,
            "spec": _in_kubernetes_form(POD_MONITORING["spec"]),
            "status": {"type": "object"},
        },
        "x-kubernetes-group-version-kind": [
            {"group": "monitoring.googleapis.com", "version": "v1", "kind": "PodMonitoring"}
        ],
    },
    f"{_NAME}List": {
        "type": "object",
        "properties": {
            **_OBJECT,
            "metadata": {"$ref": f"{_META}.ListMeta"},
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{_NAME}"}},
        },
        "x-kubernetes-group-version-kind": [
            {"group": "monitoring.googleapis.com", "version": "v1", "kind": "PodMonitoringList"}
        ],
    },
}
"""Full name -> definition."""

KINDS = frozenset(("PodMonitoring",))
"""Kinds whose schema alone says what is allowed and filled in."""


def fill_in(obj: dict[str, Any]) -> None:
    """Fill in what the schema of a PodMonitoring has as defaults.

    Source: Kubernetes, apiextensions-apiserver, pkg/apiserver/schema/defaulting.
    """
    _fill_in(obj.get("spec"), POD_MONITORING["spec"])


def _fill_in(value: Any, schema: Mapping[str, Any]) -> None:
    if isinstance(value, list):
        for one in value:
            _fill_in(one, schema.get("items", {}))
    if not isinstance(value, dict):
        return
    for name, inner in schema.get("properties", {}).items():
        if "default" in inner:
            value.setdefault(name, copy.deepcopy(inner["default"]))
        _fill_in(value.get(name), inner)
