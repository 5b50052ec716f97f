"""Watch the rollout of Pods: what each is at, and whether waiting still helps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ...cloud.clients import Clients
from ...display.progress import Report, wait_until
from ...errors import ResourceFailedError, WaitTimeoutError, WarmbookError
from ...serving.containers import last_end, server_status
from ...serving.guide_manifest import DEPLOYMENT
from ...serving.pods import FAILED, LABELS, Pod, follow, of_template, present_template, staying
from ...settings import Settings
from ...texts import say
from ..pitfalls import pitfall
from . import Diagnosis, Evidence, diagnose
from .messages import PATIENCE, quoting, telling, unknown_end, verdict
from .root_cause import find_root_cause
from .scheduling import failed_tries

LOADING = re.compile(r"Runai Model Streamer:\s+(\d+)% Completed")


def wait_for_pods(
    settings: Settings,
    clients: Clients,
    *,
    ready: Callable[[list[Pod]], bool],
    report: Report | None = None,
) -> list[Pod]:
    """Follow the server's Pods until they are `ready`; return them.

    Only Pods of the Deployment's present template count: those of an older one, which the
    remedy has replaced, go when the new ones are ready.

    Raises:
        WarmbookError: What waiting does not cure, with the pitfall's name and its evidence.
        WaitTimeoutError: Not within 30 minutes; names the pitfall that holds the Pods up.
    """
    watch = RolloutWatch(settings, clients)
    try:
        wait_until(
            follow(settings, clients),
            what=say("The server's Pods"),
            state=watch.update,
            ready=lambda _: ready(watch.alive),
            failed=lambda _: watch.failure(),
            meanwhile=say("The cluster continues to start the Pods; their GPUs are billed."),
            report=report,
        )
    except WaitTimeoutError as late:
        if (found := watch.suspect()) is None:
            raise
        raise WaitTimeoutError(
            quoting(late.what, found),
            remedy=say(pitfall(found.pitfall).remedy),
            pitfall=found.pitfall,
        ) from None
    return watch.alive


@dataclass(frozen=True)
class Sight:
    """A Pod that is not ready, or has failed, and what its evidence shows."""

    pod: Pod
    evidence: Evidence
    diagnoses: Sequence[Diagnosis]


class RolloutWatch:
    """Looks at the server's Pods, and remembers what lay behind them at the first look.

    With `whole_past` that counts too: for a single look, before which nothing was mended.
    `deployment` is the one that the Pods are of; "" for Pods of none, such as a Job's.
    """

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        *,
        whole_past: bool = False,
        deployment: str = DEPLOYMENT,
    ) -> None:
        self._whole_past, self._deployment = whole_past, deployment
        self._settings, self._clients, self._cluster = settings, clients, clients.kubernetes
        self.alive: list[Pod] = []
        """The Pods of the present template that are not going away, at the last look."""
        self._instances: dict[str, int] = {}
        self._tries: dict[str, int] = {}
        self._failed_before: set[str] | None = None
        self._ends: dict[tuple[str, int], str] = {}
        self._causes: dict[Diagnosis, Diagnosis] = {}
        self._sights: list[Sight] = []
        self._no_pod: list[Diagnosis] = []
        self._refusal = ""

    def update(self, pods: Sequence[Pod]) -> str:
        """Look at the Pods; return in a few words what the slowest is at."""
        deployment = self._find_deployment()
        template = present_template(deployment, self._replica_sets() if deployment else ())
        everybody, pods = staying(pods), of_template(pods, template)
        alive = self.alive = staying(pods)
        failed = {pod.name for pod in pods if pod.phase == FAILED}
        if self._failed_before is None:
            self._failed_before = failed
        concerned = [pod for pod in alive if not pod.ready]
        concerned += [p for p in pods if p.name in failed - self._failed_before]
        events = self._list("Event") if concerned else []
        self._sights = [self._sight(pod, everybody, events) for pod in concerned]
        refusing = deployment if template != "" and not alive else None
        self._look_for_refusal(refusing)
        slow = next((sight for sight in self._sights if sight.pod.phase != FAILED), None)
        if slow is not None:
            return self._telling(slow)
        return say("{count} of {count} ready", count=len(alive)) if alive else say("no Pod yet")

    def _find_deployment(self) -> dict[str, Any] | None:
        if not self._deployment:
            return None
        return self._cluster.find("Deployment", self._deployment, self._settings.namespace)

    def failure(self) -> WarmbookError | None:
        """Return why waiting would not help after the last look, None while it may."""
        for diagnosis in self._no_pod:
            return verdict(diagnosis, "", self._settings)
        if self._refusal:
            return ResourceFailedError(
                say("The cluster creates no Pod: {reason}", reason=self._refusal),
                remedy=say(
                    "Run notebook 05 again, which creates the namespace and the service account."
                ),
            )
        for sight in self._sights:
            for diagnosis in map(self._cause, sight.diagnoses):
                if diagnosis.hopeless:
                    return verdict(diagnosis, sight.pod.name, self._settings)
            if sight.evidence.ended and sight.pod.restarts >= PATIENCE:
                likely = next(iter(sight.diagnoses), None)
                return unknown_end(sight.pod, sight.evidence.previous, self._settings, likely)
        return None

    @property
    def stuck(self) -> bool:
        """Whether by the last look no Pod with trouble runs, and none waits for a node only."""
        return not any(sight.pod.running or not sight.pod.node for sight in self._sights)

    def suspect(self) -> Diagnosis | None:
        """Return what holds the Pods up by the last look, None if nothing is known."""
        return next((one for sight in self._sights for one in sight.diagnoses), None)

    def _cause(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return the root cause behind a diagnosis; each is asked for once."""
        if diagnosis not in self._causes:
            self._causes[diagnosis] = find_root_cause(diagnosis, self._settings, self._clients)
        return self._causes[diagnosis]

    def _replica_sets(self) -> list[dict[str, Any]]:
        namespace = self._settings.namespace
        return self._cluster.list_objects("ReplicaSet", namespace, labels=LABELS)

    def _list(self, kind: str) -> list[dict[str, Any]]:
        namespace = None if kind == "Node" else self._settings.namespace
        return self._cluster.list_objects(kind, namespace)

    def _look_for_refusal(self, deployment: dict[str, Any] | None) -> None:
        """Look why the Deployment has no Pod at all; None has some, or nobody knows yet."""
        self._no_pod, self._refusal = [], ""
        conditions = ((deployment or {}).get("status") or {}).get("conditions") or ()
        self._no_pod = diagnose(Evidence(conditions=conditions))
        for condition in conditions:
            if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
                self._refusal = str(condition.get("message", ""))

    def _sight(self, pod: Pod, alive: Sequence[Pod], events: Sequence[dict[str, Any]]) -> Sight:
        before = self._instances.setdefault(pod.name, self._instance_before(pod))
        events = [e for e in events if (e.get("involvedObject") or {}).get("name") == pod.name]
        evidence = Evidence(
            pod=pod.raw,
            events=events,
            previous=self._end(pod) if pod.restarts and _last_end(pod) > before else "",
            nodes=[] if pod.node else self._list("Node"),
            others=[other.raw for other in alive if other.name != pod.name],
            autopilot=self._settings.mode == "autopilot",
            instance_before=before,
            tries_before=self._tries.setdefault(
                pod.name, 0 if self._whole_past else failed_tries(events)
            ),
            now=datetime.now(timezone.utc),
        )
        return Sight(pod, evidence, diagnose(evidence))

    def _instance_before(self, pod: Pod) -> int:
        """Return up to which instance of the container, at the first look, an end is past.

        One that runs then, after others have ended, may have started before the mend.
        """
        failed_before = _last_end(pod) >= 0
        return pod.restarts if failed_before and not self._whole_past else -1

    def _end(self, pod: Pod) -> str:
        """Return the log of the container that ended last."""
        key = (pod.name, _last_end(pod))
        if key not in self._ends:
            namespace = self._settings.namespace
            # until the next one is created, the current log is that of the ended container
            self._ends[key] = self._cluster.log(pod.name, namespace, previous=pod.running)
        return self._ends[key]

    def _telling(self, sight: Sight) -> str:
        pod = sight.pod
        for diagnosis in sight.diagnoses:
            if words := telling(diagnosis, pod, datetime.now(timezone.utc)):
                return words
        if not pod.running:
            events = sight.evidence.in_order()
            return pod.waiting or (str(events[-1].get("reason")) if events else pod.phase)
        done = LOADING.findall(self._cluster.log(pod.name, self._settings.namespace))
        if not done:
            return say("container running")
        return (
            say("weights {percent} %", percent=done[-1]) if done[-1] != "100" else say("starting")
        )


def _last_end(pod: Pod) -> int:
    return last_end(server_status(pod.raw))
