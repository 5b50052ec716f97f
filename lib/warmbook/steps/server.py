"""Deploy vLLM with the streamer: the manifest, the Deployment, the first container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..cloud.clients import Clients
from ..display.card import Card, Row, folded
from ..display.diff import diff_html
from ..display.progress import Report
from ..display.step import step
from ..doctor.pods.rollout import wait_for_pods
from ..errors import AccessError, MissingError, SettingsError
from ..model.inspect import inspect_model
from ..serving import guide_manifest, pods
from ..serving.draft import Improvement, Needs
from ..serving.manifest import deployment, improvements
from ..serving.shell_commands import kubectl
from ..settings import Settings
from ..terminal import printable
from ..texts import say


@dataclass(frozen=True, repr=False)
class Manifest(Card):
    """The Deployment as YAML, and where it departs from the guide's; `needs` is the model's."""

    yaml: str
    guide: str
    """The guide's manifest for the same settings, as YAML."""
    departures: tuple[Improvement, ...]
    needs: Needs | None

    @property
    def rejected_flag(self) -> str:
        """The guide's flag that this release of the server rejects, `none` where it takes all."""
        names = (one.name for one in self.departures if one.name.startswith("--"))
        guides = (name for name in names if name in self.guide and name not in self.yaml)
        return next(guides, "none")

    def title(self) -> str:
        return say("Manifest, vllm-deployment.yaml")

    def rows(self) -> Sequence[Row]:
        return tuple(Row(one.name, one.reason, "ok", new=True) for one in self.departures)

    def note(self) -> str:
        return "" if self.needs else not_looked_at()

    def below(self) -> str:
        changes = diff_html(say("Changes to the guide's manifest"), self.guide, self.yaml)
        return super().below() + changes + folded(say("Complete YAML"), self.yaml)

    def __repr__(self) -> str:
        return printable(f"{super().__repr__()}\n\n{self.yaml}")


@step(kubectl.deploy)
def manifest(settings: Settings, clients: Clients) -> Manifest:
    """Return the manifest for these settings and the model in the bucket; nothing is sent.

    Source: guide, "Implementa vLLM con Run:ai Model Streamer".
    """
    needs = look_up(clients, settings)
    return Manifest(
        yaml=guide_manifest.to_yaml(deployment(settings, needs)),
        guide=guide_manifest.to_yaml(guide_manifest.as_in_the_guide(settings)),
        departures=improvements(settings, needs),
        needs=needs,
        command=kubectl.deploy(settings, needs),
    )


def not_looked_at() -> str:
    """Return what a manifest without the model's needs has instead."""
    return say("The model could not be inspected: memory, disk and probe are as in the guide.")


def look_up(clients: Clients, settings: Settings) -> Needs | None:
    """Return what the model in the bucket needs, None where it can't be looked at."""
    try:
        seen = inspect_model(clients, settings.model_uri)
    except (AccessError, MissingError):
        return None
    if not seen.largest:
        return None
    return Needs(seen.streamed_bytes, seen.largest.size_bytes, seen.architecture)


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
        how = say("created now") if self.created else say("already existed")
        if self.changed:
            how = say("existed; updated to your settings")
        return (
            Row(say("origin"), how, "ok", new=self.created or self.changed),
            Row(say("requested Pods"), str(self.replicas)),
        )


@step(kubectl.deploy)
def deploy(settings: Settings, clients: Clients, *, needs: Needs | None = None) -> Deployed:
    """Create the Deployment, or bring the one that is there to the form's choices.

    `needs` is the shown manifest's; without it the model is looked at again.

    Source: guide, "Aplica el manifiesto para crear el objeto Deployment".

    Raises:
        MissingError: The namespace or the service account is not there.
    """
    cluster = clients.kubernetes
    if clients.rehearsal and settings.inference_server != "vllm":
        raise SettingsError(
            say("A rehearsal runs vLLM only: SGLang has no build for this machine."),
            remedy=say("Choose vllm, or review the manifest here and deploy it in a real project."),
        )
    pods.require_account(settings, clients)
    needs = needs or look_up(clients, settings)
    before = cluster.find("Deployment", guide_manifest.DEPLOYMENT, settings.namespace)
    wanted = deployment(settings, needs)
    if before and "strategy" in wanted["spec"]:
        # apply keeps the defaults of the old strategy, which the new one refuses
        strategy = {**wanted["spec"]["strategy"], "rollingUpdate": None}
        change = {"spec": {"strategy": strategy}}
        cluster.merge("Deployment", guide_manifest.DEPLOYMENT, settings.namespace, change)
    after = cluster.apply(wanted)
    return Deployed(
        name=after["metadata"]["name"],
        replicas=int(after["spec"]["replicas"]),
        created=before is None,
        changed=before is not None and before["spec"] != after["spec"],
        command=kubectl.deploy(settings, needs),
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
            Row(pod.name, say("on {node}", node=pod.node), "ok" if pod.running else "warning")
            for pod in self.listed
        )


@step(kubectl.pods)
def wait_started(settings: Settings, clients: Clients, *, report: Report | None = None) -> Started:
    """Wait until a container runs in each Pod: a node, the image, the start.

    Source: guide, "Verifica la implementación".

    Raises:
        WarmbookError: What waiting does not cure, such as a missing permission, by name.
        WaitTimeoutError: No container within 30 minutes.
    """
    seen = wait_for_pods(
        settings,
        clients,
        ready=lambda listed: (
            len(listed) >= settings.replicas
            and all(pod.running for pod in listed)
            and pods.rolled_out(settings, clients, old_gone=False)
        ),
        report=report,
    )
    return Started(tuple(seen))
