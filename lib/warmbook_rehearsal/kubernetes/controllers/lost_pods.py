"""Pods whose node has gone: nothing runs them any more, so they go too."""

from __future__ import annotations

from collections.abc import Iterable

from ..history import Change
from ..objects import name_of, namespace_of
from ..store import Key, Store


class LostPods:
    """The Pod garbage collector; its keys are names of nodes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the node that has gone."""
        gone = change.kind == "Node" and change.type == "DELETED"
        return [(None, name_of(change.obj))] if gone else []

    def reconcile(self, key: Key) -> None:
        """Delete the Pods of a node without waiting for its kubelet."""
        if self._store.find("Node", *key):
            return
        for pod in self._store.list("Pod", fields=f"spec.nodeName={key[1]}"):
            self._store.delete("Pod", namespace_of(pod), name_of(pod), grace_s=0)
