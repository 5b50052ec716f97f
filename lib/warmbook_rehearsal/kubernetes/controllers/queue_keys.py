"""From a change to the keys of the objects that it concerns."""

from __future__ import annotations

from ..history import Change
from ..objects import Obj, name_of, namespace_of, owner_of
from ..store import Key

EVERYTHING: Key = (None, "")
"""The key of controllers that look at all objects at once."""


def key_of(obj: Obj) -> Key:
    """Return the key of an object."""
    return namespace_of(obj), name_of(obj)


def owner_key(change: Change, kind: str) -> list[Key]:
    """Return the key of the object's owner, if that is a controller of `kind`."""
    owner = owner_of(change.obj)
    if owner is None or owner["kind"] != kind:
        return []
    return [(namespace_of(change.obj), owner["name"])]
