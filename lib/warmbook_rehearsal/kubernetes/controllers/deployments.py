"""Deployments: a ReplicaSet per template, and the way from the old ones to the new.

Proportional scaling in the middle of a rollout is left out: the new ReplicaSet takes it all.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable

from ..errors import ApiError
from ..history import Change
from ..objects import (
    Obj,
    labels_of,
    name_of,
    namespace_of,
    owner_of,
    owner_reference,
    terminating,
    uid_of,
)
from ..store import Key, Store
from . import rollout
from .deployment_status import seconds_left, status_of
from .pods_of import MANAGER, ended
from .queue_keys import key_of, owner_key

SOURCE = "deployment-controller"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MOST = "deployment.kubernetes.io/max-replicas"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_HASH_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class Deployments:
    """The Deployment controller."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the Deployment, that of a ReplicaSet, that of a Pod which has gone."""
        if change.kind == "Deployment":
            return [key_of(change.obj)]
        if change.kind == "ReplicaSet":
            return owner_key(change, "Deployment")
        if change.kind == "Pod" and (change.type == "DELETED" or ended(change.obj)):
            return self._waiting_for_pods(change.obj)
        return []

    def _waiting_for_pods(self, pod: Obj) -> list[Key]:
        """Return the Recreate Deployment that waits until its old Pods are gone."""
        owner = owner_of(pod)
        namespace = namespace_of(pod)
        found = self._store.find("ReplicaSet", namespace, owner["name"]) if owner else None
        above = owner_of(found) if found else None
        return [(namespace, above["name"])] if above else []

    def reconcile(self, key: Key) -> float | None:
        """Take a Deployment one step further and tell how it stands."""
        deployment = self._store.find("Deployment", *key)
        if deployment is None or terminating(deployment):
            return None
        created = False
        new = self._new_replica_set(deployment)
        if new is None and not deployment["spec"].get("paused") and self._may_create(deployment):
            new = self._create(deployment)
            created = new is not None
        if new is not None and not created:
            new = self._revise(deployment, new)
        if new is not None:
            self._bring(deployment, new)
            self._forget_old(deployment, new)
        return self._tell(key, created)

    # ReplicaSets

    def _replica_sets(self, deployment: Obj) -> list[Obj]:
        found = self._store.list("ReplicaSet", namespace_of(deployment))
        mine = [rs for rs in found if (owner_of(rs) or {}).get("uid") == uid_of(deployment)]
        return sorted(mine, key=lambda rs: (_revision(rs), name_of(rs)))

    def _new_replica_set(self, deployment: Obj) -> Obj | None:
        wanted = _template(deployment)
        return next((rs for rs in self._replica_sets(deployment) if _template(rs) == wanted), None)

    def _may_create(self, deployment: Obj) -> bool:
        """With Recreate, old Pods go first: scale them down, and wait until none runs."""
        if deployment["spec"]["strategy"]["type"] != "Recreate":
            return True
        old = self._replica_sets(deployment)
        for replica_set in old:
            self._scale(deployment, replica_set, 0)
        uids = {uid_of(rs) for rs in old}
        pods = self._store.list("Pod", namespace_of(deployment))
        return not any((owner_of(pod) or {}).get("uid") in uids and not ended(pod) for pod in pods)

    def _create(self, deployment: Obj) -> Obj | None:
        old = self._replica_sets(deployment)
        revision = str(max(map(_revision, old), default=0) + 1)
        limits = rollout.Limits.of(deployment)
        room = limits.most - sum(map(rollout.replicas, old))
        count = min(limits.wanted, max(0, room)) if old else limits.wanted
        body = _replica_set(deployment, revision, count, limits)
        try:
            new = self._store.create("ReplicaSet", body, manager=MANAGER)
        except ApiError:  # the namespace is going
            return None
        self._note_revision(deployment, revision)
        if count:
            said = f"Scaled up replica set {name_of(new)} from 0 to {count}"
            self._store.event(deployment, "ScalingReplicaSet", said, source=SOURCE)
        return new

    def _revise(self, deployment: Obj, new: Obj) -> Obj:
        """Number a ReplicaSet that is current again (a rollback) as the latest revision."""
        others = [rs for rs in self._replica_sets(deployment) if uid_of(rs) != uid_of(new)]
        revision = max([_revision(new), *(_revision(rs) + 1 for rs in others)])
        limits = rollout.Limits.of(deployment)

        def change(rs: Obj) -> None:
            annotations = rs["metadata"].setdefault("annotations", {})
            annotations |= _annotations(str(revision), limits)
            rs["spec"]["minReadySeconds"] = deployment["spec"].get("minReadySeconds", 0)
            if not rs["spec"]["minReadySeconds"]:
                del rs["spec"]["minReadySeconds"]

        self._note_revision(deployment, str(revision))
        place = namespace_of(new), name_of(new)
        return self._store.update("ReplicaSet", *place, change, manager=MANAGER)

    def _note_revision(self, deployment: Obj, revision: str) -> None:
        def change(new: Obj) -> None:
            new["metadata"].setdefault("annotations", {})[REVISION] = revision

        place = namespace_of(deployment), name_of(deployment)
        self._store.update("Deployment", *place, change, manager=MANAGER)

    def _bring(self, deployment: Obj, new: Obj) -> None:
        """Scale the new ReplicaSet up and the old ones down, as far as the limits allow."""
        limits = rollout.Limits.of(deployment)
        everyone = self._replica_sets(deployment)
        old = [rs for rs in everyone if uid_of(rs) != uid_of(new) and rollout.replicas(rs)]
        if deployment["spec"].get("paused") and old:
            return
        if not old or deployment["spec"]["strategy"]["type"] == "Recreate":
            for replica_set in old:
                self._scale(deployment, replica_set, 0)
            self._scale(deployment, new, limits.wanted)
            return
        count = rollout.scaled_up(new, [new, *old], limits)
        if count != rollout.replicas(new):
            self._scale(deployment, new, count)
            return  # its change brings us back
        for replica_set, keep in zip(old, rollout.scaled_down(new, old, limits), strict=True):
            self._scale(deployment, replica_set, keep)

    def _scale(self, deployment: Obj, replica_set: Obj, count: int) -> None:
        had = rollout.replicas(replica_set)
        if had == count:
            return

        def change(new: Obj) -> None:
            new["spec"]["replicas"] = count
            annotations = new["metadata"].setdefault("annotations", {})
            limits = rollout.Limits.of(deployment)
            annotations |= {_DESIRED: str(limits.wanted), _MOST: str(limits.most)}

        place = namespace_of(replica_set), name_of(replica_set)
        self._store.update("ReplicaSet", *place, change, manager=MANAGER)
        way = "up" if count > had else "down"
        said = f"Scaled {way} replica set {place[1]} from {had} to {count}"
        self._store.event(deployment, "ScalingReplicaSet", said, source=SOURCE)

    def _forget_old(self, deployment: Obj, new: Obj) -> None:
        """Delete the oldest ReplicaSets without Pods beyond the history's length."""
        empty = [
            rs
            for rs in self._replica_sets(deployment)
            if uid_of(rs) != uid_of(new)
            and not rollout.replicas(rs)
            and not (rs.get("status") or {}).get("replicas")
        ]
        beyond = len(empty) - deployment["spec"].get("revisionHistoryLimit", 10)
        for replica_set in empty[: max(0, beyond)]:
            self._store.delete("ReplicaSet", namespace_of(replica_set), name_of(replica_set))

    # status

    def _tell(self, key: Key, created: bool) -> float | None:
        deployment = self._store.get("Deployment", *key)
        new = self._new_replica_set(deployment)
        status = status_of(deployment, new, self._replica_sets(deployment), created)

        def change(obj: Obj) -> None:
            obj["status"] = status

        told = self._store.update("Deployment", *key, change, manager=MANAGER, subresource="status")
        left_s = seconds_left(told)
        return left_s + 0.05 if left_s else None


def _revision(replica_set: Obj) -> int:
    annotations = replica_set["metadata"].get("annotations") or {}
    text = annotations.get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def _template(owner: Obj) -> Obj:
    """Return a template without the label that the controller adds."""
    template: Obj = copy.deepcopy(owner["spec"]["template"])
    labels = (template.get("metadata") or {}).get("labels") or {}
    labels.pop(HASH, None)
    return template


def _hash(template: Obj) -> str:
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_HASH_LETTERS[byte % len(_HASH_LETTERS)] for byte in digest[:10])


def _annotations(revision: str, limits: rollout.Limits) -> dict[str, str]:
    return {REVISION: revision, _DESIRED: str(limits.wanted), _MOST: str(limits.most)}


def _replica_set(deployment: Obj, revision: str, count: int, limits: rollout.Limits) -> Obj:
    """Return the ReplicaSet for a Deployment's template as it is now."""
    template = _template(deployment)
    number = _hash(template)
    template.setdefault("metadata", {}).setdefault("labels", {})[HASH] = number
    selector = copy.deepcopy(deployment["spec"]["selector"])
    selector.setdefault("matchLabels", {})[HASH] = number
    annotations = dict(deployment["metadata"].get("annotations") or {})
    annotations.pop(_LAST_APPLIED, None)
    min_ready_s = deployment["spec"].get("minReadySeconds")
    return {
        "metadata": {
            "name": f"{name_of(deployment)}-{number}",
            "namespace": namespace_of(deployment),
            "labels": {**labels_of(template), HASH: number},
            "annotations": {**annotations, **_annotations(revision, limits)},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": count,
            **({"minReadySeconds": min_ready_s} if min_ready_s else {}),
            "selector": selector,
            "template": template,
        },
    }
