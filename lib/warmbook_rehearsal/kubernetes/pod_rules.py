"""Rules for what is in a Pod's spec, whether of a Pod or of a template."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from . import volume_rules
from .errors import Cause
from .names import invalid_value, port_causes, unsupported_value, wrong_label, wrong_name
from .objects import Obj
from .quantities import number

_CHANGEABLE = ("image",)
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_POLICIES = ("Always", "IfNotPresent", "Never")


def pod_causes(spec: Obj, at: str) -> Iterator[Cause]:
    """Yield what is wrong with a Pod's spec that stands at the path `at`."""
    if not spec.get("containers"):
        yield Cause("FieldValueRequired", "Required value", f"{at}.containers")
    if (account := spec.get("serviceAccountName")) and (why := wrong_name("Pod", account)):
        yield invalid_value(f"{at}.serviceAccountName", account, why)
    yield from volume_rules.of_pod(spec, at)
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            where = f"{at}.{field}[{index}]"
            yield from _name(container, where, seen)
            yield from _container(container, where, volumes)


def _name(container: Obj, at: str, seen: set[str]) -> Iterator[Cause]:
    name = container.get("name", "")
    if why := wrong_label(name):
        yield invalid_value(f"{at}.name", name, why)
    elif name in seen:
        yield Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{at}.name")
    seen.add(name)


def _container(container: Obj, at: str, volumes: set[str | None]) -> Iterator[Cause]:
    if not container.get("image"):
        yield Cause("FieldValueRequired", "Required value", f"{at}.image")
    if (policy := container["imagePullPolicy"]) not in _POLICIES:
        yield unsupported_value(f"{at}.imagePullPolicy", policy, _POLICIES)
    for index, port in enumerate(container.get("ports") or ()):
        yield from port_causes(port.get("containerPort"), f"{at}.ports[{index}].containerPort")
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") not in volumes:
            field = f"{at}.volumeMounts[{index}].name"
            yield Cause("FieldValueNotFound", f'Not found: "{mount.get("name")}"', field)
    yield from volume_rules.of_mounts(container, at)
    for probe in _PROBES:
        if probe in container:
            yield from _probe(container[probe], f"{at}.{probe}")
    yield from _resources(container["resources"], f"{at}.resources")


def _probe(probe: Obj, at: str) -> Iterator[Cause]:
    handlers = [name for name in _HANDLERS if name in probe]
    if not handlers:
        said = "Required value: must specify a handler type"
        yield Cause("FieldValueRequired", said, at)
    for name in handlers[1:]:
        said = "Forbidden: may not specify more than 1 handler type"
        yield Cause("FieldValueForbidden", said, f"{at}.{name}")
    port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port", 1)
    if isinstance(port, int):
        yield from port_causes(port, f"{at}.{handlers[0] if handlers else 'port'}.port")
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"):
        if (value := probe.get(field, 0)) < 0:
            said = f"Invalid value: {value}: must be greater than or equal to 0"
            yield Cause("FieldValueInvalid", said, f"{at}.{field}")


def _resources(resources: Mapping[str, Any], at: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, quantities in (("limits", limits), ("requests", requests)):
        for name, value in quantities.items():
            if "/" in name and number(value) % 1:
                field = f"{at}.{kind}[{name}]"
                yield invalid_value(field, value, "must be an integer")
    for name, value in requests.items():
        if "/" in name and name not in limits:
            said = "Required value: Limit must be set for non overcommitable resources"
            yield Cause("FieldValueRequired", said, f"{at}.limits")
        elif "/" in name and number(value) != number(limits[name]):
            yield invalid_value(f"{at}.requests", value, f"must be equal to {name} limit")
        elif name in limits and number(value) > number(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid_value(f"{at}.requests", value, why)


def restart_causes(pod_spec: Obj, supported: tuple[str, ...], at: str) -> Iterator[Cause]:
    """Yield what is wrong with the `restartPolicy` of a template's Pod at the path `at`."""
    policy = pod_spec.get("restartPolicy", "")
    if policy not in supported:
        yield unsupported_value(f"{at}.restartPolicy", policy, supported)


def unmovable(pod: Obj, old: Obj) -> Cause | None:
    """Return the cause if a Pod changed where a Pod can't, None if it did not."""
    if _fixed(pod) == _fixed(old):
        return None
    said = (
        "Forbidden: pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        "`spec.tolerations` (only additions to existing tolerations),"
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
        "negative)"
    )
    return Cause("FieldValueForbidden", said, "spec")


def _fixed(pod: Obj) -> Obj:
    spec = copy.deepcopy(pod["spec"])
    for field in ("activeDeadlineSeconds", "tolerations"):
        spec.pop(field, None)
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            for changeable in _CHANGEABLE:
                container.pop(changeable, None)
    return spec
