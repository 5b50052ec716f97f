"""Namespaces: each gets its default service account, and ends when all in it has ended."""

from __future__ import annotations

from collections.abc import Iterable

from ..history import Change
from ..kinds import KINDS
from ..objects import name_of, namespace_of, terminating
from ..store import Key, Store

_MANAGER = "kube-controller-manager"
_CONTENTS = [kind.kind for kind in KINDS.values() if kind.namespaced and kind.kind != "Event"]


class Namespaces:
    """The namespace and the service account controllers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the namespace, and the one that something has left."""
        if change.kind == "Namespace":
            return [(None, name_of(change.obj))]
        if change.kind == "ServiceAccount" or change.type == "DELETED":
            return [(None, namespace)] if (namespace := namespace_of(change.obj)) else []
        return []

    def reconcile(self, key: Key) -> None:
        """Make what a new namespace has; end what is in one that is being deleted."""
        namespace = self._store.find("Namespace", *key)
        if namespace is None:
            return
        if terminating(namespace):
            self._end(key[1])
        elif self._store.find("ServiceAccount", key[1], "default") is None:
            account = {"metadata": {"name": "default", "namespace": key[1]}}
            self._store.create("ServiceAccount", account, manager=_MANAGER)

    def _end(self, namespace: str) -> None:
        left = [(kind, obj) for kind in _CONTENTS for obj in self._store.list(kind, namespace)]
        for kind, obj in left:
            if not terminating(obj) and self._store.find(kind, namespace, name_of(obj)):
                self._store.delete(kind, namespace, name_of(obj))
        if any(self._store.list(kind, namespace) for kind in _CONTENTS):
            return
        for event in self._store.list("Event", namespace):
            self._store.remove("Event", namespace, name_of(event))
        self._store.remove("Namespace", None, namespace)
