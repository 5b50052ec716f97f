"""Carrying out the guide in the gym: how far it comes, and the evidence where it stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ...cloud.clients import Clients
from ...cloud.kubernetes import Kubernetes, Object
from ...cloud.objects import parse_time
from ...display.card import AT_WORDS, Card, Row, folded
from ...errors import MissingError
from ...serving.containers import server_container, server_status
from ...serving.guide_manifest import to_yaml
from ...serving.pods import LABELS
from ...settings import Settings
from ...texts import say
from ..walkthrough import Walked, walk
from . import evidence, rounds
from .commands import COMMANDS
from .faults_server import FaultsServer
from .rounds import Drawn, Evidence, Round

LAST_LINES = 25
STARTED_WITH = ("image", "command", "args", "env", "resources")
"""What of a container `kubectl describe pod` shows too, and a failure of the server rests on."""


@dataclass(frozen=True, repr=False)
class Attempt(Card):
    """How far the guide came, and what the services themselves said: no diagnosis."""

    walked: Walked
    said: str
    pods: tuple[Object, ...]
    events: tuple[Object, ...]
    log: str
    since: str = ""
    """The notebook in which it went on, "" where it began anew."""
    earlier: str = ""
    """What stopped the guide before, where that was not named yet and is repaired."""

    @property
    def passed(self) -> bool:
        """Whether the guide completed."""
        return self.walked.error is None

    def failed_from_before(self, moment: datetime) -> bool:
        """Whether a server failed that had started before; no repair since then reached it."""
        starts = (_terminated(pod).get("startedAt") for pod in self.pods)
        return not self.passed and any(parse_time(at) < moment for at in starts if at)

    def title(self) -> str:
        if self.passed:
            return say("The guide completed: the model is being served")
        return say("The guide stopped in notebook {number}", number=self.walked.notebook)

    def rows(self) -> Sequence[Row]:
        said = [Row(say("what was answered"), self.said, "error")] if self.said else []
        return (
            *said,
            *(Row(f"Pod {pod['metadata']['name']}", _pod(pod), "warning") for pod in self.pods),
            *(Row(str(event.get("reason")), str(event.get("message"))) for event in self.events),
        )

    def note(self) -> str:
        if not self.since:
            return ""
        return say("It continued in notebook {number}, where it had stopped.", number=self.since)

    def below(self) -> str:
        return super().below() + self.folded_evidence()

    def folded_evidence(self) -> str:
        """Return HTML with the long evidence, folded: the server's container and its log."""
        container = folded(say("The server's container, as its Pod has it"), self.container)
        log = folded(say("Last lines of the log"), self.log, wrap=AT_WORDS)
        earlier = folded(say("What stopped the guide before"), self.earlier, wrap=AT_WORDS)
        return container + log + earlier

    @property
    def container(self) -> str:
        """What the first Pod's server is started with, as YAML; "" where there is no Pod."""
        spec = server_container(self.pods[0]["spec"]) if self.pods else {}
        return to_yaml({name: spec[name] for name in STARTED_WITH if name in spec}) if spec else ""

    def evidence(self, settings: Settings) -> Evidence:
        """Return what a round keeps of it."""
        kind = evidence.kind_of(
            self.walked.notebook,
            not self.passed,
            self.said,
            self.pods,
            self.events,
            self.log,
        )
        return Evidence(
            kind=kind,
            notebook=self.walked.notebook,
            commands=COMMANDS[kind](settings),
            text="\n".join((*map(str, self.rows()), self.container, self.log)),
        )


def attempt(settings: Settings, clients: Clients) -> Attempt:
    """Carry out the guide without the doctor, and show the bare evidence where it ends.

    In a round, it goes on in the notebook where it stopped before; with other settings, it begins
    anew. The faults are held until the server is deployed, so that the guide repairs none of them
    by itself. The round takes note of what stopped the guide, and of what no longer does.
    """
    server = FaultsServer.open()
    one = rounds.begun(server)
    since = one.resumes_in(settings) if one else ""
    with server.hold() as hold:
        walked = walk(settings, clients, doctor=False, since=since, deployed=hold.release)
    tried = _looked_at(walked, settings, clients, since)
    if one := rounds.begun(server):  # the learner may have asked for a hint meanwhile
        _take_note(one, tried, settings, {fault["name"] for fault in server.staged()})
        rounds.keep(one, server)
        tried = replace(tried, earlier=_earlier(one, tried))
    return tried


def _earlier(one: Round, tried: Attempt) -> str:
    """Return the evidence of what nobody has named yet, once the guide completes."""
    unnamed = [drawn.evidence for drawn in one.answerable if tried.passed and drawn.seen]
    return "\n\n".join(found.text for found in unnamed if found)


def _take_note(one: Round, tried: Attempt, settings: Settings, staged: set[str]) -> None:
    one.stopped_in = "" if tried.passed else tried.walked.notebook
    one.settings = rounds.chosen_in(settings)
    stopping = _stopping(one, tried)
    for drawn in one.drawn:
        # a fault that was taken back is not mended
        if drawn.seen and drawn not in stopping and drawn.fault in staged:
            drawn.mended = drawn.mended or tried.passed or _is_past(drawn, tried, stopping)
    for drawn in stopping:
        drawn.seen, drawn.mended = True, False
    for drawn in stopping or [drawn for drawn in one.drawn if tried.passed and not drawn.seen]:
        drawn.evidence = tried.evidence(settings)


def _is_past(drawn: Drawn, tried: Attempt, stopping: Sequence[Drawn]) -> bool:
    """Tell whether another fault stopped the guide where this one would have, or later."""
    met_in = drawn.evidence.notebook if drawn.evidence else ""
    return bool(stopping) and tried.walked.notebook >= met_in


def _stopping(one: Round, tried: Attempt) -> Sequence[Drawn]:
    """Return the faults that stopped the guide: what was named, else the one in hand.

    Nothing is named where the learner ended a long wait.
    """
    if tried.passed:
        return []
    named = [drawn for drawn in one.drawn if drawn.pitfall in tried.walked.pitfalls]
    return named or ([] if tried.walked.pitfalls else [one.showing])


def _looked_at(walked: Walked, settings: Settings, clients: Clients, since: str) -> Attempt:
    said = _said(walked)
    if walked.error is None or walked.notebook < "06" or said:
        return Attempt(walked=walked, said=said, pods=(), events=(), log="", since=since)
    cluster, namespace = clients.kubernetes, settings.namespace
    pods = cluster.list_objects("Pod", namespace, labels=LABELS)
    names = {pod["metadata"]["name"] for pod in pods}
    # where no Pod is let in, its ReplicaSet tells why
    owners = cluster.list_objects("ReplicaSet", namespace, labels=LABELS)
    told_of = names | {owner["metadata"]["name"] for owner in owners}
    events = [
        event
        for event in cluster.list_objects("Event", namespace)
        if event["involvedObject"]["name"] in told_of and event.get("reason") != "Substituted"
    ]
    log = [line for name in sorted(names) for line in _log(cluster, name, namespace)]
    return Attempt(
        walked=walked,
        said=said,
        pods=tuple(pods),
        events=tuple(sorted(events, key=_first_seen)),
        log="\n".join(log[-LAST_LINES:]),
        since=since,
    )


def _first_seen(event: Object) -> tuple[str, bool]:
    """Return what orders events; within a second, a ReplicaSet's come before its Pods' own."""
    at = event.get("firstTimestamp") or event.get("eventTime") or ""
    return str(at), event["involvedObject"].get("kind") == "Pod"


def _log(cluster: Kubernetes, pod: str, namespace: str) -> list[str]:
    """Return the log of a Pod's last start and of the present one, which may be empty yet.

    The present one is read first: a restart between the two reads then loses nothing.
    """
    present = cluster.log(pod, namespace)
    last = cluster.log(pod, namespace, previous=True)
    return [*last.splitlines(), *present.splitlines()]


def _said(walked: Walked) -> str:
    """Return what the service itself said, without the workbook's explanation of it."""
    if walked.error is None:
        return ""
    if cause := walked.error.__cause__ or walked.error.__context__:
        return str(cause).partition("\n\nOriginal traceback:")[0]
    # of a Pod its own evidence is shown; else there is nothing but what was claimed
    of_pods = walked.notebook in ("06", "07") and not isinstance(walked.error, MissingError)
    return "" if of_pods else walked.error.what


def _pod(pod: Object) -> str:
    status = pod.get("status") or {}
    container = server_status(pod)
    waiting = (container.get("state") or {}).get("waiting") or {}
    ended = _terminated(pod)
    restarts = container.get("restartCount")
    told = [
        str(status.get("phase", "")),
        str(waiting.get("reason", "")),
        _end(ended) if ended else "",
        say("restarts {count}", count=restarts) if restarts else "",
    ]
    return ", ".join(filter(None, told))


def _terminated(pod: Object) -> Mapping[str, Any]:
    """Return how the server's last container ended, nothing where none did."""
    return (server_status(pod).get("lastState") or {}).get("terminated") or {}


def _end(ended: Mapping[str, Any]) -> str:
    code = ended["exitCode"]
    return say("exit code {code} ({reason})", code=code, reason=ended.get("reason", ""))
