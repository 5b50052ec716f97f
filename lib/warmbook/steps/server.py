"""Deploy vLLM with the streamer: the manifest, the Deployment, the first container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import commands, manifests, pods
from ..clients import Clients
from ..errors import MissingError
from ..progress import Report, wait_until
from ..settings import Settings
from ..step import step
from ..texts import say
from ..views import Card, Row, folded


@dataclass(frozen=True, repr=False)
class Manifest(Card):
    """The Deployment as YAML, and where it departs from the guide's."""

    yaml: str
    departures: tuple[tuple[str, str], ...]

    def title(self) -> str:
        return say("The manifest, vllm-deployment.yaml")

    def rows(self) -> Sequence[Row]:
        return tuple(Row(name, reason, "new") for name, reason in self.departures)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + folded(say("The whole YAML"), self.yaml)

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n\n{self.yaml}"


@step(commands.deploy)
def manifest(settings: Settings, clients: Clients) -> Manifest:
    """Return the manifest for these settings; nothing is sent.

    Source: guide, "Implementa vLLM con Run:ai Model Streamer".
    """
    del clients
    return Manifest(manifests.to_yaml(manifests.deployment(settings)), _departures(settings))


def _departures(settings: Settings) -> tuple[tuple[str, str], ...]:
    listed = [
        (
            f"image v{settings.vllm_version}",
            say("the guide has v0.11.1; the form chooses"),
        ),
        ("RUNAI_STREAMER_LOG_TO_STDERR=1", say("newer streamers print their line only then")),
        ("labels", say("mark what the workbook makes, so that cleanup finds it")),
    ]
    arguments = manifests.arguments(settings)
    if "--disable-log-requests" not in arguments:
        listed.append(("--disable-log-requests", say("left out: vLLM refuses it from 0.17.0 on")))
    if settings.max_model_len:
        listed.append(
            (f"--max-model-len={settings.max_model_len}", say("leaves GPU memory for the KV cache"))
        )
    if settings.zone:
        listed.append((settings.zone, say("holds the Pods in one zone, beside its cache")))
    return tuple(listed)


@dataclass(frozen=True, repr=False)
class Deployed(Card):
    """The Deployment after it was sent; `replicas` are the Pods it asks for."""

    name: str
    replicas: int
    created: bool
    changed: bool

    @property
    def exists(self) -> bool:
        """Whether the cluster has the Deployment."""
        return bool(self.name)

    def title(self) -> str:
        return f"Deployment {self.name}"

    def rows(self) -> Sequence[Row]:
        how = say("created now") if self.created else say("was there already")
        if self.changed:
            how = say("was there; brought to the form's choices")
        return (
            Row(say("origin"), how, "new" if self.created or self.changed else "ok"),
            Row(say("Pods asked for"), str(self.replicas)),
        )


@step(commands.deploy)
def deploy(settings: Settings, clients: Clients) -> Deployed:
    """Create the Deployment, or bring the one that is there to the form's choices.

    Source: guide, "Aplica el manifiesto para crear el objeto Deployment".

    Raises:
        MissingError: The namespace or the service account is not there.
    """
    cluster = clients.kubernetes
    if not cluster.find("ServiceAccount", settings.service_account, settings.namespace):
        raise MissingError(
            say(
                "There is no service account {name} in the namespace {namespace}.",
                name=settings.service_account,
                namespace=settings.namespace,
            ),
            remedy=say("Run notebook 05: it makes both."),
        )
    before = cluster.find("Deployment", manifests.DEPLOYMENT, settings.namespace)
    after = cluster.apply(manifests.deployment(settings))
    return Deployed(
        name=after["metadata"]["name"],
        replicas=int(after["spec"]["replicas"]),
        created=before is None,
        changed=before is not None and before["spec"] != after["spec"],
    )


@dataclass(frozen=True, repr=False)
class Started(Card):
    """The Pods once a container runs in each of them."""

    listed: tuple[pods.Pod, ...]

    @property
    def running(self) -> bool:
        """Whether each Pod's container runs."""
        return bool(self.listed) and all(pod.running for pod in self.listed)

    def title(self) -> str:
        return say("The server's container has started")

    def rows(self) -> Sequence[Row]:
        return tuple(
            Row(pod.name, say("on {node}", node=pod.node), "ok" if pod.running else "wait")
            for pod in self.listed
        )


@step(commands.pods)
def wait_started(settings: Settings, clients: Clients, *, report: Report | None = None) -> Started:
    """Wait until a container runs in each Pod: a node, the image, the start.

    Source: guide, "Verifica la implementación".

    Raises:
        WarmbookError: What waiting does not cure, such as a missing permission, by name.
        WaitTimeoutError: No container within 30 minutes.
    """
    seen = wait_until(
        pods.follow(settings, clients),
        what=say("The server's Pods"),
        state=lambda listed: pods.telling(settings, clients, listed),
        ready=lambda listed: (
            len(listed) >= settings.replicas
            and all(pod.running for pod in listed)
            and pods.rolled_out(settings, clients, old_gone=False)
        ),
        failed=pods.failures(settings, clients),
        report=report,
    )
    return Started(tuple(seen))
