"""What somebody does as the server is deployed, or to its Deployment on the way in: once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..clusters import Running
from ..kubernetes import Store
from ..kubernetes.objects import name_of, namespace_of
from .fault import Target, is_server
from .pod_values import Change, Path, changed, values

Obj = dict[str, Any]


def as_server_comes(
    rehearsal: Target,
    act: Callable[[Store, Obj], None],
    in_place: Callable[[Store, Obj], bool] | None = None,
) -> None:
    """Call `act` with the server's first Deployment, before it is stored; it may change it.

    `in_place` tells whether the effect of `act` is there, where that is not a change of the
    Deployment.
    """
    last: list[_Arrival] = []

    def left() -> bool:
        if not last:
            return False
        one = last[0]
        return in_place(one.store, one.sent) if in_place else one.shows_edits()

    def again() -> None:
        if in_place and not left():
            act(last[0].store, copy.deepcopy(last[0].sent))

    once = rehearsal.once(left, again)

    def hook(cluster: Running) -> None:
        def admit(kind: str, obj: Obj) -> None:
            if kind == "Pod" and is_server(obj):
                once.keep_up()
            if kind != "Deployment" or not once.due or not is_server(obj["spec"]["template"]):
                return
            once.done()
            if last and last[0].overwritten_by(obj):
                return
            sent = copy.deepcopy(obj)
            act(cluster.store, obj)
            edits = _edits(sent, obj)
            last[:] = [_Arrival(cluster.store, sent, changed(sent, obj))]
            rehearsal.put_back(lambda: _undo(cluster.store, sent, edits))

        rehearsal.put(cluster.store.fault_hooks.admission, admit)

    rehearsal.each_cluster(hook)


@dataclass(frozen=True)
class _Arrival:
    """A Deployment as it was `sent`, and the values that the fault changed in it."""

    store: Store
    sent: Obj
    changes: Mapping[Path, Change]

    def shows_edits(self) -> bool:
        """Tell whether each value is still as the fault has set it, or taken it out."""
        place = namespace_of(self.sent) or "default", name_of(self.sent)
        found = self.store.find("Deployment", *place)
        now = values(found["spec"]["template"]["spec"]) if found else {}
        after = {path: new for path, (_, new) in self.changes.items()}
        put_in = {path: new for path, new in after.items() if new is not None}
        return bool(found) and all(now.get(path) == new for path, new in (put_in or after).items())

    def overwritten_by(self, deployment: Obj) -> bool:
        """Tell whether the reader has chosen another value for each that the fault changed."""
        now = values(deployment["spec"]["template"]["spec"])
        kept = any(now.get(path) == old for path, (old, _) in self.changes.items())
        return bool(self.changes) and not kept


@dataclass(frozen=True)
class _Edit:
    """A field of the Pod's spec or of its server's container that was changed, and what it was."""

    of_server: bool
    field: str
    before: Any
    after: Any

    def undo(self, deployment: Obj) -> None:
        """Put the field back, if it is still as it was changed."""
        spec = deployment["spec"]["template"]["spec"]
        place = spec["containers"][0] if self.of_server else spec
        if not _holds(place.get(self.field), self.after):
            return
        if self.before is None:
            place.pop(self.field, None)
        else:
            place[self.field] = copy.deepcopy(self.before)


def _edits(before: Obj, after: Obj) -> list[_Edit]:
    """Return what was changed between two states of a Deployment."""
    old, new = (one["spec"]["template"]["spec"] for one in (before, after))
    fields = [_Edit(False, f, old.get(f), new.get(f)) for f in {*old, *new} - {"containers"}]
    old, new = old["containers"][0], new["containers"][0]
    fields += [_Edit(True, f, old.get(f), new.get(f)) for f in {*old, *new}]
    return [copy.deepcopy(edit) for edit in fields if edit.before != edit.after]


def _holds(now: Any, then: Any) -> bool:
    """Tell whether a field is as it was, but for defaults that were added."""
    if isinstance(now, dict) and isinstance(then, dict):
        return all(_holds(now.get(name), value) for name, value in then.items())
    return bool(now == then)


def _undo(store: Store, deployment: Obj, edits: Iterable[_Edit]) -> None:
    """Undo what was changed in a Deployment, if it is still there."""

    def change(new: Obj) -> None:
        for edit in edits:
            edit.undo(new)

    place = namespace_of(deployment) or "default", name_of(deployment)
    if store.find("Deployment", *place):
        store.update("Deployment", *place, change, manager="kubectl")


def change_pod(rehearsal: Target, change: Callable[[Obj], None]) -> None:
    """Let `change` edit the Pod's template in the server's first Deployment."""
    as_server_comes(rehearsal, lambda _, deployment: change(deployment["spec"]["template"]))


def change_container(rehearsal: Target, change: Callable[[Obj], None]) -> None:
    """Let `change` edit the server's container in its first Deployment."""
    change_pod(rehearsal, lambda pod: change(pod["spec"]["containers"][0]))


def add_arguments(rehearsal: Target, *words: str) -> None:
    """Add arguments to the server's first Deployment; of one given twice the last counts."""
    change_container(rehearsal, lambda server: server.setdefault("args", []).extend(words))


def add_variable(rehearsal: Target, name: str, value: str) -> None:
    """Add a variable to the server's container in its first Deployment."""
    entry = {"name": name, "value": value}
    change_container(rehearsal, lambda server: server.setdefault("env", []).append(entry))


def replace_argument(rehearsal: Target, old: str, new: str) -> None:
    """Write `new` for `old` in the arguments of the server's first Deployment."""

    def change(server: Obj) -> None:
        server["args"] = [word.replace(old, new, 1) for word in server.get("args") or ()]

    change_container(rehearsal, change)
