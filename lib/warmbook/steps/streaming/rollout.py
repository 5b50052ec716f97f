"""The Deployment until its Pods are ready, and those Pods by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud.clients import Clients
from ...display.card import Card, Row
from ...display.progress import Report
from ...display.step import step
from ...doctor.pods.rollout import wait_for_pods
from ...errors import MissingError
from ...serving import guide_manifest, pods
from ...serving.shell_commands import kubectl
from ...settings import Settings
from ...texts import say


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
        return (Row(say("Pods"), detail, "ok" if self.available >= self.wanted else "warning"),)


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
            say("The Deployment {name} does not exist.", name=guide_manifest.DEPLOYMENT),
            remedy=say("Run notebook 06, which creates the Deployment."),
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
            Row(pod.name, f"{pod.phase}, {pod.node}", "ok" if pod.ready else "warning")
            for pod in self.listed
        )


@step(kubectl.pods)
def list_pods(settings: Settings, clients: Clients) -> Pods:
    """Return the server's Pods.

    Source: guide, "Obtén el nombre del pod".
    """
    return Pods(tuple(pods.now(settings, clients)))
