"""Where the time of a cold start went, of each Pod that is ready."""

from __future__ import annotations

from ...cloud.clients import Clients
from ...display.step import step
from ...errors import MissingError
from ...measure.coldstart.card import ColdStart
from ...measure.coldstart.collect import start_of
from ...serving import pods
from ...serving.shell_commands import kubectl
from ...settings import Settings
from ...texts import say
from .answer import Answer


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
                "The Pod {pod} does not exist in the namespace {namespace}.",
                pod=name,
                namespace=settings.namespace,
            ),
            remedy=say("List them with: {command}", command=kubectl.pods(settings)),
        )
    return pods.Pod.of(found)
