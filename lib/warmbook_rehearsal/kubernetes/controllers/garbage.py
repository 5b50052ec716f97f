"""Garbage collection: what has lost its owners goes; owners wait for what blocks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..history import Change
from ..kinds import KINDS
from ..objects import Obj, name_of, namespace_of, terminating, uid_of
from ..store import Key, Store

_MANAGER = "kube-controller-manager"
_Ref = tuple[str, "str | None", str]  # kind, namespace, name


class GarbageCollector:
    """Knows who owns what; its keys are uids of owners (None, uid)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._alive: dict[str, _Ref] = {}
        self._owned: dict[str, set[_Ref]] = defaultdict(set)
        for kind in KINDS:
            for obj in store.list(kind):
                self._learn(Change("ADDED", kind, obj, None))

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the owners that a change may set free or bereave."""
        if change.kind == "Event":
            return []
        self._learn(change)
        owners = [owner["uid"] for owner in _owners(change.obj)]
        if change.type == "DELETED" or _finalizers(change.obj):
            owners.append(uid_of(change.obj))
        return [(None, uid) for uid in owners if uid not in self._alive or self._ends(uid)]

    def _ends(self, uid: str) -> bool:
        owner = self._store.find(*self._alive[uid])
        return owner is not None and bool(_finalizers(owner)) and terminating(owner)

    def _learn(self, change: Change) -> None:
        ref = change.kind, namespace_of(change.obj), name_of(change.obj)
        if change.type == "DELETED":
            self._alive.pop(uid_of(change.obj), None)
        else:
            self._alive[uid_of(change.obj)] = ref
        for owner in _owners(change.obj):
            if change.type == "DELETED":
                self._owned[owner["uid"]].discard(ref)
            else:
                self._owned[owner["uid"]].add(ref)

    def reconcile(self, key: Key) -> None:
        """Delete what an owner left behind, or let the owner go."""
        uid = key[1]
        owner = self._store.find(*self._alive[uid]) if uid in self._alive else None
        owned = [obj for ref in list(self._owned[uid]) if (obj := self._owned_by(ref, uid))]
        if owner is None:
            for obj in owned:
                self._bereaved(obj)
            if not owned:
                del self._owned[uid]
        elif terminating(owner) and "orphan" in _finalizers(owner):
            for obj in owned:
                self._release(obj, uid)
            self._let_go(owner, "orphan")
        elif terminating(owner) and "foregroundDeletion" in _finalizers(owner):
            for obj in owned:
                self._delete(obj, "Foreground")
            if not any(self._owned_by(ref, uid) for ref in self._owned[uid]):
                self._let_go(owner, "foregroundDeletion")

    def _owned_by(self, ref: _Ref, uid: str) -> Obj | None:
        found = self._store.find(*ref)
        if found and any(owner["uid"] == uid for owner in _owners(found)):
            return found
        return None

    def _bereaved(self, obj: Obj) -> None:
        if not any(owner["uid"] in self._alive for owner in _owners(obj)):
            self._delete(obj, "Background")

    def _delete(self, obj: Obj, propagation: str) -> None:
        if not terminating(obj):
            place = obj["kind"], namespace_of(obj), name_of(obj)
            self._store.delete(*place, propagation=propagation)

    def _release(self, obj: Obj, uid: str) -> None:
        def change(new: Obj) -> None:
            kept = [owner for owner in _owners(new) if owner["uid"] != uid]
            new["metadata"]["ownerReferences"] = kept

        place = obj["kind"], namespace_of(obj), name_of(obj)
        self._store.update(*place, change, manager=_MANAGER)

    def _let_go(self, owner: Obj, finalizer: str) -> None:
        def change(new: Obj) -> None:
            left = [name for name in _finalizers(new) if name != finalizer]
            new["metadata"]["finalizers"] = left

        place = owner["kind"], namespace_of(owner), name_of(owner)
        self._store.update(*place, change, manager=_MANAGER)


def _owners(obj: Obj) -> list[Obj]:
    return obj["metadata"].get("ownerReferences") or []


def _finalizers(obj: Obj) -> list[str]:
    return obj["metadata"].get("finalizers") or []
