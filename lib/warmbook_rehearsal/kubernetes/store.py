"""The cluster's objects, each change to them in the history; knows nothing of HTTP."""

from __future__ import annotations

import copy
import secrets
import uuid
from collections.abc import Callable
from itertools import islice
from typing import Any

from . import managed_fields
from .defaults import set_defaults
from .errors import ApiError, Cause, already_exists, forbidden, not_found
from .events import event_object
from .fault_hooks import FaultHooks
from .history import History
from .index import Index, Place, Written
from .kinds import KINDS
from .objects import Obj, name_of, namespace_of, now, terminating, uid_of
from .selectors import both

Key = tuple["str | None", str]
"""(namespace, name)."""

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_GRACEFUL_S = 30
_WITHOUT_GENERATION = {
    *("Namespace", "Node", "Event", "ConfigMap", "Secret", "ServiceAccount"),
    *("PersistentVolume", "PersistentVolumeClaim"),
}
_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


class Store:
    """The objects of one cluster, as etcd and the API machinery keep them.

    Synchronous, for one event loop. Objects that it returns are shared: read them, and
    change them by `update` only.
    """

    def __init__(self) -> None:
        self._indexes: dict[str, Index] = {kind: Index() for kind in KINDS}
        self.history = History()
        self._event_keys: dict[tuple[str, str, str], Key] = {}
        self.fault_hooks = FaultHooks()
        for name in SYSTEM_NAMESPACES:
            self.create("Namespace", {"metadata": {"name": name}}, manager="kube-apiserver")

    # reading

    def find(self, kind: str, namespace: str | None, name: str) -> Obj | None:
        """Return the object, or None."""
        return self._indexes[kind].get((_namespace(kind, namespace), name))

    def get(self, kind: str, namespace: str | None, name: str) -> Obj:
        """Return the object.

        Raises:
            ApiError: 404, there is none.
        """
        if (found := self.find(kind, namespace, name)) is None:
            raise not_found(KINDS[kind], name)
        return found

    def list(
        self,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        after: Place | None = None,
        most: int | None = None,
    ) -> list[Obj]:
        """Return the objects that fit, ordered by namespace and name; no namespace: all.

        With `after` only those that stand after that place; with `most` no more than so many.
        """
        fits = both(kind, labels, fields)
        index = self._indexes[kind]
        found = filter(None, map(index.get, index.places(namespace, after)))
        return [*islice(filter(fits, found), most)]

    def count(self, kind: str, namespace: str | None, after: Place) -> int:
        """Return how many objects stand after a place."""
        return len(self._indexes[kind].places(namespace, after))

    def written(self, kind: str, obj: Obj) -> Written:
        """Return the JSON of an object that was listed or told of."""
        return self._indexes[kind].written(obj)

    # writing

    def create(self, kind: str, obj: Obj, *, manager: str = "", dry_run: bool = False) -> Obj:
        """Add an object, with defaults, uid and creation time; return it as stored.

        Raises:
            ApiError: 409, the name is taken; 404 or 403, its namespace is absent or ending.
        """
        new = copy.deepcopy(obj)
        self._identify(kind, new)
        if self.find(kind, namespace_of(new), name_of(new)) is not None:
            raise already_exists(KINDS[kind], name_of(new))
        metadata = new["metadata"]
        for told in ("deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"):
            metadata.pop(told, None)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = now()
        if kind not in _WITHOUT_GENERATION:
            metadata["generation"] = 1
        set_defaults(kind, new, creating=True)
        managed_fields.record(kind, None, new, manager)
        return new if dry_run else self._put("ADDED", kind, new, None)

    def _identify(self, kind: str, obj: Obj) -> None:
        """Complete the object's identity and see that its namespace takes new objects."""
        spec = KINDS[kind]
        obj["apiVersion"], obj["kind"] = spec.api_version, kind
        metadata = obj.setdefault("metadata", {})
        if not metadata.get("name") and (prefix := metadata.get("generateName")):
            metadata["name"] = prefix + "".join(secrets.choice(_NAME_LETTERS) for _ in range(5))
        if not spec.namespaced:
            metadata.pop("namespace", None)
            return
        metadata["namespace"] = namespace = metadata.get("namespace") or "default"
        if terminating(self.get("Namespace", None, namespace)):
            raise _namespace_ends(kind, metadata["name"], namespace)

    def update(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        change: Callable[[Obj], Any],
        *,
        manager: str,
        subresource: str = "",
    ) -> Obj:
        """Let `change` edit a copy of the object, and store it; return it as stored.

        A change that alters nothing keeps the resourceVersion and tells no one. When the last
        finalizer of an object that is being deleted goes, the object goes.

        Raises:
            ApiError: 404, there is no such object.
        """
        new = copy.deepcopy(self.get(kind, namespace, name))
        change(new)
        return self.replace(kind, new, manager=manager, subresource=subresource)

    def replace(
        self,
        kind: str,
        new: Obj,
        *,
        manager: str,
        subresource: str = "",
        owned: bool = False,
        dry_run: bool = False,
    ) -> Obj:
        """Store `new` in place of what has its name; `owned` if its managedFields are done."""
        old = self.get(kind, namespace_of(new), name_of(new))
        if (new == old) if owned else (_bare(new) == _bare(old)):
            return old
        if not owned:
            managed_fields.record(kind, old, new, manager, subresource)
        if (generation := old["metadata"].get("generation")) is not None:
            changed = new.get("spec") != old.get("spec")
            new["metadata"]["generation"] = generation + changed
        if dry_run:
            return new
        self._put("MODIFIED", kind, new, old)
        if terminating(new) and _finalizers(old) and not _finalizers(new) and kind != "Namespace":
            self.remove(kind, namespace_of(new), name_of(new))
        return new

    def delete(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        *,
        grace_s: float | None = None,
        propagation: str = "Background",
    ) -> Obj:
        """Delete an object or begin to; return it as it then is.

        A Pod on a node gets a deletionTimestamp, and its kubelet removes it when its
        processes have ended; with `grace_s` 0 it is gone at once. A Namespace ends when it is
        empty; with `propagation` Foreground or Orphan the garbage collector has its say first.
        """
        obj = self.get(kind, namespace, name)
        if kind == "Pod":
            return self._delete_pod(obj, grace_s)
        if kind == "Namespace":
            return self.update(kind, None, name, _end_namespace, manager="kube-apiserver")
        finalizers = [*_finalizers(obj), *filter(None, [_FINALIZERS.get(propagation)])]
        if not finalizers:
            self.remove(kind, namespace, name)
            return obj

        def mark(new: Obj) -> None:
            new["metadata"].setdefault("deletionTimestamp", now())
            new["metadata"].setdefault("deletionGracePeriodSeconds", 0)
            new["metadata"]["finalizers"] = [*dict.fromkeys(finalizers)]

        return self.update(kind, namespace, name, mark, manager="kube-apiserver")

    def _delete_pod(self, pod: Obj, grace_s: float | None) -> Obj:
        default_s = pod["spec"].get("terminationGracePeriodSeconds", _GRACEFUL_S)
        grace = int(default_s if grace_s is None else grace_s)
        ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        runs = pod["spec"].get("nodeName") and not ended
        if (grace == 0 or not runs) and not _finalizers(pod):
            self.remove("Pod", namespace_of(pod), name_of(pod))
            return pod

        def mark(new: Obj) -> None:
            metadata = new["metadata"]
            metadata.setdefault("deletionTimestamp", now())
            earlier = metadata.get("deletionGracePeriodSeconds", grace)
            metadata["deletionGracePeriodSeconds"] = min(grace, earlier)

        return self.update("Pod", namespace_of(pod), name_of(pod), mark, manager="kube-apiserver")

    def remove(self, kind: str, namespace: str | None, name: str) -> None:
        """Take the object out of the store; absent is fine."""
        old = self._indexes[kind].pop((_namespace(kind, namespace), name))
        if old is not None:
            last = {**old, "metadata": dict(old["metadata"])}
            self.history.add("DELETED", kind, last, old)

    def _put(self, type_: str, kind: str, obj: Obj, previous: Obj | None) -> Obj:
        self._indexes[kind].put(obj)
        self.history.add(type_, kind, obj, previous)
        return obj

    # events

    def event(
        self,
        about: Obj,
        reason: str,
        message: str,
        *,
        kind_of: str = "Normal",
        source: str = "kubelet",
    ) -> None:
        """Tell an Event about an object; the same one again only counts up.

        Where the namespace is gone or going, the Event is lost, as in a real cluster.
        """
        same = uid_of(about), reason, message
        known = self._event_keys.get(same)
        if known and self.find("Event", *known):
            self.update("Event", *known, _once_more, manager=source)
            return
        try:
            new = self.create("Event", event_object(about, reason, message, kind_of, source))
        except ApiError:
            return
        self._event_keys[same] = namespace_of(new), name_of(new)


def _once_more(event: Obj) -> None:
    event["count"] += 1
    event["lastTimestamp"] = now()


def _end_namespace(new: Obj) -> None:
    new["metadata"].setdefault("deletionTimestamp", now())
    new["status"]["phase"] = "Terminating"


def _namespace(kind: str, namespace: str | None) -> str:
    return (namespace or "default") if KINDS[kind].namespaced else ""


def _finalizers(obj: Obj) -> list[str]:
    return obj["metadata"].get("finalizers") or []


def _bare(obj: Obj) -> Obj:
    """Return the object without its bookkeeping, to tell whether anything changed."""
    ignored = ("managedFields", "resourceVersion", "generation")
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ignored}
    return {**obj, "metadata": metadata}


def _namespace_ends(kind: str, name: str, namespace: str) -> ApiError:
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    ends = f"namespace {namespace} is being terminated"
    cause = Cause("NamespaceTerminating", ends, "metadata.namespace")
    return forbidden(KINDS[kind], name, why, causes=[cause])
