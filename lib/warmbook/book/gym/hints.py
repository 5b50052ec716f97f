"""The ladder of hints: where to look, what to ask, what it means; each only when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...display.card import Card, Row, folded
from ...doctor.pitfalls import pitfall
from ...errors import SettingsError
from ...texts import marked, say
from . import evidence, points, rounds
from .faults_server import FaultsServer
from .rounds import Drawn

MOST = 3
"""How many hints a fault has."""

WHERE: Mapping[str, str] = {
    evidence.COMPLETED: marked(
        "No request failed and no Pod stopped. Look at what the notebooks verify: where the "
        "resources are, how they were created, and what the model answers."
    ),
    evidence.PROJECT: marked(
        "A Google Cloud service rejected a request. Look at the project: its APIs, its billing "
        "account, and your own roles in it."
    ),
    evidence.MODEL: marked(
        "The guide stopped at the model in Cloud Storage. Look at the bucket, and at the names and "
        "sizes of the files in the model's folder."
    ),
    evidence.CLUSTER: marked(
        "The guide stopped while the cluster or its node pool was being created. Look at the "
        "response of GKE, and at its operations."
    ),
    evidence.IDENTITY: marked(
        "The guide stopped while the Pod's identity was being set up. Look at the IAM policies of "
        "the bucket and of the project."
    ),
    evidence.SERVICE: marked(
        "A service did not carry out a request that is correct. Read the status code, if there is "
        "one: does the service know you, is it busy, does it answer at all? Then send the same "
        "request again."
    ),
    evidence.API: marked(
        "The cluster's API rejected a request, and no Pod is at fault. Look at its status code and "
        "message, and at the objects of the namespace."
    ),
    evidence.REPLICASET: marked(
        "There is no Pod at all. Look at the object that creates it: the ReplicaSet of the "
        "Deployment, and its events."
    ),
    evidence.SCHEDULING: marked(
        "A Pod has no node. Look at the events of the Pod, from the scheduler and from the cluster "
        "autoscaler."
    ),
    evidence.SET_UP: marked(
        "The Pod has a node, but its container was never created. Look at the events of the Pod, "
        "from its node's kubelet."
    ),
    evidence.BESIDE: marked(
        "The container that fails is not the server. Look at the other containers of the Pod, and "
        "at their logs."
    ),
    evidence.KILLED: marked(
        "The server did not exit by itself. Look at the status of the Pod, its exit code and "
        "reason, and at its events."
    ),
    evidence.BUCKET: marked(
        "Cloud Storage rejects a request of the server. Look at the last lines of its log, at "
        "the IAM policy of the bucket, and at the identity that the server uses."
    ),
    evidence.LOG: marked(
        "The server exits with an error of its own. Look at the log of its previous container, and "
        "at the arguments and variables with which it was started."
    ),
}
"""Kind of evidence -> where it stands."""


@dataclass(frozen=True, repr=False)
class Hints(Card):
    """The hints that were shown, and what the next one costs."""

    shown: tuple[str, ...]
    said: str = ""

    def title(self) -> str:
        return say("Hints: {count} of {most}", count=len(self.shown), most=MOST)

    def rows(self) -> Sequence[Row]:
        names = (say("where to look"), say("what to ask"), say("what it means"))
        hints = zip(names, self.shown, strict=False)
        return tuple(Row(name, line) for name, hint in hints for line in hint.splitlines())

    def note(self) -> str:
        return self.said

    def below(self) -> str:
        return super().below() + folded(say("Commands"), "\n".join(self.shown[1:2]))


def hint(number: int | None = None) -> Hints:
    """Show the hints up to this number, 1 to 3; without one, one more than were shown.

    A hint that was shown costs nothing when it is shown again; 0 shows no further one.

    Raises:
        SettingsError: This is no rehearsal, or there is no hint of that number.
        MissingError: Nothing is hidden yet, or the guide was not carried out yet.
    """
    if number is not None and not (isinstance(number, int) and 0 <= number <= MOST):
        raise SettingsError(
            say("{value} is not a number of hints.", value=repr(number)),
            remedy=say("Set hints to 1, 2 or 3."),
        )
    server = FaultsServer.open()
    one = rounds.present(server)
    drawn = one.showing
    if number == 0 and not drawn.hints:
        return Hints((), _cost())
    rounds.need_evidence(one, uncounted=say("The hint was not counted."))
    if not drawn.answered:
        drawn.hints = min(MOST, max(drawn.hints, drawn.hints + 1 if number is None else number))
        rounds.keep(one, server)
    return Hints(ladder(drawn)[: drawn.hints], _cost() if drawn.hints < MOST else "")


def ladder(drawn: Drawn) -> tuple[str, ...]:
    """Return the three hints for a fault whose evidence was seen; none has its name or remedy."""
    found = drawn.evidence or rounds.Evidence(kind=evidence.COMPLETED, notebook="")
    return (
        say(WHERE[found.kind]),
        "\n".join(found.commands),
        say(pitfall(drawn.pitfall).cause),
    )


def _cost() -> str:
    return say("Each hint takes {cost} off the points for the diagnosis.", cost=f"{points.HINT:g}")
