"""Which commands ask for the evidence of a run of the guide again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...serving.guide_manifest import DEPLOYMENT
from ...serving.pods import LABELS
from ...settings import Settings
from ...shell import quoted
from .evidence import (
    API,
    BESIDE,
    BUCKET,
    CLUSTER,
    COMPLETED,
    IDENTITY,
    KILLED,
    LOG,
    MODEL,
    PROJECT,
    REPLICASET,
    SCHEDULING,
    SERVICE,
    SET_UP,
)

Command = Callable[[Settings], tuple[str, ...]]


def _gcloud_of_project(settings: Settings) -> tuple[str, ...]:
    project = quoted(settings.project_id)
    return (
        f"gcloud services list --enabled --project={project}",
        f"gcloud billing projects describe {project}",
        f"gcloud projects get-iam-policy {project}",
    )


def _gcloud_of_bucket(settings: Settings) -> tuple[str, ...]:
    folder = quoted(f"{settings.model_uri.rstrip('/')}/")
    return (
        f"gcloud storage ls --long {folder}",
        f"gcloud storage buckets describe {_bucket(settings)}",
    )


def _gcloud_of_cluster(settings: Settings) -> tuple[str, ...]:
    place = f"--location={quoted(settings.location)} --project={quoted(settings.project_id)}"
    return (
        f"gcloud container operations list {place}",
        f"gcloud container clusters describe {quoted(settings.cluster_name)} {place}",
    )


def _the_same_again(settings: Settings) -> tuple[str, ...]:
    return (
        f"gcloud projects describe {quoted(settings.project_id)}",
        f"gcloud services list --enabled --project={quoted(settings.project_id)}",
        f"kubectl get deployments -n {quoted(settings.namespace)}",
    )


def _policies(settings: Settings) -> tuple[str, ...]:
    return (
        f"gcloud storage buckets get-iam-policy {_bucket(settings)}",
        f"gcloud projects get-iam-policy {quoted(settings.project_id)}",
    )


def _server_and_bucket(settings: Settings) -> tuple[str, ...]:
    bucket = _bucket(settings)
    return (
        f"kubectl logs deployment/{DEPLOYMENT} --previous -n {quoted(settings.namespace)}",
        f"gcloud storage buckets get-iam-policy {bucket}",
        f"gcloud storage buckets describe {bucket}",
    )


def _bucket(settings: Settings) -> str:
    return quoted(f"gs://{settings.bucket_name}")


def _kubectl(*commands: str) -> Command:
    return lambda settings: tuple(
        f"kubectl {command} -n {quoted(settings.namespace)}" for command in commands
    )


COMMANDS: Mapping[str, Command] = {
    COMPLETED: _kubectl("get pods -o wide"),
    PROJECT: _gcloud_of_project,
    MODEL: _gcloud_of_bucket,
    CLUSTER: _gcloud_of_cluster,
    IDENTITY: _policies,
    SERVICE: _the_same_again,
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
