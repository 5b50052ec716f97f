"""The scheduler: each Pod to a node that fits, or a word on why none does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ..history import Change
from ..objects import Obj, condition, name_of, namespace_of, set_condition, terminating
from ..quantities import number
from ..store import Key, Store
from . import claims, pod_fit
from .queue_keys import EVERYTHING, key_of

_MANAGER = "kube-scheduler"
_SOURCE = "default-scheduler"
UNSCHEDULABLE = "Unschedulable"


class Scheduler:
    """Binds Pods to nodes; when room appears, those that wait get another look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._usage = pod_fit.Usage()
        self._waiting: dict[Key, None] = {}  # in order, each once

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the Pod that waits; one key for all after nodes, or Pods that free their place."""
        if change.kind in ("Node", "PersistentVolumeClaim"):
            return [EVERYTHING]
        if change.kind != "Pod":
            return []
        key = key_of(change.obj)
        self._note(key)
        frees = bool(change.obj["spec"].get("nodeName")) and (
            change.type == "DELETED" or _phase(change.obj) in ("Succeeded", "Failed")
        )
        if frees and self._waiting:
            return [EVERYTHING]
        return [key] if key in self._waiting else []

    def _note(self, key: Key) -> None:
        """Learn how a Pod is now, whatever the change was that is told of."""
        pod = self._store.find("Pod", *key)
        self._usage.note(key, pod)
        self._waiting.pop(key, None)
        if pod and waits_for_node(pod):
            self._waiting[key] = None

    def reconcile(self, key: Key) -> None:
        """Bind the Pod if it waits and fits, or every Pod that does."""
        keys = list(self._waiting) if key == EVERYTHING else [key]
        found = (self._store.find("Pod", *key) for key in keys)
        waiting = [pod for pod in found if pod and waits_for_node(pod)]
        nodes = self._store.list("Node") if waiting else []
        for pod in sorted(waiting, key=lambda pod: pod["metadata"]["creationTimestamp"]):
            self._place(pod, nodes)
            self._note(key_of(pod))

    def _place(self, pod: Obj, nodes: Sequence[Obj]) -> None:
        if nodes and (why := claims.why_not(self._store, pod)):
            self._refuse(pod, unserved_message(why, len(nodes)))
            return
        if claims.awaits_volume(self._store, pod):
            return
        used = {name_of(node): self._usage.on(name_of(node)) for node in nodes}
        reasons = {name_of(n): pod_fit.why_not(pod, n, used[name_of(n)]) for n in nodes}
        fits = [node for node in nodes if not reasons[name_of(node)]]
        if not fits:
            said = unschedulable_message([reasons[name_of(node)] for node in nodes])
            self._refuse(pod, said)
            return
        # the emptiest of those with the least to spare of what is dear
        self._bind(pod, min(fits, key=lambda n: (_spare_gpus(n), used[name_of(n)]["pods"])))

    def _bind(self, pod: Obj, node: Obj) -> None:
        def change(new: Obj) -> None:
            new["spec"]["nodeName"] = name_of(node)
            set_condition(new, "PodScheduled", "True", lastProbeTime=None)

        place = namespace_of(pod), name_of(pod)
        bound = self._store.update("Pod", *place, change, manager=_MANAGER)
        said = f"Successfully assigned {place[0]}/{place[1]} to {name_of(node)}"
        self._store.event(bound, "Scheduled", said, source=_SOURCE)

    def _refuse(self, pod: Obj, said: str) -> None:
        if (condition(pod, "PodScheduled") or {}).get("message") == said:
            return

        def change(new: Obj) -> None:
            more = {"lastProbeTime": None, "reason": UNSCHEDULABLE, "message": said}
            set_condition(new, "PodScheduled", "False", **more)

        self._store.update(
            *("Pod", namespace_of(pod), name_of(pod)),
            change,
            manager=_MANAGER,
            subresource="status",
        )
        self._store.event(pod, "FailedScheduling", said, kind_of="Warning", source=_SOURCE)


def waits_for_node(pod: Obj) -> bool:
    """Tell whether a Pod is to be scheduled."""
    spec = pod["spec"]
    ours = spec.get("schedulerName", _SOURCE) == _SOURCE
    return ours and not spec.get("nodeName") and not terminating(pod)


def unschedulable_message(reasons: Sequence[Sequence[str]]) -> str:
    """Return what the scheduler says of a Pod that fits no node, given why for each node."""
    if not reasons:
        return "no nodes available to schedule pods"
    start = f"0/{len(reasons)} nodes are available"
    counted = Counter(reason for of_node in reasons for reason in of_node)
    helped = Counter(
        "No preemption victims found for incoming pod"
        if pod_fit.helped_by_preemption(of_node)
        else "Preemption is not helpful for scheduling"
        for of_node in reasons
    )
    return f"{start}: {_listed(counted)}. preemption: {start}: {_listed(helped)}."


def unserved_message(why: str, nodes: int) -> str:
    """Return what the scheduler says of a Pod that no node can take, for the same reason."""
    start = f"0/{nodes} nodes are available"
    helps_not = f"{nodes} Preemption is not helpful for scheduling"
    return f"{start}: {why}. preemption: {start}: {helps_not}."


def _listed(counted: Counter[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counted.items()))


def _phase(pod: Obj) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def _spare_gpus(node: Obj) -> Decimal:
    allocatable = node["status"].get("allocatable") or {}
    return number(allocatable.get("nvidia.com/gpu", "0"))
