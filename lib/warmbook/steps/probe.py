"""Read the bucket as the service account: a small Pod asks, before the expensive one does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from secrets import token_hex
from typing import Any

from ..cloud.clients import Clients
from ..display.card import Card, Row
from ..display.progress import Report, wait_until
from ..display.step import step
from ..doctor.pods import NO_IMAGE
from ..errors import AccessError, MissingError, ResourceFailedError
from ..model.folder import list_folder
from ..serving.guide_manifest import MANAGED_BY, Manifest
from ..serving.pods import ENDED, Pod, json_lines, require_account
from ..settings import Settings
from ..shell import quoted
from ..texts import say

IMAGE = "python:3.12-slim"
NAME = "warmbook-probe"
DEADLINE_S = 300
"""How long the Pod may run, in seconds; new roles may take two minutes to be known."""

PITFALLS = {
    "token": "metadata-server-off",
    "storage.buckets.get": "bucket-viewer-missing",
    "storage.objects.list": "object-role-missing",
    "storage.objects.get": "object-role-missing",
}
"""What the Pod tries, in order, and the pitfall if it is refused."""


@dataclass(frozen=True)
class PermissionResult:
    """What the Pod was told for one permission: whether it `may`, and the answer's own words."""

    permission: str
    may: bool
    reply: str

    @property
    def pitfall(self) -> str:
        """Name of the pitfall, "" where there is none."""
        return "" if self.may else PITFALLS[self.permission]

    def row(self) -> Row:
        """Return the answer as a line of a card."""
        if self.may:
            return Row(self.permission, say("granted"), "ok")
        remedy = say("grant the two roles (notebook 05), then try again")
        if self.permission == "token":
            remedy = say("enable the metadata server on the node pool")
        told = say("denied: {reason}", reason=self.reply)
        return Row(self.permission, f"{told} → {remedy} ({self.pitfall})", "error")


@dataclass(frozen=True, repr=False)
class Probed(Card):
    """What the service account may do with the bucket, as it was told itself."""

    account: str
    uri: str
    answers: tuple[PermissionResult, ...]

    @property
    def readable(self) -> bool:
        """Whether the account may do all that serving needs."""
        return {one.permission for one in self.answers if one.may} >= set(PITFALLS) - {"token"}

    def __bool__(self) -> bool:
        return self.readable

    @property
    def first_permission(self) -> str | None:
        """What the first request to the bucket needs; None where none was made."""
        asked = (one.permission for one in self.answers if one.permission != "token")
        return next(asked, None)

    @property
    def pitfall(self) -> str:
        """Name of the first pitfall, "" where there is none."""
        return next((one.pitfall for one in self.answers if one.pitfall), "")

    def title(self) -> str:
        if self.readable:
            return say("{account} can read {uri}", account=self.account, uri=self.uri)
        return say("{account} can't read {uri}", account=self.account, uri=self.uri)

    def rows(self) -> Sequence[Row]:
        return tuple(one.row() for one in self.answers)

    def record(self) -> dict[str, Any]:
        """Return the answers as JSON has them."""
        return {one.permission: one.may for one in self.answers}


def _by_hand(settings: Settings) -> str:
    overrides = json.dumps({"spec": {"serviceAccountName": settings.service_account}})
    return (
        f"kubectl run {NAME} -n {quoted(settings.namespace)} --rm -i --restart=Never "
        "--image=google/cloud-sdk:slim "
        f"--overrides={quoted(overrides)} "
        f"-- gcloud storage ls {quoted(f'{settings.model_uri}/')}"
    )


@step(_by_hand)
def probe(settings: Settings, clients: Clients, *, report: Report | None = None) -> Probed:
    """Ask the bucket as the service account, from a Pod that is deleted again in any case.

    Three requests: the bucket, its list, the first byte of one file of the model. A refusal is
    asked again for two minutes on Google Cloud, for that is how long new roles may take. Source:
    guide, "Otorga a tu KSA los permisos necesarios"; Cloud Storage, JSON API.

    Raises:
        MissingError: The namespace or the service account is not there.
        ResourceFailedError: The Pod could not run to its end.
        WaitTimeoutError: It has not within ten minutes.
    """
    require_account(settings, clients)
    with _pod(settings, clients, _a_file(settings, clients)) as name:
        ended = _ended(settings, clients, name, report)
        log = clients.kubernetes.log(name, settings.namespace)
    answers = tuple(PermissionResult(**line) for line in _lines(log))
    if not answers:
        last = log.strip().splitlines()[-1:] or [ended.phase]
        raise ResourceFailedError(
            say("The test Pod ended without a result: {reason}", reason=last[0]),
            remedy=say("Try again; if the error persists, check the Pod's events."),
        )
    account = f"{settings.namespace}/{settings.service_account}"
    return Probed(account, settings.model_uri, answers)


def _a_file(settings: Settings, clients: Clients) -> str:
    """Return the name of the model's smallest file, "" where the reader can't see one."""
    with suppress(AccessError, MissingError):
        folder = list_folder(clients, settings.model_uri)
        if folder.here:
            return f"{folder.path}/{min(folder.here, key=lambda name: folder.files[name])}"
    return ""


@contextmanager
def _pod(settings: Settings, clients: Clients, file: str) -> Iterator[str]:
    """Have the Pod in the cluster; it is deleted whatever happens, an interrupt too."""
    pod = manifest(settings, file)
    name = pod["metadata"]["name"]
    try:
        clients.kubernetes.create(pod)
        yield name
    finally:
        clients.kubernetes.delete("Pod", name, settings.namespace)


def manifest(settings: Settings, file: str) -> Manifest:
    """Return the Pod that asks for `file`; the smallest that Autopilot runs."""
    script = resources.files("warmbook").joinpath("data", "probe.py").read_text("utf-8")
    small = {"cpu": "250m", "memory": "512Mi"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{NAME}-{token_hex(3)}",
            "namespace": settings.namespace,
            "labels": MANAGED_BY,
        },
        "spec": {
            "serviceAccountName": settings.service_account,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": DEADLINE_S,
            "containers": [
                {
                    "name": NAME,
                    "image": IMAGE,
                    "command": ["python3", "-c", script],
                    "args": [settings.bucket_name, settings.model_path, file],
                    "resources": {"requests": small, "limits": dict(small)},
                }
            ],
        },
    }


def _ended(settings: Settings, clients: Clients, name: str, report: Report | None) -> Pod:
    """Wait until the Pod's container has run to its end."""
    fields = f"metadata.name={name}"
    return wait_until(
        (
            Pod.of(found)
            for listed in clients.kubernetes.watch("Pod", settings.namespace, fields=fields)
            for found in listed
        ),
        what=say("The test Pod"),
        state=lambda pod: pod.waiting or pod.phase,
        ready=lambda pod: pod.phase in ENDED,
        failed=_no_image,
        timeout_s=600,
        meanwhile=say("The test Pod is deleted; nothing keeps running."),
        report=report,
    )


def _no_image(pod: Pod) -> ResourceFailedError | None:
    if pod.waiting not in NO_IMAGE:
        return None
    return ResourceFailedError(
        say("Pod {pod} can't pull its image: {reason}.", pod=pod.name, reason=pod.waiting),
        remedy=say("The cluster's nodes need access to Docker Hub, where vLLM's image is too."),
        pitfall="image-not-found",
    )


def _lines(log: str) -> Iterator[Mapping[str, Any]]:
    return (line for line in json_lines(log) if "permission" in line)
