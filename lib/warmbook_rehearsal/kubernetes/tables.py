"""Tables: the columns that `kubectl get` prints.

Source: Kubernetes, pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ..timestamps import parse_time
from . import claim_cells, pod_cells
from .cells import NONE, age, created
from .kinds import Kind
from .objects import Obj, holds, labels_of, name_of
from .selectors import text_of

Include = Literal["None", "Metadata", "Object"]
"""What each row carries of its object (`includeObject` of a request)."""


def table(kind: Kind, objects: Sequence[Obj], metadata: Obj, include: Include) -> Obj:
    """Return objects as a Table; columns in brackets are for `-o wide`."""
    columns, _ = _TABLES.get(kind.kind, _PLAIN)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_column(text) for text in columns.split("|")],
        "rows": [{"cells": cells(kind, obj), "object": _included(obj, include)} for obj in objects],
    }


def cells(kind: Kind, obj: Obj) -> list[Any]:
    """Return an object's row."""
    _, cells_of = _TABLES.get(kind.kind, _PLAIN)
    return cells_of(obj)


def _column(text: str) -> Obj:
    name = text.strip("[]#")
    return {
        "name": name,
        "type": "integer" if "#" in text else "string",
        "format": "name" if name == "Name" else "",
        "description": name,
        "priority": 1 if text.startswith("[") else 0,
    }


def _included(obj: Obj, include: Include) -> Obj | None:
    if include == "None":
        return None
    return obj if include == "Object" else partial(obj)


def partial(obj: Obj) -> Obj:
    """Return an object's metadata alone."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    }


def _containers(obj: Obj) -> list[str]:
    found = obj["spec"]["template"]["spec"].get("containers") or []
    return [",".join(c["name"] for c in found), ",".join(c.get("image", "") for c in found)]


def _deployment(obj: Obj) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    return [
        name_of(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        created(obj),
        *_containers(obj),
        text_of(spec["selector"]),
    ]


def _replica_set(obj: Obj) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    return [
        name_of(obj),
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        created(obj),
        *_containers(obj),
        text_of(spec["selector"]),
    ]


def _job(obj: Obj) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    word = next((c for c in ("Complete", "Failed", "Suspended") if holds(obj, c)), "Running")
    start, end = status.get("startTime"), status.get("completionTime")
    took = (
        f"{int((parse_time(end) - parse_time(start)).total_seconds())}s"
        if start and end
        else age(start)
    )
    return [
        name_of(obj),
        word,
        f"{status.get('succeeded', 0)}/{spec.get('completions', 1)}",
        took if start else "",
        created(obj),
        *_containers(obj),
        text_of(spec.get("selector") or {}),
    ]


def _cron_job(obj: Obj) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    last, template = status.get("lastScheduleTime"), spec["jobTemplate"]
    return [
        name_of(obj),
        spec["schedule"],
        spec.get("timeZone") or NONE,
        str(bool(spec.get("suspend"))),
        len(status.get("active") or ()),
        age(last) if last else NONE,
        created(obj),
        *_containers(template),
        text_of(template["spec"].get("selector") or {}) or NONE,
    ]


def _node(node: Obj) -> list[Any]:
    status = node.get("status") or {}
    info, word = status.get("nodeInfo") or {}, "Ready" if holds(node, "Ready") else "NotReady"
    if node.get("spec", {}).get("unschedulable"):
        word += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = [key[len(prefix) :] for key in labels_of(node) if key.startswith(prefix)]
    return [
        name_of(node),
        word,
        ",".join(sorted(roles)) or NONE,
        created(node),
        info.get("kubeletVersion", ""),
        _node_address(status, "InternalIP"),
        _node_address(status, "ExternalIP"),
        *(info.get(key, "<unknown>") for key in ("osImage", "kernelVersion")),
        info.get("containerRuntimeVersion", "<unknown>"),
    ]


def _node_address(status: Obj, kind: str) -> str:
    found = (a["address"] for a in status.get("addresses") or () if a["type"] == kind)
    return next(found, NONE)


def _event(event: Obj) -> list[Any]:
    about, source = event.get("involvedObject") or {}, event.get("source") or {}
    first = event.get("firstTimestamp") or event.get("eventTime")
    last, count = event.get("lastTimestamp") or first, event.get("count") or 1
    seen = age(last)
    if count > 1 and first:
        seen = f"{seen} (x{count} over {age(first)})"
    return [
        seen,
        event.get("type", ""),
        event.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        source.get("component") or event.get("reportingComponent", ""),
        str(event.get("message", "")).strip(),
        age(first),
        count,
        name_of(event),
    ]


def _service(obj: Obj) -> list[Any]:
    spec = obj.get("spec") or {}
    ports = [f"{p['port']}/{p.get('protocol', 'TCP')}" for p in spec.get("ports") or ()]
    external = ",".join(spec.get("externalIPs") or ()) or NONE
    if spec.get("type") == "LoadBalancer" and external == NONE:
        external = "<pending>"
    return [
        name_of(obj),
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or NONE,
        external,
        ",".join(ports) or NONE,
        created(obj),
        text_of({"matchLabels": spec.get("selector") or {}}) or NONE,
    ]


def _endpoints(obj: Obj) -> list[Any]:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [name_of(obj), ",".join(found[:3]) + more or NONE, created(obj)]


def _scaler(obj: Obj) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    seen = [one.get("pods") or {} for one in status.get("currentMetrics") or ()]
    targets = []
    for at, one in enumerate(spec.get("metrics") or ()):
        current = (seen[at].get("current") or {}).get("averageValue") if at < len(seen) else None
        aim = ((one.get("pods") or {}).get("target") or {}).get("averageValue", "<auto>")
        targets.append(f"{current or '<unknown>'}/{aim}")
    reference = spec["scaleTargetRef"]
    return [
        name_of(obj),
        f"{reference['kind']}/{reference['name']}",
        ", ".join(targets) or NONE,
        str(spec.get("minReplicas", 1)),
        spec["maxReplicas"],
        status.get("currentReplicas", 0),
        created(obj),
    ]


def _count(*fields: str) -> Callable[[Obj], int]:
    return lambda obj: sum(len(obj.get(field) or ()) for field in fields)


def _counted(*fields: str) -> Callable[[Obj], list[Any]]:
    count = _count(*fields)
    return lambda obj: [name_of(obj), count(obj), created(obj)]


_WORKLOAD = "[Containers]|[Images]|[Selector]"
_PLAIN: tuple[str, Callable[[Obj], list[Any]]] = (
    "Name|Age",
    lambda obj: [name_of(obj), created(obj)],
)
_TABLES: Mapping[str, tuple[str, Callable[[Obj], list[Any]]]] = {
    "Pod": (
        "Name|Ready|Status|Restarts|Age|[IP]|[Node]|[Nominated Node]|[Readiness Gates]",
        pod_cells.cells,
    ),
    "Deployment": (f"Name|Ready|Up-to-date#|Available#|Age|{_WORKLOAD}", _deployment),
    "ReplicaSet": (f"Name|Desired#|Current#|Ready#|Age|{_WORKLOAD}", _replica_set),
    "Job": (f"Name|Status|Completions|Duration|Age|{_WORKLOAD}", _job),
    "CronJob": (
        f"Name|Schedule|Timezone|Suspend|Active#|Last Schedule|Age|{_WORKLOAD}",
        _cron_job,
    ),
    "Node": (
        "Name|Status|Roles|Age|Version|[Internal-IP]|[External-IP]|[OS-Image]|[Kernel-Version]"
        "|[Container-Runtime]",
        _node,
    ),
    "Event": (
        "Last Seen|Type|Reason|Object|[Subobject]|[Source]|Message|[First Seen]|[Count#]|[Name]",
        _event,
    ),
    "Namespace": (
        "Name|Status|Age",
        lambda obj: [name_of(obj), obj["status"].get("phase", ""), created(obj)],
    ),
    "Service": ("Name|Type|Cluster-IP|External-IP|Port(s)|Age|[Selector]", _service),
    "Endpoints": ("Name|Endpoints|Age", _endpoints),
    "Lease": (
        "Name|Holder|Age",
        lambda obj: [name_of(obj), obj["spec"].get("holderIdentity", ""), created(obj)],
    ),
    "HorizontalPodAutoscaler": (
        "Name|Reference|Targets|MinPods|MaxPods#|Replicas#|Age",
        _scaler,
    ),
    "ServiceAccount": ("Name|Secrets#|Age", _counted("secrets")),
    "PersistentVolume": (claim_cells.VOLUME_COLUMNS, claim_cells.volume),
    "PersistentVolumeClaim": (claim_cells.CLAIM_COLUMNS, claim_cells.claim),
    "ConfigMap": ("Name|Data#|Age", _counted("data", "binaryData")),
    "Secret": (
        "Name|Type|Data#|Age",
        lambda obj: [name_of(obj), obj.get("type", ""), _count("data")(obj), created(obj)],
    ),
}
