"""Why a Pod has no node: what the scheduler and the autoscaler say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...cloud.gke import ACCELERATOR, DRIVER
from ...cloud.objects import Object, at, maps, text
from ...serving.guide_manifest import GPU
from .evidence import Diagnosis, Evidence

QUOTA = re.compile(r"GCE quota exceeded|QUOTA_EXCEEDED|Quota '\w*GPUS\w*' exceeded")
STOCKOUT = re.compile(
    r"ZONE_RESOURCE_POOL_EXHAUSTED|GCE out of resources|not have enough resources available"
)
BACKOFF = re.compile(r"in backoff after failed scale-up")
NO_GPU = re.compile(rf"Insufficient {re.escape(GPU)}")
NO_DISK = re.compile(r"Insufficient ephemeral-storage")
MOST_TRIES = 3
"""Tries to make a node for want of quota or machines, after which that lasts; the third comes a
quarter of an hour after the first.

Source: Kubernetes autoscaler, FAQ, initial-node-group-backoff-duration: the pause doubles.
"""
OTHER_NODES = "didn't match Pod's node affinity/selector"
ONLY_OTHERS = re.compile(re.escape(OTHER_NODES))
AUTOPILOT_THINKS_S = 300
"""Autopilot may say at first that no pool fits, then make one: so long it is given."""
DRIVER_INSTALLS_S = 20 * 60
"""Source: Kubernetes autoscaler, issue 3448: up to 15 minutes after the node is ready."""


def placement(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield why the Pod has no node, the likeliest first; nothing if it has one."""
    if evidence.placed:
        return
    messages = _messages(evidence)
    short = _latest(NO_GPU, messages)
    refused = _refused(evidence)
    if short and _held_by_old(evidence):
        yield Diagnosis("second-gpu-for-update", short, hopeless=bool(refused))
    lasts = failed_tries(evidence.events) - evidence.tries_before >= MOST_TRIES
    if quota := _latest(QUOTA, messages):
        yield Diagnosis("gpu-quota", quota, hopeless=lasts)
    if stockout := _latest(STOCKOUT, messages):
        yield Diagnosis("gpu-stockout", stockout, hopeless=lasts)
    if short and (node := _without_driver(evidence)):
        over = evidence.passed_s(_ready_since(node)) > DRIVER_INSTALLS_S
        name = "driver-not-installed" if over else "driver-not-ready"
        yield Diagnosis(name, short, hopeless=over)
    other = _latest(ONLY_OTHERS, messages)
    if other and _another_driver(evidence):
        yield Diagnosis("driver-too-old", other, hopeless=True)
    elif _nobody_has_it(refused) and _selects_gpu(evidence):
        waited = evidence.passed_s(at(evidence.pod, "metadata", "creationTimestamp"))
        hopeless = not evidence.autopilot or waited > AUTOPILOT_THINKS_S
        yield Diagnosis("gpu-not-offered", refused, hopeless=hopeless)
    elif not refused and other and _nobodys_label(evidence):
        # whether a pool grows, no Pod and no node tells: that takes a closer look
        yield Diagnosis("gpu-not-offered", other)


def shortage(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what no node has left for a Pod, where nothing says why there are no more nodes."""
    if evidence.placed:
        return
    messages = _messages(evidence)
    if BACKOFF.search(refused := _refused(evidence)):
        yield Diagnosis("scale-up-backoff", refused)
    if short := _latest(NO_GPU, messages):
        yield Diagnosis("gpu-insufficient", short)
    if disk := _latest(NO_DISK, messages):
        yield Diagnosis("node-disk-too-small", disk)


def failed_tries(events: Sequence[Object]) -> int:
    """Return how often making a node has failed for want of quota or machines, as events tell.

    One try fails in each zone with words of its own, so the most told event counts.
    """
    failed = [e for e in maps(events) if e.get("reason") == "FailedScaleUp"]
    return max((_times(e) for e in failed if _wants(text(e.get("message")))), default=0)


def _wants(message: str) -> bool:
    return bool(QUOTA.search(message) or STOCKOUT.search(message))


def _times(event: Object) -> int:
    count = event.get("count")
    return count if isinstance(count, int) else 1


def _messages(evidence: Evidence) -> list[str]:
    """Return what is said of the Pod, the oldest first."""
    conditions = maps(at(evidence.pod, "status", "conditions"))
    said = [c.get("message") for c in conditions if c.get("type") == "PodScheduled"]
    return [text(one) for one in (*said, *(event.get("message") for event in evidence.in_order()))]


def _latest(pattern: re.Pattern[str], messages: list[str]) -> str:
    return next((one for one in reversed(messages) if pattern.search(one)), "")


def _refused(evidence: Evidence) -> str:
    """Return why the autoscaler adds no node, "" if it has begun to add one since."""
    said = ""
    for event in evidence.in_order():
        if event.get("reason") == "NotTriggerScaleUp":
            said = text(event.get("message"))
        elif event.get("reason") == "TriggeredScaleUp":
            said = ""
    return said


def _nobody_has_it(refused: str) -> bool:
    """Say whether every pool is refused because its nodes are of another kind."""
    reasons = refused.partition("scale-up:")[2].split(", ")
    return bool(refused) and all(OTHER_NODES in reason for reason in reasons)


def _selects_gpu(evidence: Evidence) -> bool:
    """Say whether the Pod selects a GPU; nothing is known of it where there are only events."""
    return not evidence.pod or bool(at(evidence.pod, "spec", "nodeSelector", ACCELERATOR))


def _nobodys_label(evidence: Evidence) -> bool:
    """Say whether no node of a Standard cluster has the GPU label, and none is being made."""
    wanted = at(evidence.pod, "spec", "nodeSelector", ACCELERATOR)
    labels = [at(node, "metadata", "labels", ACCELERATOR) for node in maps(evidence.nodes)]
    triggered = any(event.get("reason") == "TriggeredScaleUp" for event in maps(evidence.events))
    return bool(wanted and labels) and wanted not in labels and not evidence.autopilot | triggered


def _another_driver(evidence: Evidence) -> bool:
    """Say whether a Standard cluster's nodes have the GPU, and none the driver that is selected."""
    selector = at(evidence.pod, "spec", "nodeSelector")
    gpu, wanted = at(selector, ACCELERATOR), at(selector, DRIVER)
    labels = [at(node, "metadata", "labels") for node in maps(evidence.nodes)]
    drivers = {at(one, DRIVER) for one in labels if gpu and at(one, ACCELERATOR) == gpu}
    return bool(wanted and drivers) and wanted not in drivers and not evidence.autopilot


def _held_by_old(evidence: Evidence) -> bool:
    """Say whether a Pod of an older template of the same Deployment holds a GPU."""
    ours = _template(evidence.pod)
    return any(
        _template(other) != ours and at(other, "spec", "nodeName") and _wants_gpu(other)
        for other in maps(evidence.others)
    )


def _template(pod: object) -> object:
    return at(pod, "metadata", "labels", "pod-template-hash")


def _wants_gpu(pod: Object) -> bool:
    containers = maps(at(pod, "spec", "containers"))
    return any(at(one, "resources", "limits", GPU) for one in containers)


def _without_driver(evidence: Evidence) -> Object | None:
    """Return a node of the GPU that is asked for, ready, which has none to give out."""
    wanted = at(evidence.pod, "spec", "nodeSelector", ACCELERATOR)
    for node in maps(evidence.nodes):
        has = at(node, "metadata", "labels", ACCELERATOR)
        none_to_give = str(at(node, "status", "allocatable", GPU) or "0") == "0"
        if has and has == (wanted or has) and none_to_give and _ready_since(node):
            return node
    return None


def _ready_since(node: Object) -> str:
    for condition in maps(at(node, "status", "conditions")):
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            return text(condition.get("lastTransitionTime"))
    return ""
