"""What a real cluster's admission does to a new Pod, and for which it refuses one.

Source: Kubernetes documentation, "Admission Control": ServiceAccount, DefaultTolerationSeconds,
ExtendedResourceToleration, StorageObjectInUseProtection, DefaultStorageClass.
"""

from __future__ import annotations

from collections.abc import Iterator

from .defaults import containers
from .errors import forbidden
from .kinds import KINDS
from .objects import Obj
from .store import Store

GPU = "nvidia.com/gpu"
CLAIM_PROTECTION, DEFAULT_CLASS = "kubernetes.io/pvc-protection", "standard-rwo"
_UNREACHABLE_S = 300


def admit(store: Store, kind: str, obj: Obj) -> None:
    """Complete a new object.

    Raises:
        ApiError: 404, its namespace is absent; 403, the Pod's service account is.
    """
    store.fault_hooks.admit(kind, obj)
    if KINDS[kind].namespaced:
        store.get("Namespace", None, obj["metadata"].get("namespace") or "default")
    if kind == "Pod":
        _see_account(store, obj)
        _tolerate(obj["spec"])
    if kind == "PersistentVolumeClaim":
        _protect(obj)


def _protect(claim: Obj) -> None:
    """Keep a claim from going while a Pod uses it, and choose GKE's default class."""
    finalizers = claim["metadata"].setdefault("finalizers", [])
    if CLAIM_PROTECTION not in finalizers:
        finalizers.append(CLAIM_PROTECTION)
    if claim["spec"].get("storageClassName") is None:
        claim["spec"]["storageClassName"] = DEFAULT_CLASS


def _see_account(store: Store, pod: Obj) -> None:
    namespace = pod["metadata"].get("namespace") or "default"
    account = pod["spec"].get("serviceAccountName") or "default"
    if store.find("ServiceAccount", namespace, account) is None:
        name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
        raise forbidden(
            KINDS["Pod"],
            name,
            f"error looking up service account {namespace}/{account}: "
            f'serviceaccount "{account}" not found',
        )


def _tolerate(spec: Obj) -> None:
    tolerations: list[Obj] = spec.setdefault("tolerations", [])
    known = {toleration.get("key") for toleration in tolerations}
    tolerations += [new for new in _tolerations(spec) if new["key"] not in known]


def _tolerations(spec: Obj) -> Iterator[Obj]:
    for container in containers(spec):
        if GPU in ((container.get("resources") or {}).get("limits") or {}):
            yield {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}
            break
    for key in ("not-ready", "unreachable"):
        yield {
            "key": f"node.kubernetes.io/{key}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": _UNREACHABLE_S,
        }
