"""What somebody does as the server is deployed, or to its Deployment on the way in: once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..clusters import Running
from ..kubernetes import Store
from ..kubernetes.objects import name_of, namespace_of
from .fault import Target, is_server

Obj = dict[str, Any]


def as_server_comes(rehearsal: Target, act: Callable[[Store, Obj], None]) -> None:
    """Call `act` with the server's first Deployment, before it is stored; it may change it."""
    done = False

    def hook(cluster: Running) -> None:
        def admit(kind: str, obj: Obj) -> None:
            nonlocal done
            if kind == "Deployment" and not done and is_server(obj["spec"]["template"]):
                done = True
                before = copy.deepcopy(obj)
                act(cluster.store, obj)
                edits = _edits(before, obj)
                rehearsal.put_back(lambda: _undo(cluster.store, before, edits))

        rehearsal.put(cluster.store.fault_hooks.admission, admit)

    rehearsal.each_cluster(hook)


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
