"""Leases of the nodes: each node's sign of life, as its kubelet renews it."""

from __future__ import annotations

from collections.abc import Iterable

from ..history import Change
from ..objects import Obj, micro_now, name_of, uid_of
from ..store import Key, Store

NAMESPACE = "kube-node-lease"
RENEWAL_S = 10.0
"""How often a kubelet renews its lease, in seconds; valid for four times as long."""


class Leases:
    """Stands for the kubelets of imitated nodes; its keys are Nodes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return a node that is new; the garbage collector takes the lease of one that went."""
        new = change.kind == "Node" and change.type == "ADDED"
        return [(None, name_of(change.obj))] if new else []

    def reconcile(self, key: Key) -> float | None:
        """Renew the node's lease."""
        node = self._store.find("Node", *key)
        if node is None:
            return None
        lease = self._store.find("Lease", NAMESPACE, key[1])
        if lease is None:
            self._store.create("Lease", _lease(node), manager="kubelet")
        else:
            spec = {**lease["spec"], "renewTime": micro_now()}
            self._store.replace("Lease", {**lease, "spec": spec}, manager="kubelet")
        return RENEWAL_S


def _lease(node: Obj) -> Obj:
    name = name_of(node)
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid_of(node)}
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "ownerReferences": [owner]},
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": int(4 * RENEWAL_S),
            "renewTime": micro_now(),
        },
    }
