"""Pod autoscaling: as many Pods of a Deployment as a metric of theirs asks for.

Source: Kubernetes, "Horizontal Pod Autoscaling", algorithm details; pkg/controller/podautoscaler
(rules and wordings). On GKE the metric comes over Managed Service for Prometheus and the Custom
Metrics Stackdriver Adapter; here each Pod that a PodMonitoring selects is asked itself.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import aiohttp

from ...time_scale import TimeScale
from ..errors import ApiError
from ..objects import Obj, name_of, namespace_of, now, set_condition, terminating, uid_of
from ..quantities import number
from ..selectors import of_label_selector
from ..store import Store
from .pod_metrics import MetricError, values_of
from .pods_of import MANAGER, ended

SOURCE = "horizontal-pod-autoscaler"
SYNC_MINUTES = 0.25
"""Minutes between two looks. Source: --horizontal-pod-autoscaler-sync-period."""

STEADY_MINUTES = 5.0
"""Minutes for which fewer Pods must have been enough before some go."""

SHORTEST_SYNC_S = 0.2
TOLERANCE = 0.1
PATIENCE_S = 2.0


@dataclass
class Advice:
    """What one autoscaler was told to do, and when, in seconds of the monotonic clock."""

    given: list[tuple[float, int]] = field(default_factory=list)

    def steady(self, wanted: int, steady_s: float, at: float) -> int:
        """Return the highest number of the window that ends now."""
        self.given = [*((t, n) for t, n in self.given if at - t < steady_s), (at, wanted)]
        return max(count for _, count in self.given)


async def scale_pods(
    store: Store, time_scale: TimeScale, *, clock: Callable[[], float] = time.monotonic
) -> None:
    """Look at every HorizontalPodAutoscaler again and again, until cancelled."""
    advice: dict[str, Advice] = {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)) as session:
        while True:
            for scaler in store.list("HorizontalPodAutoscaler"):
                known = advice.setdefault(uid_of(scaler), Advice())
                try:
                    await _sync(store, session, scaler, known, time_scale, clock)
                except ApiError:  # it, or what it scales, has gone meanwhile
                    continue
                except Exception:
                    traceback.print_exc(file=sys.stderr)
            await asyncio.sleep(max(SHORTEST_SYNC_S, time_scale.seconds(SYNC_MINUTES)))


async def _sync(
    store: Store,
    session: aiohttp.ClientSession,
    scaler: Obj,
    advice: Advice,
    time_scale: TimeScale,
    clock: Callable[[], float],
) -> None:
    spec, namespace = scaler["spec"], namespace_of(scaler)
    target = store.find("Deployment", namespace, spec["scaleTargetRef"]["name"])
    if target is None:
        name = spec["scaleTargetRef"]["name"]
        said = f'deployments/scale.apps "{name}" not found'
        _tell(store, scaler, 0, 0, {"AbleToScale": ("False", "FailedGetScale", said)})
        return
    current = target["spec"].get("replicas", 1)
    able = ("True", "ReadyForNewScale", "recommended size matches current size")
    if current == 0:
        said = "scaling is disabled since the replica count of the target is zero"
        told = {"AbleToScale": able, "ScalingActive": ("False", "ScalingDisabled", said)}
        _tell(store, scaler, 0, 0, told)
        return
    pods = [p for p in _pods(store, target) if not terminating(p) and not ended(p)]
    try:
        metric = _metric_of(scaler)
        values = await values_of(store, session, pods, metric["metric"]["name"])
    except MetricError as error:
        said = f"the HPA was unable to compute the replica count: {error}"
        active = ("False", "FailedGetPodsMetric", said)
        _tell(store, scaler, current, current, {"AbleToScale": able, "ScalingActive": active})
        store.event(scaler, "FailedGetPodsMetric", str(error), kind_of="Warning", source=SOURCE)
        return
    average = sum(values) / len(values)
    aim = float(number(metric["target"]["averageValue"]))
    wanted = replicas(current, values, len(pods), aim)
    steady = advice.steady(wanted, time_scale.seconds(STEADY_MINUTES), clock())
    wanted = wanted if wanted > current else min(current, steady)
    bounded = max(spec.get("minReplicas", 1), min(spec["maxReplicas"], wanted))
    limited = _limited(wanted, bounded)
    if bounded != current:
        _scale(store, scaler, target, bounded, metric["metric"]["name"])
        said = f"the HPA controller was able to update the target scale to {bounded}"
        able = ("True", "SucceededRescale", said)
    name = metric["metric"]["name"]
    said = f"the HPA was able to successfully calculate a replica count from pods metric {name}"
    active = ("True", "ValidMetricFound", said)
    told = {"AbleToScale": able, "ScalingActive": active, "ScalingLimited": limited}
    seen = {"metric": metric["metric"], "current": {"averageValue": _written(average)}}
    shown = [{"type": "Pods", "pods": seen}]
    _tell(store, scaler, current, bounded, told, shown, rescaled=bounded != current)


def replicas(current: int, values: Sequence[float], pods: int, aim: float) -> int:
    """Return how many Pods the values ask for, of which there is one for each measured Pod.

    Pods that are not measured yet count as idle where more are wanted, and as busy as they may
    be where fewer are; more than twice as many (or 4 more) are never asked for at once.
    """
    ratio = sum(values) / len(values) / aim
    missing = max(0, pods - len(values))
    if missing:
        total = sum(values) + (0.0 if ratio > 1 else missing * aim)
        again = total / (len(values) + missing) / aim
        if (again > 1) != (ratio > 1):
            return current
        ratio = again
    if abs(ratio - 1) <= TOLERANCE:
        return current
    wanted = math.ceil(ratio * (len(values) + missing))
    return min(wanted, max(2 * current, current + 4))


def _limited(wanted: int, bounded: int) -> tuple[str, str, str]:
    if wanted > bounded:
        said = "the desired replica count is more than the maximum replica count"
        return "True", "TooManyReplicas", said
    if wanted < bounded:
        said = "the desired replica count is less than the minimum replica count"
        return "True", "TooFewReplicas", said
    return "False", "DesiredWithinRange", "the desired count is within the acceptable range"


def _pods(store: Store, target: Obj) -> list[Obj]:
    selected = of_label_selector(target["spec"]["selector"])
    return [pod for pod in store.list("Pod", namespace_of(target)) if selected(pod)]


def _metric_of(scaler: Obj) -> Obj:
    """Return the metric to go by; averages of Pods are known, nothing else."""
    for one in scaler["spec"].get("metrics") or ():
        found: Obj = one.get("pods") or {}
        if one.get("type") == "Pods" and (found.get("target") or {}).get("averageValue"):
            return found
    raise MetricError("no metric of type Pods with an averageValue is given")


def _scale(store: Store, scaler: Obj, target: Obj, wanted: int, name: str) -> None:
    current = target["spec"].get("replicas", 1)
    store.update(
        "Deployment",
        namespace_of(target),
        name_of(target),
        lambda new: new["spec"].update(replicas=wanted),
        manager=MANAGER,
        subresource="scale",
    )
    reason = f"pods metric {name} above target" if wanted > current else "All metrics below target"
    said = f"New size: {wanted}; reason: {reason}"
    store.event(scaler, "SuccessfulRescale", said, source=SOURCE)


def _tell(
    store: Store,
    scaler: Obj,
    current: int,
    wanted: int,
    conditions: Mapping[str, tuple[str, str, str]],
    metrics: Sequence[Obj] = (),
    *,
    rescaled: bool = False,
) -> None:
    def change(new: Obj) -> None:
        status = new.setdefault("status", {})
        status.update(currentReplicas=current, desiredReplicas=wanted)
        status.pop("currentMetrics", None)
        if metrics:
            status["currentMetrics"] = list(metrics)
        if rescaled:
            status["lastScaleTime"] = now()
        for name, (state, reason, message) in conditions.items():
            set_condition(new, name, state, reason=reason, message=message)

    place = namespace_of(scaler), name_of(scaler)
    store.update("HorizontalPodAutoscaler", *place, change, manager=MANAGER, subresource="status")


def _written(value: float) -> str:
    """Return a quantity as Kubernetes writes it: whole numbers, or thousandths."""
    thousandths = int(Decimal(value) * 1000)
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"
