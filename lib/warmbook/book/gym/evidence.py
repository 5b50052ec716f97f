"""Which kind of evidence a run of the guide left, and which commands ask for it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...cloud.objects import Object
from ...serving.containers import server_status
from ...serving.guide_manifest import DEPLOYMENT
from ...serving.pods import LABELS
from ...settings import Settings

Command = Callable[[Settings], tuple[str, ...]]

COMPLETED, PROJECT, MODEL, CLUSTER, IDENTITY = (
    "completed",
    "project",
    "model",
    "cluster",
    "identity",
)
API, REPLICASET, SCHEDULING, SET_UP = "api", "replicaset", "scheduling", "set-up"
BESIDE, KILLED, LOG, BUCKET = "beside", "killed", "log", "bucket"

_BY_NOTEBOOK = {"02": PROJECT, "03": MODEL, "04": CLUSTER, "05": IDENTITY}
_SET_UP = ("ErrImage", "ImagePull", "InvalidImage", "CreateContainer", "ContainerCreating")
_KILLING = ("Killing", "Evicted", "OOMKilling")
_KILLED = (137, 143)
"""Exit codes of a process that was ended by a signal: 128 + SIGKILL, 128 + SIGTERM."""


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


def _gcloud_of_project(settings: Settings) -> tuple[str, ...]:
    project = settings.project_id
    return (
        f"gcloud services list --enabled --project={project}",
        f"gcloud billing projects describe {project}",
        f"gcloud projects get-iam-policy {project}",
    )


def _gcloud_of_bucket(settings: Settings) -> tuple[str, ...]:
    address = settings.model_uri.rstrip("/")
    return (
        f"gcloud storage ls --long {address}/",
        f"gcloud storage buckets describe gs://{settings.bucket_name}",
    )


def _gcloud_of_cluster(settings: Settings) -> tuple[str, ...]:
    place = f"--project={settings.project_id}"
    return (
        f"gcloud container operations list --location={settings.location} {place}",
        f"gcloud container clusters describe {settings.cluster_name} "
        f"--location={settings.location} {place}",
    )


def _policies(settings: Settings) -> tuple[str, ...]:
    return (
        f"gcloud storage buckets get-iam-policy gs://{settings.bucket_name}",
        f"gcloud projects get-iam-policy {settings.project_id}",
    )


def _server_and_bucket(settings: Settings) -> tuple[str, ...]:
    bucket = f"gs://{settings.bucket_name}"
    return (
        f"kubectl logs deployment/{DEPLOYMENT} --previous -n {settings.namespace}",
        f"gcloud storage buckets get-iam-policy {bucket}",
        f"gcloud storage buckets describe {bucket}",
    )


def _kubectl(*commands: str) -> Command:
    return lambda settings: tuple(
        f"kubectl {command} -n {settings.namespace}" for command in commands
    )


COMMANDS: Mapping[str, Command] = {
    COMPLETED: _kubectl("get pods -o wide"),
    PROJECT: _gcloud_of_project,
    MODEL: _gcloud_of_bucket,
    CLUSTER: _gcloud_of_cluster,
    IDENTITY: _policies,
    API: _kubectl("get deployments,serviceaccounts"),
    REPLICASET: _kubectl(f"describe replicaset -l {LABELS}"),
    SCHEDULING: _kubectl(f"describe pod -l {LABELS}"),
    SET_UP: _kubectl(f"describe pod -l {LABELS}"),
    BESIDE: _kubectl(f"logs -l {LABELS} --all-containers --prefix"),
    KILLED: _kubectl(f"describe pod -l {LABELS}", "get events --sort-by=.lastTimestamp"),
    BUCKET: _server_and_bucket,
    LOG: _kubectl(
        f"logs deployment/{DEPLOYMENT} --previous", f"get deployment {DEPLOYMENT} -o yaml"
    ),
}
"""Kind of evidence -> the commands that show it."""
