"""Playing an end of the server's container that this machine can't have, while it would come."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..clusters import Running
from ..kubernetes import End
from .deployment import change_container
from .fault import Target, is_server

Obj = dict[str, Any]
Ends = Callable[[Obj, Obj], "End | None"]
"""How a server's Pod ends on its node, None where it does its work."""


def play(rehearsal: Target, ends: Ends) -> None:
    """Let each server's Pod end as `ends` says, as long as it says so."""

    def hook(cluster: Running) -> None:
        def end(pod: Obj) -> End | None:
            if not is_server(pod):
                return None
            node = cluster.store.find("Node", None, pod["spec"].get("nodeName", ""))
            return ends(pod, node or {"metadata": {}})

        rehearsal.put(cluster.store.fault_hooks.end, end)

    rehearsal.each_cluster(hook)


def play_on_first_node(rehearsal: Target, end: End) -> None:
    """Play `end` on the node of the first server, and nowhere else."""
    nodes: list[str] = []

    def ends(pod: Obj, _: Obj) -> End | None:
        node = pod["spec"].get("nodeName", "")
        nodes[:] = nodes or [node]
        return end if node == nodes[0] else None

    play(rehearsal, ends)


def play_with_release(rehearsal: Target, tag: str, ends: Callable[[Obj], End | None]) -> None:
    """Write another release into the first Deployment, and let Pods end as `ends` says."""

    def change(server: Obj) -> None:
        image = re.sub(r":[^:/]*$", "", str(server.get("image", "")))
        server["image"] = f"{image}:{tag}"

    change_container(rehearsal, change)
    play(rehearsal, lambda pod, _: ends(pod))
