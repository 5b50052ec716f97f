"""A Pod's row: how many containers are ready, and the one word for how it does.

Source: Kubernetes, pkg/printers/internalversion/printers.go, printPod.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .cells import NONE, age, created
from .objects import Obj, name_of, terminating


def cells(pod: Obj) -> list[Any]:
    """Return a Pod's row."""
    spec, status = pod["spec"], pod.get("status") or {}
    states = status.get("containerStatuses") or []
    beside = [c["name"] for c in spec.get("initContainers") or () if _beside(c)]
    inits = status.get("initContainerStatuses") or []
    counted = [*states, *(state for state in inits if state["name"] in beside)]
    ready = sum(bool(state.get("ready")) for state in counted)
    return [
        name_of(pod),
        f"{ready}/{len(spec['containers']) + len(beside)}",
        pod_status(pod),
        _restarts(states),
        created(pod),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        NONE,
    ]


def _restarts(states: Sequence[Obj]) -> str:
    count = sum(state.get("restartCount") or 0 for state in states)
    ends = [
        state["lastState"]["terminated"]["finishedAt"]
        for state in states
        if (state.get("lastState") or {}).get("terminated", {}).get("finishedAt")
    ]
    return f"{count} ({age(max(ends))} ago)" if count and ends else str(count)


def pod_status(pod: Obj) -> str:
    """Return the one word that kubectl shows for a Pod."""
    status = pod.get("status") or {}
    if terminating(pod):
        return "Terminating"
    if word := _initializing(pod):
        return word
    for state in reversed(status.get("containerStatuses") or []):
        current = state.get("state") or {}
        if reason := (current.get("waiting") or {}).get("reason"):
            return str(reason)
        if ended := current.get("terminated"):
            return str(ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}")
    return str(status.get("reason") or status.get("phase") or "Unknown")


def _initializing(pod: Obj) -> str:
    """Return how far the init containers are: Init:1/2, or what stops them; "" when done."""
    found = (pod.get("status") or {}).get("initContainerStatuses") or []
    begins = {c["name"] for c in pod["spec"].get("initContainers") or () if _beside(c)}
    for at, state in enumerate(found):
        current = state.get("state") or {}
        ended, waiting = current.get("terminated"), current.get("waiting") or {}
        done = state.get("started") if state["name"] in begins else ended and not ended["exitCode"]
        if done or (ended and state["name"] in begins):
            continue
        if ended:
            return f"Init:{ended.get('reason') or 'Error'}"
        if waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
            return f"Init:{waiting['reason']}"
        return f"Init:{at}/{len(found)}"
    return ""


def _beside(container: Obj) -> bool:
    return container.get("restartPolicy") == "Always"
