"""Label and field selectors: a text in, a predicate out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import bad_request
from .objects import labels_of

Matches = Callable[[Mapping[str, Any]], bool]
"""Tells whether an object fits."""

_SPLIT = re.compile(r",(?![^(]*\))")
_SET = re.compile(r"(?P<key>[^\s,!=()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)")
_EQUAL = re.compile(r"(?P<key>[^\s,!=()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s,!=()]*)")
_EXISTS = re.compile(r"(?P<op>!?)\s*(?P<key>[^\s,!=()]+)")
_FIELD = re.compile(r"(?P<key>[^=!]+)(?P<op>!=|==|=)(?P<value>.*)")

_EVERYWHERE = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS_OF: Mapping[str, frozenset[str]] = {
    "Pod": frozenset(
        {
            *(f"spec.{name}" for name in ("nodeName", "restartPolicy", "schedulerName")),
            *(f"spec.{name}" for name in ("serviceAccountName", "hostNetwork")),
            *(f"status.{name}" for name in ("phase", "podIP", "nominatedNodeName")),
        }
    ),
    "Event": frozenset(
        {
            *(f"involvedObject.{part}" for part in ("kind", "namespace", "name", "uid")),
            *(f"involvedObject.{part}" for part in ("apiVersion", "resourceVersion", "fieldPath")),
            *("reason", "reportingComponent", "source", "type"),
        }
    ),
    "Namespace": frozenset({"status.phase", "name"}),
    "Node": frozenset({"spec.unschedulable"}),
    "Secret": frozenset({"type"}),
    "Service": frozenset({"spec.clusterIP", "spec.type"}),
    "ReplicaSet": frozenset({"status.replicas"}),
    "Job": frozenset({"status.successful"}),
}
_PATHS: Mapping[str, tuple[str, ...]] = {
    "name": ("metadata", "name"),
    "source": ("source", "component"),
    "status.successful": ("status", "succeeded"),
}
_ABSENT: Mapping[str, str] = {
    **dict.fromkeys(("spec.unschedulable", "spec.hostNetwork"), "false"),
    **dict.fromkeys(("status.replicas", "status.successful"), "0"),
}
"""What a field that is not there says, as Go's zero values do; all others say "".

Source: Kubernetes, pkg/registry, the functions SelectableFields of each kind.
"""


def both(kind: str, labels: str, fields: str) -> Matches:
    """Return the predicate of a label selector and a field selector, either may be empty.

    Raises:
        ApiError: 400, one of them can't be read, or the kind has no such field label.
    """
    tests = [*_label_tests(labels), *_field_tests(kind, fields)]
    if not tests:
        return lambda obj: True
    return tests[0] if len(tests) == 1 else lambda obj: all(test(obj) for test in tests)


def _label_tests(text: str) -> list[Matches]:
    parts = [part.strip() for part in _SPLIT.split(text)] if text.strip() else []
    return [_label_test(part, text) for part in parts]


def _label_test(part: str, whole: str) -> Matches:
    if found := _SET.fullmatch(part):
        values = {value.strip() for value in found["values"].split(",")}
        key, wanted = found["key"], found["op"] == "in"
        return lambda obj: (labels_of(obj).get(key) in values) == wanted
    if found := _EQUAL.fullmatch(part):
        key, value, wanted = found["key"], found["value"], found["op"] != "!="
        return lambda obj: (labels_of(obj).get(key) == value) == wanted
    if found := _EXISTS.fullmatch(part):
        key, wanted = found["key"], not found["op"]
        return lambda obj: (key in labels_of(obj)) == wanted
    raise bad_request(f"unable to parse requirement: found '{part}' in the selector '{whole}'")


def _field_tests(kind: str, text: str) -> list[Matches]:
    return [_field_test(kind, part.strip()) for part in text.split(",") if part.strip()]


def _field_test(kind: str, part: str) -> Matches:
    found = _FIELD.fullmatch(part)
    if not found:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    key, value, wanted = found["key"].strip(), found["value"].strip(), found["op"] != "!="
    if key not in _EVERYWHERE | _FIELDS_OF.get(kind, frozenset()):
        raise bad_request(f"field label not supported: {key}")
    path = _PATHS.get(key, tuple(key.split(".")))
    absent = _ABSENT.get(key, "")
    return lambda obj: (_text_at(obj, path, absent) == value) == wanted


def _text_at(obj: Any, path: tuple[str, ...], absent: str) -> str:
    for part in path:
        obj = obj.get(part) if isinstance(obj, Mapping) else None
    if isinstance(obj, bool):
        return str(obj).lower()
    return absent if obj is None else str(obj)


def of_label_selector(selector: Mapping[str, Any] | None) -> Matches:
    """Return the predicate of a LabelSelector object; an empty one fits everything."""
    wanted: Mapping[str, str] = (selector or {}).get("matchLabels") or {}
    expressions = (selector or {}).get("matchExpressions") or ()
    return lambda obj: (
        all(labels_of(obj).get(key) == value for key, value in wanted.items())
        and all(requirement_holds(expression, labels_of(obj)) for expression in expressions)
    )


def requirement_holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether labels meet one requirement of a selector or of a node affinity term."""
    found, values = labels.get(requirement["key"]), requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return found in values
        case "NotIn":
            return found not in values
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
        case "Gt" | "Lt" as operator:
            return _compared(operator, found, values)
    return False


def _compared(operator: str, found: str | None, values: Any) -> bool:
    try:
        have, limit = int(found or ""), int(values[0])
    except (ValueError, IndexError):
        return False
    return have > limit if operator == "Gt" else have < limit


def text_of(selector: Mapping[str, Any]) -> str:
    """Return a LabelSelector object as the text that kubectl shows."""
    labels = (selector.get("matchLabels") or {}).items()
    parts = [f"{key}={value}" for key, value in sorted(labels)]
    parts += [_requirement_text(part) for part in selector.get("matchExpressions") or ()]
    return ",".join(parts)


def _requirement_text(requirement: Mapping[str, Any]) -> str:
    key, values = requirement["key"], ",".join(requirement.get("values") or ())
    operator = requirement["operator"]
    if operator in ("In", "NotIn"):
        return f"{key} {operator.lower()} ({values})"
    return f"!{key}" if operator == "DoesNotExist" else str(key)
