"""A saved file of events, descriptions or objects in, the evidence of each Pod out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...cloud.objects import Object, at, maps, text
from ...limited_yaml import YamlError, documents
from ..pods import Evidence
from . import description, table

_POD = "Pod"


def evidence(content: str) -> dict[str, Evidence] | None:
    """Return what a file tells of each Pod, by its name; None where it is no such file.

    JSON and YAML as `kubectl get -o json` and `-o yaml` print them, of events, Pods, nodes and
    what makes Pods; the table of `kubectl get events`; what `kubectl describe` prints.
    """
    objects = _objects(content)
    if objects is None and table.is_one(content):
        objects = list(table.events(content))
    if objects is None and description.is_one(content):
        objects = list(description.objects(content))
    return None if objects is None else _by_pod(objects)


def _objects(content: str) -> list[Object] | None:
    head = content.lstrip()[:1]
    if head in ("{", "["):
        found = _json(content)
    elif content.lstrip().startswith(("apiVersion:", "kind:", "---", "items:")):
        found = _yaml(content)
    else:
        return None
    listed = [one for whole in found for one in _members(whole)]
    return [one for one in listed if _is_told(one)] or ([] if _is_empty(found) else None)


def _json(content: str) -> list[object]:
    try:
        return [json.loads(content, parse_int=_whole)]
    except (ValueError, RecursionError):
        return []


def _whole(digits: str) -> int:
    return int(digits[:18])


def _yaml(content: str) -> list[object]:
    try:
        return documents(content, kubernetes=True)
    except YamlError:
        return []


def _members(whole: object) -> Iterator[Object]:
    if isinstance(whole, list):
        yield from maps(whole)
    elif listed := at(whole, "items"):
        yield from maps(listed)
    elif isinstance(whole, dict):
        yield whole


def _is_empty(found: Sequence[object]) -> bool:
    return any(at(one, "kind") in ("List", "EventList") and at(one, "items") == [] for one in found)


def _is_told(one: Object) -> bool:
    event = "reason" in one and ("message" in one or "note" in one)
    return event or at(one, "status") is not None or bool(maps(one.get("conditions")))


def _by_pod(objects: Sequence[Object]) -> dict[str, Evidence]:
    """Return the evidence of each Pod; what is told of none goes under "", and to each."""
    pods = {_name(one): one for one in objects if one.get("kind") == _POD}
    events: dict[str, list[Object]] = {}
    for one in objects:
        if "status" not in one and ("message" in one or "note" in one):
            events.setdefault(_concerns(one), []).append(_in_old_words(one))
    nodes = [one for one in objects if one.get("kind") == "Node"]
    conditions = [c for one in objects if one.get("kind") != _POD for c in _conditions(one)]
    common = events.pop("", [])
    names = list(dict.fromkeys([*pods, *events])) or [""]
    return {
        name: Evidence(
            pod=pods.get(name),
            events=[*events.get(name, ()), *common],
            conditions=conditions,
            nodes=nodes,
        )
        for name in names
    }


def _conditions(one: Object) -> list[Object]:
    if one.get("kind") == "Node":
        return []
    return maps(at(one, "status", "conditions")) or maps(one.get("conditions"))


def _name(one: Object) -> str:
    return text(at(one, "metadata", "name"))


def _concerns(event: Object) -> str:
    """Return the name of the Pod that an event is about, "" if it is about something else."""
    about = event.get("involvedObject") or event.get("regarding")
    return text(at(about, "name")) if at(about, "kind") == _POD else ""


def _in_old_words(event: Object) -> Object:
    """Return an event of events.k8s.io/v1 with the names that v1 has for the same."""
    if "message" in event:
        return event
    last = at(event, "series", "lastObservedTime") or event.get("deprecatedLastTimestamp")
    count = at(event, "series", "count") or event.get("deprecatedCount")
    return {**event, "message": event.get("note"), "lastTimestamp": last, "count": count}
