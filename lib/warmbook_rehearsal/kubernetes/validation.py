"""Whether an object makes sense: names, required fields, rules between fields.

Source: Kubernetes, pkg/apis/{core,apps,batch}/validation/validation.go (rules and wordings).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from . import cron_rules, custom, custom_rules, names, volume_rules
from . import schema as schemas
from .defaults import set_defaults
from .errors import Cause, invalid
from .kinds import Kind
from .objects import Obj, labels_of
from .pod_rules import pod_causes, restart_causes, unmovable
from .schema import Schema
from .selectors import of_label_selector

_TEMPLATES = ("Deployment", "ReplicaSet", "Job")


def check(kind: Kind, obj: Obj, old: Obj | None = None) -> None:
    """Complete the object with defaults, and see that it may be stored in place of `old`.

    Raises:
        ApiError: 422, with every field that is wrong.
    """
    name = obj["metadata"].get("name") or obj["metadata"].get("generateName", "")
    for causes in (_missing(kind, obj), _broken(kind, obj, old)):
        if found := list(causes):
            raise invalid(kind, name, found)


def _missing(kind: Kind, obj: Obj) -> Iterator[Cause]:
    if kind.kind in ("Pod", "Service", "PersistentVolumeClaim"):
        obj.setdefault("spec", {})
    if kind.kind in _TEMPLATES:
        template = obj.setdefault("spec", {}).setdefault("template", {})
        template.setdefault("spec", {})
    if kind.kind == "CronJob":
        job = obj.setdefault("spec", {}).setdefault("jobTemplate", {}).setdefault("spec", {})
        job.setdefault("template", {}).setdefault("spec", {})
    if kind.kind in custom.KINDS:
        yield from custom_rules.causes(kind.kind, obj)
    else:
        yield from _required(schemas.of_kind(kind.kind), obj, "")


def _required(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    found = schemas.resolve(schema)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _required(found.get("items", {}), item, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    if path in ("status", "metadata.managedFields"):
        return
    for name in found.get("required", ()):
        if value.get(name) in (None, "", []):
            if name in ("operator", "lastTransitionTime"):
                continue
            yield Cause("FieldValueRequired", "Required value", f"{path}.{name}".lstrip("."))
    for key, inner in value.items():
        yield from _required(schemas.child(schema, key), inner, f"{path}.{key}".lstrip("."))


def _broken(kind: Kind, obj: Obj, old: Obj | None) -> Iterator[Cause]:
    set_defaults_to(kind, obj)
    yield from _metadata(kind, obj)
    if kind.kind in _TEMPLATES:
        yield from _workload(kind, obj, old)
    if kind.kind == "CronJob":
        yield from cron_rules.causes(obj)
    if kind.kind == "Pod":
        yield from pod_causes(obj["spec"], "spec")
        if old and (cause := unmovable(obj, old)):
            yield cause
    if kind.kind == "Service":
        yield from _service(obj)
    if kind.kind == "HorizontalPodAutoscaler":
        yield from _scaler(obj["spec"])
    if kind.kind in ("PersistentVolumeClaim", "ConfigMap", "Secret"):
        yield from volume_rules.causes(kind.kind, obj)


def set_defaults_to(kind: Kind, obj: Obj) -> None:
    """Fill in defaults; a Namespace or Secret without a name has none to fill in yet."""
    if obj["metadata"].get("name"):
        set_defaults(kind.kind, obj)
    else:
        obj["metadata"]["name"] = ""
        set_defaults(kind.kind, obj)
        del obj["metadata"]["name"]


def _metadata(kind: Kind, obj: Obj) -> Iterator[Cause]:
    metadata = obj["metadata"]
    name, prefix = metadata.get("name", ""), metadata.get("generateName", "")
    if not name and not prefix:
        said = "Required value: name or generateName is required"
        yield Cause("FieldValueRequired", said, "metadata.name")
    elif name and (why := names.wrong_name(kind.kind, name)):
        yield names.invalid_value("metadata.name", name, why)
    elif not name and (why := names.wrong_name(kind.kind, prefix + "x")):
        yield names.invalid_value("metadata.generateName", prefix, why)
    yield from names.label_causes(labels_of(obj), "metadata.labels")


def _scaler(spec: Obj) -> Iterator[Cause]:
    least, most = spec["minReplicas"], spec["maxReplicas"]
    for field, value in (("minReplicas", least), ("maxReplicas", most)):
        if value < 1:
            said = f"Invalid value: {value}: must be greater than or equal to 1"
            yield Cause("FieldValueInvalid", said, f"spec.{field}")
    if most < least:
        said = f"Invalid value: {most}: must be greater than or equal to `minReplicas`"
        yield Cause("FieldValueInvalid", said, "spec.maxReplicas")


def _workload(kind: Kind, obj: Obj, old: Obj | None) -> Iterator[Cause]:
    spec = obj["spec"]
    for field in ("replicas", "minReadySeconds", "parallelism", "completions", "backoffLimit"):
        if isinstance(spec.get(field), int) and spec[field] < 0:
            why = "must be greater than or equal to 0"
            said = f"Invalid value: {spec[field]}: {why}"
            yield Cause("FieldValueInvalid", said, f"spec.{field}")
    if kind.kind != "Job":
        yield from _selector(spec)
        yield from restart_causes(spec["template"]["spec"], ("Always",), "spec.template.spec")
    else:
        yield from restart_causes(
            spec["template"]["spec"], cron_rules.RESTARTS, "spec.template.spec"
        )
    if old is not None:
        yield from _immutable(kind, spec, old["spec"])
    if kind.kind == "Deployment":
        yield from _strategy(spec["strategy"])
    yield from names.label_causes(
        spec["template"]["metadata"].get("labels") or {}, "spec.template.metadata.labels"
    )
    yield from pod_causes(spec["template"]["spec"], "spec.template.spec")


def _selector(spec: Obj) -> Iterator[Cause]:
    selector, labels = spec["selector"], spec["template"]["metadata"].get("labels") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        said = f"Invalid value: {json.dumps(selector)}: empty selector is invalid for deployment"
        yield Cause("FieldValueInvalid", said, "spec.selector")
    elif not of_label_selector(selector)({"metadata": {"labels": labels}}):
        shown = "map[string]string" + json.dumps(labels, separators=(", ", ":"))
        said = f"Invalid value: {shown}: `selector` does not match template `labels`"
        yield Cause("FieldValueInvalid", said, "spec.template.metadata.labels")


def _immutable(kind: Kind, spec: Obj, old: Obj) -> Iterator[Cause]:
    fields = ("selector", "template", "completions") if kind.kind == "Job" else ("selector",)
    for field in fields:
        if spec.get(field) != old.get(field):
            said = f"Invalid value: {json.dumps(spec.get(field))}: field is immutable"
            yield Cause("FieldValueInvalid", said, f"spec.{field}")


def _strategy(strategy: Mapping[str, Any]) -> Iterator[Cause]:
    at = "spec.strategy"
    kind = strategy["type"]
    if kind not in (supported := ("Recreate", "RollingUpdate")):
        yield names.unsupported_value(f"{at}.type", kind, supported)
    elif kind == "Recreate" and strategy.get("rollingUpdate") is not None:
        said = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        yield Cause("FieldValueForbidden", said, f"{at}.rollingUpdate")
    elif kind == "RollingUpdate":
        limits = strategy["rollingUpdate"]
        for field in ("maxSurge", "maxUnavailable"):
            if not _is_count_or_percent(limits[field]):
                said = (
                    f'Invalid value: "{limits[field]}": a valid percent string must be a numeric '
                    "string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
                    "validation is '[0-9]+%')"
                )
                yield Cause("FieldValueInvalid", said, f"{at}.rollingUpdate.{field}")
        if all(limits[field] in (0, "0%") for field in ("maxSurge", "maxUnavailable")):
            said = f"Invalid value: {limits['maxUnavailable']}: may not be 0 when `maxSurge` is 0"
            yield Cause("FieldValueInvalid", said, f"{at}.rollingUpdate.maxUnavailable")


def _is_count_or_percent(value: Any) -> bool:
    if isinstance(value, int):
        return value >= 0
    return value.endswith("%") and value[:-1].isascii() and value[:-1].isdecimal()


def _service(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    if not spec.get("ports") and spec.get("clusterIP") != "None" and spec["type"] != "ExternalName":
        yield Cause("FieldValueRequired", "Required value", "spec.ports")
    for index, port in enumerate(spec.get("ports") or ()):
        yield from names.port_causes(port.get("port"), f"spec.ports[{index}].port")
