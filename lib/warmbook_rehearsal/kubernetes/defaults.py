"""Values that the API server fills in where a manifest is silent.

Source: Kubernetes, pkg/apis/{core,apps,batch}/v1/defaults.go.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import custom
from .objects import Obj, name_of, uid_of

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CONTAINER = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_JOB = {
    "parallelism": 1,
    "completions": 1,
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "suspend": False,
    "podReplacementPolicy": "TerminatingOrFailed",
}
_CRON_JOB = {
    "concurrencyPolicy": "Allow",
    "suspend": False,
    "successfulJobsHistoryLimit": 3,
    "failedJobsHistoryLimit": 1,
}
_STARTING_STATUS: Mapping[str, Obj] = {
    "Namespace": {"phase": "Active"},
    "Pod": {"phase": "Pending"},
    "Deployment": {},
    "ReplicaSet": {"replicas": 0},
    "Job": {},
    "CronJob": {},
    "Service": {"loadBalancer": {}},
    "PersistentVolumeClaim": {"phase": "Pending"},
}


def set_defaults(kind: str, obj: Obj, *, creating: bool = False) -> None:
    """Fill in the defaults of the kind; `creating` also sets what it begins with."""
    if fill := _DEFAULTS.get(kind):
        fill(obj)
    if not creating or kind not in _STARTING_STATUS:
        return
    obj["status"] = copy.deepcopy(_STARTING_STATUS[kind])
    if kind == "Pod":
        obj["status"]["qosClass"] = qos_class(obj["spec"])
    if kind == "Job":
        _select_by_uid(obj)


def _fill(target: Obj, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if target.get(key) is None:
            target[key] = copy.deepcopy(value)


def _namespace(obj: Obj) -> None:
    _fill(obj["metadata"], {"labels": {}})
    obj["metadata"]["labels"]["kubernetes.io/metadata.name"] = name_of(obj)
    _fill(obj, {"spec": {}})
    _fill(obj["spec"], {"finalizers": ["kubernetes"]})


def _deployment(obj: Obj) -> None:
    spec = obj["spec"]
    _fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    _fill(spec, {"strategy": {}})
    strategy = spec["strategy"]
    _fill(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        _fill(strategy, {"rollingUpdate": {}})
        _fill(strategy["rollingUpdate"], {"maxUnavailable": "25%", "maxSurge": "25%"})
    _template(obj)


def _replica_set(obj: Obj) -> None:
    _fill(obj["spec"], {"replicas": 1})
    _template(obj)
    if labels := obj["spec"]["template"]["metadata"].get("labels"):
        _fill(obj["metadata"], {"labels": labels})


def _job(obj: Obj) -> None:
    _fill(obj["spec"], _JOB)
    _template(obj)


def _cron_job(obj: Obj) -> None:
    _fill(obj["spec"], _CRON_JOB)
    _template(obj["spec"]["jobTemplate"])


def _select_by_uid(job: Obj) -> None:
    """Give a new Job the labels by which it knows its Pods."""
    spec = job["spec"]
    if spec.get("manualSelector"):
        return
    uid, name = uid_of(job), name_of(job)
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    labels = spec["template"]["metadata"].setdefault("labels", {})
    for prefix in ("batch.kubernetes.io/", ""):
        labels |= {f"{prefix}controller-uid": uid, f"{prefix}job-name": name}


def _template(obj: Obj) -> None:
    template = obj["spec"]["template"]
    _fill(template, {"metadata": {}, "spec": {}})
    _pod_spec(template["spec"])


def _pod(obj: Obj) -> None:
    _pod_spec(obj["spec"])
    _fill(obj["spec"], {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"})
    _fill(obj["spec"], {"priority": 0, "serviceAccountName": "default"})
    obj["spec"]["serviceAccount"] = obj["spec"]["serviceAccountName"]


def _pod_spec(spec: Obj) -> None:
    _fill(spec, _POD)
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in containers(spec):
        _container(container)
    for volume in spec.get("volumes") or ():
        _volume(volume)


def containers(pod_spec: Mapping[str, Any]) -> Iterator[Obj]:
    """Yield the init containers and the containers of a Pod's spec."""
    for field in ("initContainers", "containers"):
        yield from pod_spec.get(field) or ()


def _container(container: Obj) -> None:
    _fill(container, _CONTAINER)
    image = str(container.get("image") or "")
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    floating = "@" not in image and tag in ("", "latest")
    _fill(container, {"imagePullPolicy": "Always" if floating else "IfNotPresent"})
    resources = container["resources"]
    if limits := resources.get("limits"):
        resources["requests"] = {**limits, **(resources.get("requests") or {})}
    for port in container.get("ports") or ():
        _fill(port, {"protocol": "TCP"})
    for probe in filter(None, map(container.get, _PROBES)):
        _probe(probe)
    for variable in container.get("env") or ():
        if reference := (variable.get("valueFrom") or {}).get("fieldRef"):
            _fill(reference, {"apiVersion": "v1"})


def _probe(probe: Obj) -> None:
    _fill(probe, _PROBE)
    if "httpGet" in probe:
        _fill(probe["httpGet"], {"path": "/", "scheme": "HTTP"})
    if "grpc" in probe:
        _fill(probe["grpc"], {"service": ""})


def _volume(volume: Obj) -> None:
    for source in ("configMap", "secret", "projected", "downwardAPI"):
        if source in volume:
            _fill(volume[source], {"defaultMode": 0o644})
    if volume.keys() <= {"name"}:
        volume["emptyDir"] = {}


def _service(obj: Obj) -> None:
    _fill(obj, {"spec": {}})
    spec = obj["spec"]
    _fill(spec, {"type": "ClusterIP", "sessionAffinity": "None"})
    _fill(spec, {"internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"]})
    _fill(spec, {"ipFamilyPolicy": "SingleStack"})
    # headless: nothing here routes the address that a cluster would give it
    _fill(spec, {"clusterIP": "None", "clusterIPs": [spec.get("clusterIP") or "None"]})
    for port in spec.get("ports") or ():
        _fill(port, {"protocol": "TCP", "targetPort": port.get("port")})


def _secret(obj: Obj) -> None:
    _fill(obj, {"type": "Opaque"})
    for key, text in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _claim(obj: Obj) -> None:
    _fill(obj["spec"], {"volumeMode": "Filesystem"})


def _node(obj: Obj) -> None:
    _fill(obj, {"spec": {}, "status": {}})


def qos_class(pod_spec: Mapping[str, Any]) -> str:
    """Return the Pod's quality of service: Guaranteed, Burstable or BestEffort."""
    guaranteed, any_set = True, False
    for container in containers(pod_spec):
        resources = container.get("resources") or {}
        limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
        for name in ("cpu", "memory"):
            any_set |= name in limits or name in requests
            guaranteed &= name in limits and requests.get(name) == limits[name]
    return "Guaranteed" if guaranteed and any_set else "Burstable" if any_set else "BestEffort"


def _scaler(obj: Obj) -> None:
    _fill(obj["spec"], {"minReplicas": 1})


_DEFAULTS: Mapping[str, Callable[[Obj], None]] = {
    "HorizontalPodAutoscaler": _scaler,
    "Namespace": _namespace,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "Node": _node,
    "PersistentVolumeClaim": _claim,
    "PodMonitoring": custom.fill_in,
}
