"""What a rule of the namespace forbids: the Deployment is taken, and its Pods are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..clusters import Running
from ..kubernetes import Store
from ..kubernetes.errors import forbidden
from ..kubernetes.kinds import KINDS
from ..kubernetes.objects import labels_of, name_of, namespace_of
from ..kubernetes.quantities import number
from .deployment import as_server_comes
from .fault import Target, fault, is_server
from .mends import NEW_PODS, memory, typed

Obj = dict[str, Any]

MOST_MEMORY = "1Gi"
ENFORCED = "pod-security.kubernetes.io/enforce"


@fault(
    "resource-quota",
    "the namespace has a ResourceQuota, and the server requests more memory than is left",
    pitfall="resource-quota",
    mend=memory("1Gi"),
)
def resource_quota(rehearsal: Target) -> None:
    """Let Pods of 1 GiB and less in; asking for as little, or taking it back, mends it.

    Source of the words: Kubernetes, plugin/pkg/admission/resourcequota/controller.go.
    """

    def over(_: Store, pod: Obj) -> str:
        server = pod["spec"]["containers"][0]
        wanted = ((server.get("resources") or {}).get("requests") or {}).get("memory", "0")
        if number(wanted) <= number(MOST_MEMORY):
            return ""
        key = "requests.memory"
        return (
            f"exceeded quota: team-quota, requested: {key}={wanted}, used: {key}=0, "
            f"limited: {key}={MOST_MEMORY}"
        )

    _refuse(rehearsal, over)


@fault(
    "pod-security",
    "somebody restricts the namespace to Pods of the strictest Pod security standard",
    pitfall="admission-refused",
    mend=typed("kubectl label namespace $NAMESPACE pod-security.kubernetes.io/enforce-", NEW_PODS),
)
def pod_security(rehearsal: Target) -> None:
    """Label the namespace as the server comes; without the label Pods come in again.

    Source: Kubernetes, "Pod Security Standards", restricted; k8s.io/pod-security-admission.
    """

    def violates(store: Store, pod: Obj) -> str:
        if not _is_restricted(store, pod):
            return ""
        listed = ", ".join(_violations(pod["spec"]["containers"][0]))
        return f'violates PodSecurity "restricted:latest": {listed}' if listed else ""

    def label(store: Store, deployment: Obj) -> None:
        _label(rehearsal, store, namespace_of(deployment))

    as_server_comes(rehearsal, label, _is_restricted)
    _refuse(rehearsal, violates)


def _is_restricted(store: Store, obj: Obj) -> bool:
    """Tell whether the namespace of a Pod or Deployment enforces the strictest standard."""
    namespace = store.find("Namespace", None, namespace_of(obj) or "default")
    return labels_of(namespace or {"metadata": {}}).get(ENFORCED) == "restricted"


def _violations(server: Obj) -> Iterator[str]:
    """Yield what the standard asks of a container, and this one does not say."""
    context, name = server.get("securityContext") or {}, server["name"]
    must = f'(container "{name}" must set securityContext.'
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"allowPrivilegeEscalation != false {must}allowPrivilegeEscalation=false)"
    if "ALL" not in ((context.get("capabilities") or {}).get("drop") or ()):
        yield f'unrestricted capabilities {must}capabilities.drop=["ALL"])'
    if not context.get("runAsNonRoot"):
        yield f"runAsNonRoot != true {must}runAsNonRoot=true)"
    if not context.get("seccompProfile"):
        yield f'seccompProfile {must}seccompProfile.type to "RuntimeDefault" or "Localhost")'


def _label(rehearsal: Target, store: Store, namespace: str | None) -> None:
    name = namespace or "default"
    if not store.find("Namespace", None, name):
        return

    def enforce(new: Obj) -> None:
        new["metadata"].setdefault("labels", {})[ENFORCED] = "restricted"

    def relax(new: Obj) -> None:
        new["metadata"]["labels"].pop(ENFORCED, None)

    def back() -> None:
        if store.find("Namespace", None, name):
            store.update("Namespace", None, name, relax, manager="kubectl")

    store.update("Namespace", None, name, enforce, manager="kubectl")
    rehearsal.put_back(back)


def _refuse(rehearsal: Target, why: Callable[[Store, Obj], str]) -> None:
    """Refuse each server's Pod on its way in for which `why` has a reason."""

    def hook(cluster: Running) -> None:
        def admit(kind: str, obj: Obj) -> None:
            if kind == "Pod" and is_server(obj) and (said := why(cluster.store, obj)):
                name = obj["metadata"].get("name") or obj["metadata"].get("generateName", "")
                raise forbidden(KINDS["Pod"], name or name_of(obj), said)

        rehearsal.put(cluster.store.fault_hooks.admission, admit)

    rehearsal.each_cluster(hook)
