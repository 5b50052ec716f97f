"""Which kind of evidence a run of the guide left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...cloud.objects import Object
from ...serving.containers import server_status

COMPLETED, PROJECT, MODEL, CLUSTER, IDENTITY = (
    "completed",
    "project",
    "model",
    "cluster",
    "identity",
)
API, SERVICE = "api", "service"
REPLICASET, SCHEDULING, SET_UP = "replicaset", "scheduling", "set-up"
BESIDE, KILLED, LOG, BUCKET = "beside", "killed", "log", "bucket"

_BY_NOTEBOOK = {"02": PROJECT, "03": MODEL, "04": CLUSTER, "05": IDENTITY}
_SET_UP = ("ErrImage", "ImagePull", "InvalidImage", "CreateContainer", "ContainerCreating")
_KILLING = ("Killing", "Evicted", "OOMKilling")
_KILLED = (137, 143)
"""Exit codes of a process that was ended by a signal: 128 + SIGKILL, 128 + SIGTERM."""


_BY_PROJECT = re.compile(r"^40[03] .*(has not been used in project|permission|access)", re.I | re.S)
"""What a service says whose API is off, or that lets the reader not do something."""
_BY_SERVICE = re.compile(
    r"^(401|409|429|503)\b|credentials do not contain|max retries exceeded"
    r"|failed to establish|connection (aborted|refused|reset)",
    re.I,
)
"""What is said where a service does not know the reader, is busy, or does not answer.

Sources: the Google APIs' status codes; google-auth and urllib3, which word the others.
"""

_REFUSED = re.compile(r"\b4\d\d (?:GET|POST) \S*/storage/")
"""What Cloud Storage's client logs of a request that was refused."""


def kind_of(
    notebook: str,
    failed: bool,
    said: str,
    pods: Sequence[Object],
    events: Iterable[Object],
    log: str = "",
) -> str:
    """Return the kind of evidence: whose answer or which part of the Pod tells the cause."""
    if not failed:
        return COMPLETED
    if _BY_SERVICE.search(said):
        return SERVICE
    if notebook in _BY_NOTEBOOK and _BY_PROJECT.search(said):
        return PROJECT
    if notebook in _BY_NOTEBOOK:
        return _BY_NOTEBOOK[notebook]
    if said:
        return API
    kind = _of_pods(pods, {str(event.get("reason")) for event in events})
    return BUCKET if kind == LOG and _REFUSED.search(log) else kind


def _of_pods(pods: Sequence[Object], reasons: set[str]) -> str:
    if not pods:
        return REPLICASET
    waiting = [_waiting(pod) for pod in pods]
    if any(map(_fails_beside, pods)):
        return BESIDE
    if any(_exit_code(pod) in _KILLED for pod in pods) or reasons & {*_KILLING}:
        return KILLED
    if not all(pod["spec"].get("nodeName") for pod in pods):
        return SCHEDULING
    if any(reason.startswith(_SET_UP) for reason in waiting):
        return SET_UP
    return LOG


def _waiting(pod: Object) -> str:
    state = (server_status(pod).get("state") or {}).get("waiting") or {}
    return str(state.get("reason") or "")


def _exit_code(pod: Object) -> int | None:
    states = (server_status(pod).get(name) or {} for name in ("lastState", "state"))
    return next((s["terminated"]["exitCode"] for s in states if s.get("terminated")), None)


def _fails_beside(pod: Object) -> bool:
    """Tell whether an init container or a container beside the server's has failed."""
    status: Mapping[str, Any] = pod.get("status") or {}
    server = server_status(pod).get("name")
    statuses = [*(status.get("initContainerStatuses") or ())]
    statuses += [c for c in status.get("containerStatuses") or () if c.get("name") != server]
    return any(one.get("restartCount") or _ended_badly(one) for one in statuses)


def _ended_badly(container: Mapping[str, Any]) -> bool:
    ended = (container.get("state") or {}).get("terminated") or {}
    return bool(ended.get("exitCode"))
