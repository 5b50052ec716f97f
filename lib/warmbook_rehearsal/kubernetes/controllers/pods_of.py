"""Pods of a controller: which it has, how it gets one, how ready they are."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

from ...timestamps import parse_time
from ..admission import admit
from ..history import Change
from ..objects import (
    Obj,
    condition,
    holds,
    name_of,
    namespace_of,
    owner_of,
    owner_reference,
    terminating,
    uid_of,
)
from ..selectors import of_label_selector
from ..store import Key, Store
from .queue_keys import key_of, owner_key

MANAGER = "kube-controller-manager"


def owned_pods(store: Store, owner: Obj) -> list[Obj]:
    """Return the Pods that a controller has."""
    return [
        pod
        for pod in store.list("Pod", namespace_of(owner))
        if (owner_of(pod) or {}).get("uid") == uid_of(owner)
    ]


def claim(store: Store, owner: Obj) -> None:
    """Give a controller the Pods of nobody that its selector meets; take away what it does not.

    Source: Kubernetes, pkg/controller/controller_ref_manager.go.
    """
    meets = of_label_selector(owner["spec"].get("selector"))
    for pod in store.list("Pod", namespace_of(owner)):
        has = owner_of(pod)
        if has is None and meets(pod) and not terminating(pod):
            _update_owners(store, pod, [*_owners(pod), owner_reference(owner)])
        elif has is not None and has["uid"] == uid_of(owner) and not meets(pod):
            _update_owners(store, pod, [one for one in _owners(pod) if one != has])


def _owners(pod: Obj) -> list[Obj]:
    return pod["metadata"].get("ownerReferences") or []


def _update_owners(store: Store, pod: Obj, owners: list[Obj]) -> None:
    def change(new: Obj) -> None:
        new["metadata"]["ownerReferences"] = owners
        if not owners:
            del new["metadata"]["ownerReferences"]

    store.update("Pod", namespace_of(pod), name_of(pod), change, manager=MANAGER)


def claimants(store: Store, change: Change, kind: str) -> list[Key]:
    """Return whose a changed Pod is; if nobody's, the controllers whose selector it meets."""
    if owner_of(change.obj) is not None or change.type == "DELETED":
        return owner_key(change, kind)
    owners = store.list(kind, namespace_of(change.obj))
    return [
        key_of(owner)
        for owner in owners
        if of_label_selector(owner["spec"].get("selector"))(change.obj)
    ]


def ended(pod: Obj) -> bool:
    """Tell whether a Pod has run its course."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def create_pod(store: Store, owner: Obj, prefix: str) -> Obj:
    """Make a Pod from the owner's template.

    Raises:
        ApiError: Admission or the namespace refuses it.
    """
    template: dict[str, Any] = copy.deepcopy(owner["spec"]["template"])
    meta = template.get("metadata") or {}
    pod = {
        "metadata": {
            "generateName": prefix,
            "namespace": namespace_of(owner),
            **({"labels": meta["labels"]} if meta.get("labels") else {}),
            **({"annotations": meta["annotations"]} if meta.get("annotations") else {}),
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": template["spec"],
    }
    admit(store, "Pod", pod)
    return store.create("Pod", pod, manager=MANAGER)


def ready(pod: Obj) -> bool:
    """Tell whether a Pod takes traffic."""
    return holds(pod, "Ready")


def unavailable_s(pod: Obj, min_ready_s: float) -> float | None:
    """Return how many seconds a ready Pod is short of being available, None if not ready."""
    if not ready(pod):
        return None
    if not min_ready_s:
        return 0.0
    since = (condition(pod, "Ready") or {}).get("lastTransitionTime")
    if not since:
        return 0.0
    was_ready_s = (datetime.now(timezone.utc) - parse_time(since)).total_seconds()
    return max(0.0, min_ready_s - was_ready_s)
