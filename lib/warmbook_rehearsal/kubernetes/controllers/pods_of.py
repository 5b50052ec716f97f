"""Pods of a controller: which it has, how it makes one, how ready they are."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

from ...timestamps import parse_time
from ..admission import admit
from ..objects import Obj, condition, holds, namespace_of, owner_of, owner_reference, uid_of
from ..store import Store

MANAGER = "kube-controller-manager"


def owned_pods(store: Store, owner: Obj) -> list[Obj]:
    """Return the Pods that a controller made."""
    return [
        pod
        for pod in store.list("Pod", namespace_of(owner))
        if (owner_of(pod) or {}).get("uid") == uid_of(owner)
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
