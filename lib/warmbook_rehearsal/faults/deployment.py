"""What somebody does as the server is deployed, or to its Deployment on the way in: once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clusters import Running
from ..kubernetes import Store
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
                act(cluster.store, obj)

        cluster.store.fault_hooks.admission.append(admit)

    rehearsal.clusters.each(hook)


def change_pod(rehearsal: Target, change: Callable[[Obj], None]) -> None:
    """Let `change` edit the Pod's template in the server's first Deployment."""
    as_server_comes(rehearsal, lambda _, deployment: change(deployment["spec"]["template"]))


def change_container(rehearsal: Target, change: Callable[[Obj], None]) -> None:
    """Let `change` edit the server's container in its first Deployment."""
    change_pod(rehearsal, lambda pod: change(pod["spec"]["containers"][0]))


def replace_argument(rehearsal: Target, old: str, new: str) -> None:
    """Write `new` for `old` in the arguments of the server's first Deployment."""

    def change(server: Obj) -> None:
        server["args"] = [word.replace(old, new, 1) for word in server.get("args") or ()]

    change_container(rehearsal, change)
