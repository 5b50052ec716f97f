"""Autoscaling: a queue of requests asks for more Pods; a load shows that it does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..cloud.clients import Clients
from ..cloud.objects import at, maps, text
from ..display.card import Card, Row
from ..display.progress import Report, polled, wait_until
from ..display.step import step
from ..doctor.pods.rollout import wait_for_pods
from ..errors import ResourceFailedError, SettingsError, WaitTimeoutError
from ..measure.loaders.load_generator import LoadGenerator, waiting
from ..serving import guide_manifest, pods
from ..serving.openai_api import Server, first_ready
from ..serving.shell_commands import kubectl
from ..settings import Settings
from ..texts import say
from ..units import duration

LONGEST_S = 300
"""How long the load may last, in seconds; the metric needs a minute or two to reach a cluster."""


@dataclass(frozen=True)
class Seen:
    """The autoscaler at one moment: requests that wait, Pods asked for, why no more."""

    waiting: float
    asked: int
    reason: str = ""
    refused: str = ""


@dataclass(frozen=True, repr=False)
class Trial(Card):
    """What a load made of the Deployment; times in seconds. `off` says why there was none.

    `failures` says how many of the load's requests failed and why, "" where none did.
    """

    before: int = 0
    asked: int = 0
    most_waiting: float = 0.0
    asked_after_s: float = 0.0
    ready_after_s: float = 0.0
    off: str = ""
    failures: str = ""

    def title(self) -> str:
        if self.off:
            return say("No autoscaling")
        return say(
            "The queue raised the Deployment from {before} to {count} Pods", **self._counts()
        )

    def _counts(self) -> dict[str, int]:
        return {"count": self.asked, "before": self.before}

    def rows(self) -> Sequence[Row]:
        if self.off:
            return (Row(say("off"), self.off),)
        waited = say(
            "at most {count:.0f} requests waited; the target is {aim} per Pod",
            count=self.most_waiting,
            aim=guide_manifest.WAITING,
        )
        asked = say("after {time} of load", time=duration(self.asked_after_s))
        ready = say("{time} later: a cold start", time=duration(self.ready_after_s))
        return (
            Row(say("queue"), waited, "ok"),
            Row(say("requested"), asked, "ok"),
            Row(say("ready"), ready, "ok"),
            *([Row(say("failed requests"), self.failures, "warning")] if self.failures else ()),
        )

    def note(self) -> str:
        if self.off:
            return ""
        return say(
            "After five minutes with a short queue, the Deployment is scaled back to {before}. "
            "Notebook 10 deletes the autoscaler.",
            before=self.before,
        )


@step(kubectl.autoscale)
def by_queue(settings: Settings, clients: Clients, *, report: Report | None = None) -> Trial:
    """Let the queue decide how many Pods there are, and send requests until it asks for more.

    Unless `max_replicas` is more than `replicas`, there is to be none, and an earlier one goes.
    Otherwise it stays; the load ends when the new Pods are ready, and where none is asked for,
    after LONGEST_S.

    Source: GKE, "Configure autoscaling for LLM workloads on GPUs".

    Raises:
        SettingsError: The server is not vLLM, whose queue is the metric.
        MissingError: No Pod is ready.
        ResourceFailedError: The metric does not reach the autoscaler, or nothing asks for more.
        WarmbookError: The new Pod does not come up, by the pitfall's name.
    """
    if settings.max_replicas <= settings.replicas:
        _take_back(settings, clients)
        return Trial(off=say("choose «max_replicas» above «replicas» to try it"))
    if settings.inference_server != "vllm":
        raise SettingsError(
            say("The autoscaler uses vLLM's queue length, and the server is not vLLM."),
            remedy=say("Set max_replicas to 0, or inference_server to vllm."),
        )
    server = first_ready(settings, clients)
    before = len(pods.ready_now(settings, clients))
    for manifest in (guide_manifest.pod_monitoring(settings), guide_manifest.autoscaler(settings)):
        clients.kubernetes.apply(manifest)
    begun = time.monotonic()
    # it goes on until the new Pods are ready: with the queue empty, they would be taken back
    with LoadGenerator(server) as load:
        reached = _under_load(settings, clients, load, before, report)
        if reached.refused:
            return Trial(off=reached.refused)
        asked_after_s = time.monotonic() - begun
        wait_for_pods(
            settings,
            clients,
            ready=lambda listed: sum(pod.ready for pod in listed) >= reached.asked,
            report=report,
        )
    ready_after_s = time.monotonic() - begun - asked_after_s
    return Trial(
        *(before, reached.asked, reached.waiting, asked_after_s, ready_after_s),
        failures=_failures(load),
    )


def _failures(load: LoadGenerator) -> str:
    """Return how many of the load's requests failed and why the last did, "" where none did."""
    if not load.failed:
        return ""
    return say(
        "{count} of {all}, the last: {reason}",
        count=load.failed,
        all=load.failed + load.answered,
        reason=load.failure,
    )


def _take_back(settings: Settings, clients: Clients) -> None:
    """Delete the workbook's autoscaler, if an earlier choice has made one."""
    for kind in guide_manifest.AUTOSCALING:
        for one in clients.kubernetes.list_objects(
            kind, settings.namespace, labels=guide_manifest.OURS
        ):
            clients.kubernetes.delete(kind, one["metadata"]["name"], settings.namespace)


def _under_load(
    settings: Settings, clients: Clients, load: LoadGenerator, before: int, report: Report | None
) -> Seen:
    """Wait until more than `before` Pods are asked for; `waiting` is the longest queue seen."""
    most = 0.0

    def count() -> Seen:
        nonlocal most
        servers = [Server(clients, settings.namespace, pod) for pod in pods.now(settings, clients)]
        most = max(most, sum(waiting(server) for server in servers if server.pod.ready))
        deployment = clients.kubernetes.find(
            "Deployment", guide_manifest.DEPLOYMENT, settings.namespace
        )
        asked = int((deployment or {"spec": {}})["spec"].get("replicas", 0))
        return Seen(most, asked, _inactive(settings, clients), load.refused)

    try:
        return wait_until(
            polled(count),
            what=say("The load"),
            state=lambda seen: say("{count:.0f} requests waiting", count=seen.waiting),
            ready=lambda seen: seen.asked > before or bool(seen.refused),
            timeout_s=LONGEST_S,
            meanwhile=say("The requests in progress end within seconds; the autoscaler is kept."),
            report=report,
        )
    except WaitTimeoutError:
        reason = _inactive(settings, clients) or say(
            "the queue was not long enough for long enough"
        )
        if failures := _failures(load):
            reason = f"{reason}; {say('failed')}: {failures}"
        raise ResourceFailedError(
            say("No Pod was added: {reason}", reason=reason),
            remedy=say(
                "See that the Custom Metrics Stackdriver Adapter runs in the cluster (the first "
                "lines of the command below), then run this again."
            ),
        ) from None


def _inactive(settings: Settings, clients: Clients) -> str:
    """Return why the autoscaler does nothing, "" where it works or says nothing yet."""
    kind = "HorizontalPodAutoscaler"
    scaler = clients.kubernetes.find(kind, guide_manifest.DEPLOYMENT, settings.namespace)
    for condition in maps(at(scaler, "status", "conditions")):
        if (condition.get("type"), condition.get("status")) == ("ScalingActive", "False"):
            return text(condition.get("message"))
    return ""
