"""The kinds of objects that the API server knows; what they contain is in the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind: where it lives in the API and how people may call it."""

    kind: str
    plural: str
    group: str = ""
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    stored: bool = True
    version: str = "v1"

    @property
    def api_version(self) -> str:
        """`v1`, or `GROUP/VERSION`."""
        return f"{self.group}/{self.version}" if self.group else "v1"

    @property
    def resource(self) -> str:
        """`pods`, or `deployments.apps`: the name in messages."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def path(self) -> str:
        """Where the kind's group answers: `/api/v1`, or `/apis/GROUP/VERSION`."""
        return f"/apis/{self.group}/{self.version}" if self.group else "/api/v1"


_POD_SUBRESOURCES = ("status", "log", "exec", "portforward", "proxy")
_SCALED = ("status", "scale")
_ALL = ("all",)

KINDS: Mapping[str, Kind] = {
    kind.kind: kind
    for kind in (
        Kind("ConfigMap", "configmaps", short=("cm",)),
        Kind("Endpoints", "endpoints", short=("ep",)),
        Kind("Event", "events", short=("ev",)),
        Kind("Namespace", "namespaces", namespaced=False, short=("ns",), subresources=("status",)),
        Kind("Node", "nodes", namespaced=False, short=("no",), subresources=("status",)),
        Kind(
            *("PersistentVolume", "persistentvolumes"),
            namespaced=False,
            short=("pv",),
            subresources=("status",),
        ),
        Kind(
            *("PersistentVolumeClaim", "persistentvolumeclaims"),
            short=("pvc",),
            subresources=("status",),
        ),
        Kind("Pod", "pods", short=("po",), subresources=_POD_SUBRESOURCES, categories=_ALL),
        Kind("Secret", "secrets"),
        Kind("Service", "services", short=("svc",), subresources=("status",), categories=_ALL),
        Kind("ServiceAccount", "serviceaccounts", short=("sa",)),
        Kind(
            *("Deployment", "deployments", "apps"),
            short=("deploy",),
            subresources=_SCALED,
            categories=_ALL,
        ),
        Kind(
            *("ReplicaSet", "replicasets", "apps"),
            short=("rs",),
            subresources=_SCALED,
            categories=_ALL,
        ),
        Kind("Job", "jobs", "batch", subresources=("status",), categories=_ALL),
        Kind(
            *("CronJob", "cronjobs", "batch"),
            short=("cj",),
            subresources=("status",),
            categories=_ALL,
        ),
        Kind("Lease", "leases", "coordination.k8s.io"),
        Kind(
            *("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling"),
            short=("hpa",),
            subresources=("status",),
            categories=_ALL,
            version="v2",
        ),
        Kind(
            *("PodMonitoring", "podmonitorings", "monitoring.googleapis.com"),
            subresources=("status",),
        ),
        Kind(
            *("SelfSubjectReview", "selfsubjectreviews", "authentication.k8s.io"),
            namespaced=False,
            stored=False,
        ),
        Kind(
            *("SelfSubjectRulesReview", "selfsubjectrulesreviews", "authorization.k8s.io"),
            namespaced=False,
            stored=False,
        ),
        Kind(
            *("SelfSubjectAccessReview", "selfsubjectaccessreviews", "authorization.k8s.io"),
            namespaced=False,
            stored=False,
        ),
    )
}

GROUPS: Mapping[str, str] = {
    kind.group: kind.version
    for kind in sorted(KINDS.values(), key=lambda kind: kind.group)
    if kind.group
}
"""The API groups beside the core group, each with the one version in which it is served."""
