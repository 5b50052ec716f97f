"""Custom resources that GKE brings to a cluster: their fields, as far as the workbook's are known.

Source: Managed Service for Prometheus, "PodMonitoring" (monitoring.googleapis.com/v1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_META = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1"
_TEXT = {"type": "string"}
_LABELS = {"type": "object", "additionalProperties": _TEXT}
_OBJECT = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"$ref": f"{_META}.ObjectMeta"}}
_NAME = "com.googleapis.monitoring.v1.PodMonitoring"
_ENDPOINT = {
    "type": "object",
    "required": ["port"],
    "properties": {
        "port": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
        **dict.fromkeys(("interval", "path", "scheme", "timeout", "proxyUrl"), _TEXT),
        "params": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
    },
}
_FROM_POD = {"type": "object", "properties": {"from": _TEXT, "to": _TEXT}}
_TARGET_LABELS = {
    "type": "object",
    "properties": {
        "fromPod": {"type": "array", "items": _FROM_POD},
        "metadata": {"type": "array", "items": _TEXT},
    },
}
_SPEC = {
    "type": "object",
    "required": ["selector", "endpoints"],
    "properties": {
        "selector": {"$ref": f"{_META}.LabelSelector"},
        "endpoints": {"type": "array", "items": _ENDPOINT},
        "targetLabels": _TARGET_LABELS,
        "filterRunning": {"type": "boolean"},
    },
}

DEFINITIONS: Mapping[str, Any] = {
    _NAME: {
        "type": "object",
        "required": ["spec"],
        "properties": {**_OBJECT, "spec": _SPEC, "status": {"type": "object"}},
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
"""Full name -> definition, in the form of Kubernetes' own."""
