"""The objects of one kind in the order of their names, each with its JSON once it was asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

from . import go_json
from .objects import Obj, name_of, namespace_of

Place = tuple[str, str]
"""(namespace or "", name), by which objects are in order."""


def place_of(obj: Obj) -> Place:
    """Return where an object stands among those of its kind."""
    return namespace_of(obj) or "", name_of(obj)


_BEGINS = '{"metadata":'


@dataclass(frozen=True)
class Written:
    """An object's JSON, from which lists, Tables and watches are put together."""

    item: str
    """The object as an item of a list: without kind and apiVersion, its metadata first."""
    metadata_ends: int

    @classmethod
    def of(cls, obj: Obj) -> Written:
        """Write an object."""
        apart = ("kind", "apiVersion", "metadata")
        first = _BEGINS + go_json.dumps(obj["metadata"])
        rest = go_json.dumps({key: value for key, value in obj.items() if key not in apart})
        return cls(f"{first},{rest[1:]}" if rest != "{}" else f"{first}}}", len(first))

    @property
    def metadata(self) -> str:
        """The object's metadata alone."""
        return self.item[len(_BEGINS) : self.metadata_ends]

    def whole(self, kind: str, api_version: str) -> str:
        """Return the object by itself."""
        return f'{{"kind":"{kind}","apiVersion":"{api_version}",{self.item[1:]}'


class Index:
    """Keeps objects by place; the objects themselves are never changed, only replaced."""

    def __init__(self) -> None:
        self._objects: dict[Place, Obj] = {}
        self._places: list[Place] = []
        self._written: dict[Place, tuple[Obj, Written]] = {}

    def get(self, place: Place) -> Obj | None:
        """Return the object there, or None."""
        return self._objects.get(place)

    def put(self, obj: Obj) -> None:
        """Keep an object, in place of what was there."""
        place = place_of(obj)
        if place not in self._objects:
            insort(self._places, place)
        self._objects[place] = obj
        self._written.pop(place, None)

    def pop(self, place: Place) -> Obj | None:
        """Take the object out that is there, if one is."""
        old = self._objects.pop(place, None)
        if old is not None:
            del self._places[bisect_left(self._places, place)]
            self._written.pop(place, None)
        return old

    def places(self, namespace: str | None, after: Place | None) -> Sequence[Place]:
        """Return, in order, the places in a namespace (None: in all), those after `after` only."""
        start, end = 0, len(self._places)
        if namespace is not None:
            start = bisect_left(self._places, (namespace, ""))
            end = bisect_left(self._places, (f"{namespace}\0", ""))
        if after is not None:
            start = max(start, bisect_right(self._places, after))
        return self._places[start:end]

    def written(self, obj: Obj) -> Written:
        """Return an object's JSON; it is made once for an object that is kept here."""
        place = place_of(obj)
        known = self._written.get(place)
        if known and known[0] is obj:
            return known[1]
        made = Written.of(obj)
        if self._objects.get(place) is obj:
            self._written[place] = obj, made
        return made
