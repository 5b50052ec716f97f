"""Autopilot's nodes: a machine for a Pod that fits none, within the quota for GPUs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...time_scale import TimeScale
from ..history import Change
from ..objects import Obj, condition, uid_of
from ..quantities import number
from ..store import Key, Store
from . import pod_fit
from .nodes import ACCELERATOR, DRIVER, GPU, SPOT, add_node, node_object
from .queue_keys import key_of
from .scheduler import UNSCHEDULABLE, waits_for_node

SOURCE = "cluster-autoscaler"
BOOT_MINUTES = 2.0
"""How long GKE takes to bring a machine up, in minutes of the cloud."""
BACK_OFF_MINUTES = 5.0
"""How long it waits after a scale-up that failed.

Source: Kubernetes autoscaler, FAQ, the parameter initial-node-group-backoff-duration.
"""
OVER_QUOTA = "GCE quota exceeded"
_MOST_ORDINARY_NODES = 20
_PROJECT = "https://www.googleapis.com/compute/v1/projects/rehearsal-project"

MACHINES: Mapping[str, Mapping[int, str]] = {
    "": {0: "e2-standard-8"},
    "nvidia-l4": {1: "g2-standard-16", 2: "g2-standard-24", 4: "g2-standard-48"}
    | {8: "g2-standard-96"},
    "nvidia-tesla-t4": {1: "n1-standard-8", 2: "n1-standard-16", 4: "n1-standard-32"},
    "nvidia-tesla-a100": {n: f"a2-highgpu-{n}g" for n in (1, 2, 4, 8)},
    "nvidia-a100-80gb": {n: f"a2-ultragpu-{n}g" for n in (1, 2, 4, 8)},
    "nvidia-h100-80gb": {n: f"a3-highgpu-{n}g" for n in (1, 2, 4, 8)},
    "nvidia-h100-mega-80gb": {8: "a3-megagpu-8g"},
    "nvidia-h200-141gb": {8: "a3-ultragpu-8g"},
}
"""Accelerator -> number of them -> the machine that has it.

Source: Compute Engine documentation, "GPU machine types".
"""


@dataclass(frozen=True)
class _Machine:
    """A machine that is coming up: what it will be, when (monotonic clock), for which Pod."""

    name: str
    pool: str
    zone: str
    machine_type: str
    gpus: Mapping[str, int]
    up_at: float
    driver: str
    spot: bool


class Autoscaler:
    """Brings one machine up for each Pod that waits for one; its keys are Pods."""

    def __init__(
        self, store: Store, time_scale: TimeScale, *, zones: Sequence[str], most_gpus: int
    ) -> None:
        self._store, self._pace = store, time_scale
        self._zones, self._most_gpus = zones, most_gpus
        self._coming: dict[str, _Machine] = {}  # Pod's uid -> its machine
        self._asking: set[str] = set()  # Pods that the scheduler found no place for just now
        self._reported: set[str] = set()
        self._again: dict[str, float] = {}  # Pod's uid -> when its back-off is over

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the Pods that wait; all of them when a node goes, for the quota has room."""
        if change.kind == "Pod" and change.type != "DELETED":
            return self._asked_by([change.obj])
        if change.kind == "Node" and change.type == "DELETED":
            self._reported.clear()
            return self._asked_by(self._store.list("Pod"))
        return []

    def _asked_by(self, pods: Iterable[Obj]) -> list[Key]:
        waiting = [pod for pod in pods if _unschedulable(pod)]
        self._asking |= {uid_of(pod) for pod in waiting}
        return [key_of(pod) for pod in waiting]

    def reconcile(self, key: Key) -> float | None:
        """Add the nodes of machines that are up; order one if the scheduler found none."""
        for uid, machine in list(self._coming.items()):
            if machine.up_at <= time.monotonic():
                del self._coming[uid]
                add_node(self._store, _node_of(machine))
        pod = self._store.find("Pod", *key)
        self._end_back_offs()
        if pod is not None and uid_of(pod) in self._asking:
            self._asking.discard(uid_of(pod))
            known = self._coming.keys() | self._reported
            if _unschedulable(pod) and uid_of(pod) not in known:
                self._order(pod)
        return self._next_s()

    def _end_back_offs(self) -> None:
        """Let Pods ask again whose back-off is over."""
        for uid in [uid for uid, at in self._again.items() if at <= time.monotonic()]:
            del self._again[uid]
            self._reported.discard(uid)
            self._asking.add(uid)

    def _next_s(self) -> float | None:
        due = [*(machine.up_at for machine in self._coming.values()), *self._again.values()]
        return max(0.0, min(due) - time.monotonic()) + 0.001 if due else None

    def _order(self, pod: Obj) -> None:
        accelerator, count = _wanted_gpus(pod)
        sizes = [size for size in sorted(MACHINES.get(accelerator, ())) if size >= count]
        if not sizes:
            said = f"the rehearsal knows no machine with {count} x {accelerator or 'GPU'}"
            self._refuse(pod, "NotTriggerScaleUp", f"pod didn't trigger scale-up: {said}")
            return
        if self._awaits_driver(accelerator):
            return
        gpus = {accelerator: sizes[0]} if accelerator else {}
        machine_type = MACHINES[accelerator][sizes[0]]
        reasons: list[str] = []
        failed: dict[str, str] = {}
        for zone in self._zones:
            machine = self._machine(zone, machine_type, gpus, pod)
            if unfit := pod_fit.why_not(pod, _node_of(machine), {}):
                reasons = unfit
            elif why := self._failure(pod, machine):
                failed[zone] = why
            else:
                self._bring_up(pod, machine)
                return
        if failed:
            self._back_off(pod, failed)
            return
        said = f"pod didn't trigger scale-up: {len(self._zones)} {reasons[0]}"
        self._refuse(pod, "NotTriggerScaleUp", said)

    def _awaits_driver(self, accelerator: str) -> bool:
        """Tell whether a node with this GPU is up whose driver is still to come.

        Source: Kubernetes autoscaler, utils/gpu/gpu.go: such a node counts as not ready yet.
        """
        nodes = self._store.list("Node", labels=f"{ACCELERATOR}={accelerator}")
        return bool(accelerator) and any(GPU not in n["status"]["allocatable"] for n in nodes)

    def _failure(self, pod: Obj, machine: _Machine) -> str:
        if self._over_quota(machine):
            return OVER_QUOTA
        return self._store.fault_hooks.no_machine(pod, machine.zone)

    def _back_off(self, pod: Obj, failed: Mapping[str, str]) -> None:
        """Tell in which zones scaling up failed, and try again later."""
        for why in dict.fromkeys(failed.values()):
            zones = ", ".join(zone for zone, said in failed.items() if said == why)
            said = (
                f"Node scale up in zones {zones} associated with this pod failed: {why}. Pod is "
                "at risk of not being scheduled."
            )
            self._store.event(pod, "FailedScaleUp", said, kind_of="Warning", source=SOURCE)
        said = f"pod didn't trigger scale-up: {len(failed)} in backoff after failed scale-up"
        self._refuse(pod, "NotTriggerScaleUp", said)
        self._again[uid_of(pod)] = time.monotonic() + self._pace.seconds(BACK_OFF_MINUTES)

    def _machine(self, zone: str, machine_type: str, gpus: Mapping[str, int], pod: Obj) -> _Machine:
        """Return the machine for a Pod, with the driver and the price that its selector names."""
        pool, spot = f"nap-{machine_type}", _spot(pod)
        if gpus:
            pool = f"{pool}-gpu{sum(gpus.values())}"
        if spot:
            pool = f"{pool}-spot"
        name = f"gk3-{pool}-{secrets.token_hex(4)}"
        up_at = time.monotonic() + self._pace.seconds(BOOT_MINUTES)
        return _Machine(name, pool, zone, machine_type, gpus, up_at, _driver(pod), spot)

    def _bring_up(self, pod: Obj, machine: _Machine) -> None:
        self._coming[uid_of(pod)] = machine
        group = f"{_PROJECT}/zones/{machine.zone}/instanceGroups/gk3-{machine.pool}-grp"
        said = f"pod triggered scale-up: [{{{group} 0->1 (max: 1000)}}]"
        self._store.event(pod, "TriggeredScaleUp", said, source=SOURCE)

    def _refuse(self, pod: Obj, reason: str, said: str) -> None:
        self._reported.add(uid_of(pod))
        self._store.event(pod, reason, said, source=SOURCE)

    def _over_quota(self, machine: _Machine) -> bool:
        nodes = self._store.list("Node")
        if not machine.gpus:
            return len(nodes) + len(self._coming) >= _MOST_ORDINARY_NODES
        have = sum(int(number((n["status"].get("capacity") or {}).get(GPU, 0))) for n in nodes)
        coming = sum(sum(other.gpus.values()) for other in self._coming.values())
        return have + coming + sum(machine.gpus.values()) > self._most_gpus


def _node_of(machine: _Machine) -> Obj:
    return node_object(
        name=machine.name,
        pool=machine.pool,
        zone=machine.zone,
        machine_type=machine.machine_type,
        gpus=machine.gpus,
        driver=machine.driver,
        spot=machine.spot,
    )


def _spot(pod: Obj) -> bool:
    """Tell whether a Pod asks for a Spot machine, by the selector that Autopilot reads."""
    return (pod["spec"].get("nodeSelector") or {}).get(SPOT) == "true"


def _driver(pod: Obj) -> str:
    """Return the release of the GPU driver that a Pod asks for, by the selector.

    Source: GKE, "Deploy GPU workloads in Autopilot": default and latest.
    """
    asked = (pod["spec"].get("nodeSelector") or {}).get(DRIVER)
    return "latest" if asked == "latest" else "default"


def _unschedulable(pod: Obj) -> bool:
    why = condition(pod, "PodScheduled") or {}
    # a new node brings no claim
    helps = "persistentvolumeclaim" not in str(why.get("message")).lower()
    return waits_for_node(pod) and why.get("reason") == UNSCHEDULABLE and helps


def _wanted_gpus(pod: Obj) -> tuple[str, int]:
    """Return which accelerator a Pod asks for, and how many."""
    count = int(pod_fit.requests_of(pod).get(GPU, 0))
    selector = pod["spec"].get("nodeSelector") or {}
    accelerator = selector.get(ACCELERATOR) or _from_affinity(pod)
    return (accelerator, count) if count or accelerator else ("", 0)


def _from_affinity(pod: Obj) -> str:
    for term in pod_fit.required_terms(pod) or ():
        for expression in term.get("matchExpressions") or ():
            if expression["key"] == ACCELERATOR and expression["operator"] == "In":
                return str((expression.get("values") or [""])[0])
    return ""
