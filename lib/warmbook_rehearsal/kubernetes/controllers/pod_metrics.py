"""Metrics of Pods, asked of the Pods that a PodMonitoring selects; stores nothing.

On GKE they come over Managed Service for Prometheus and the Custom Metrics Stackdriver Adapter.
Source: Prometheus, "Text-based format"; the adapter's names of metrics.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from typing import Any

import aiohttp

from ..objects import Obj, namespace_of
from ..selectors import of_label_selector
from ..store import Store
from .pods_of import ready

_METRIC = re.compile(r"prometheus\.googleapis\.com\|(?P<name>[\w:]+)\|gauge")


class MetricError(Exception):
    """There is no figure to go by; the text is the API's."""


async def values_of(
    store: Store, session: aiohttp.ClientSession, pods: Sequence[Obj], name: str
) -> list[float]:
    """Return the metric of each Pod that is ready and tells it.

    Raises:
        MetricError: It is no gauge of Prometheus, or no Pod tells it.
    """
    nothing = (
        f"unable to get metric {name}: unable to fetch metrics from custom metrics API: the server "
        "could not find the descriptor for metric custom.googleapis.com"
    )
    known = _METRIC.fullmatch(name)
    monitors = store.list("PodMonitoring", namespace_of(pods[0])) if pods else []
    if known is None or not monitors:
        raise MetricError(nothing)
    asked = (_value(session, pod, monitors, known["name"]) for pod in pods if ready(pod))
    values = [value for value in await asyncio.gather(*asked) if value is not None]
    if not values:
        raise MetricError(nothing)
    return values


async def _value(
    session: aiohttp.ClientSession, pod: Obj, monitors: Sequence[Obj], name: str
) -> float | None:
    """Return the Pod's own figure, None where nobody asks it or it tells none."""
    for monitor in monitors:
        if not of_label_selector(monitor["spec"]["selector"])(pod):
            continue
        for endpoint in monitor["spec"]["endpoints"]:
            port = _port(pod, endpoint["port"])
            url = f"http://{pod['status'].get('podIP')}:{port}{endpoint.get('path', '/metrics')}"
            try:
                async with session.get(url) as answer:
                    text = await answer.text() if answer.status == 200 else ""
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                continue
            if (found := gauge(text, name)) is not None:
                return found
    return None


def gauge(text: str, name: str) -> float | None:
    """Return the sum of a gauge's samples in Prometheus' text format, None without any."""
    pattern = rf"^{re.escape(name)}(?:\{{[^}}\n]*\}})?[ \t]+(\S+)"
    found = map(_number, re.findall(pattern, text, re.MULTILINE))
    usable = [value for value in found if math.isfinite(value)]
    return sum(usable) if usable else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _port(pod: Obj, wanted: Any) -> Any:
    ports = (p for c in pod["spec"]["containers"] for p in c.get("ports") or ())
    return next((p["containerPort"] for p in ports if p.get("name") == wanted), wanted)
