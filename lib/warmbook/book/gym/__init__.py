"""The gym: a fault is hidden in a rehearsal, a learner finds it, the doctor grades."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...cloud.clients import Clients
from ...cloud.errors import explained
from ...cloud.kubernetes import Object
from ...display.card import Card, Row, folded
from ...display.widgets.sheet import AnswerSheet
from ...doctor.pitfalls import CATALOGUE, pitfall
from ...errors import MissingError, SettingsError
from ...serving.containers import server_status
from ...serving.pods import LABELS
from ...settings import Settings, merge
from ...texts import say, speak, spoken
from ..walkthrough import Walked, walk

LAST_LINES = 25


@dataclass(frozen=True)
class Desk:
    """The rehearsal's desk, where faults are staged."""

    url: str
    token: str

    @classmethod
    def open(cls, environ: Mapping[str, str] | None = None) -> Desk:
        """Return the desk of the rehearsal that the environment names.

        Raises:
            SettingsError: This is no rehearsal, and nothing is broken in a real project.
        """
        environ = os.environ if environ is None else environ
        if not (url := environ.get("WARMBOOK_REHEARSAL_FAULTS", "")):
            raise SettingsError(
                say("The gym needs a rehearsal: it never breaks a real project."),
                remedy=say(
                    "Start one with `python -m warmbook lab`, and open this notebook there."
                ),
            )
        return cls(url, environ.get("WARMBOOK_REHEARSAL_TOKEN", ""))

    def faults(self) -> list[dict[str, Any]]:
        """Return every fault that there is."""
        return list(self._ask("GET", "/faults"))

    def staged(self) -> list[dict[str, Any]]:
        """Return the faults that are staged, the last one last."""
        return list(self._ask("GET", "/staged"))

    def stage(self, name: str) -> dict[str, Any]:
        """Let the fault begin, if it has not yet.

        Raises:
            MissingError: There is no such fault.
            SettingsError: It can't be staged beside one that is.
        """
        return dict(self._ask("POST", f"/staged/{name}"))

    def unstage(self, name: str) -> dict[str, Any]:
        """Take the fault back, and let the rehearsal put back what it changed.

        Raises:
            MissingError: There is no such fault, or it is not staged.
        """
        return dict(self._ask("DELETE", f"/staged/{name}"))

    def changes(self) -> tuple[int, str]:
        """Return how many requests have changed something in the rehearsal, and the first."""
        told = self._ask("GET", "/changes")
        return int(told["count"]), str(told["first"])

    def _ask(self, method: str, path: str) -> Any:
        import requests

        headers = {"Authorization": f"Bearer {self.token}"}
        with explained():
            answer = requests.request(method, f"{self.url}{path}", headers=headers, timeout=30)
        if answer.status_code == 404:
            raise MissingError(
                answer.text, remedy=say("List them: python -m warmbook_rehearsal --list-faults")
            )
        if answer.status_code == 409:
            raise SettingsError(
                answer.text.partition("\n")[0],
                remedy=say("Choose another, or remove the hidden one first: gym.unstage()"),
            )
        answer.raise_for_status()
        return answer.json()


@dataclass(frozen=True, repr=False)
class Hidden(Card):
    """A fault is hidden; which one, the card does not tell."""

    candidates: int
    choices: Mapping[str, str]

    def title(self) -> str:
        return say("Something is wrong in this rehearsal")

    def rows(self) -> Sequence[Row]:
        return (
            Row(say("it is one of"), str(self.candidates), "warning"),
            *(Row(name, value) for name, value in self.choices.items()),
        )


def hide(fault: str = "", *, language: str = "en", draw: str = "") -> Hidden:
    """Hide the fault of this name; without one, one by chance, the same for the same `draw`.

    Where one is hidden already and no other is asked for, that one stays. In a rehearsal that
    is used nothing is hidden: in one where requests have changed something before.

    Raises:
        SettingsError: This is no rehearsal, or a used one.
        MissingError: There is no such fault.
    """
    speak(language)
    desk = Desk.open()
    known, staged = desk.faults(), desk.staged()
    if not fault and not draw and staged:
        return Hidden(candidates=len(known), choices=staged[-1]["choices"])
    name = fault or random.Random(draw or None).choice(drawn_from(known))
    if name not in [one["name"] for one in staged]:
        _refuse_used(desk)
    hidden = desk.stage(name)
    return Hidden(candidates=len(known), choices=hidden["choices"])


def drawn_from(known: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the faults that chance may hide.

    Only what stays, what shows in minutes, and what the usual settings meet.
    """
    odd = ("passes", "ahead", "unseen", "waits", "choices")
    return [one["name"] for one in known if not any(one[name] for name in odd)]


def _refuse_used(desk: Desk) -> None:
    count, first = desk.changes()
    if count:
        raise SettingsError(
            say(
                "This rehearsal has been used: {count} requests changed it, the first was "
                "{first}. Existing resources can hide a fault.",
                count=count,
                first=first,
            ),
            remedy=say("Stop it, start it again, and hide the fault first."),
        )


@dataclass(frozen=True, repr=False)
class TakenBack(Card):
    """What was wrong in the rehearsal, and is no more."""

    faults: tuple[Mapping[str, Any], ...]

    def title(self) -> str:
        return say("The fault in this rehearsal was removed")

    def rows(self) -> Sequence[Row]:
        return tuple(Row(str(one["name"]), say(str(one["what"])), "ok") for one in self.faults)


def unstage() -> TakenBack:
    """Take back what is hidden, the last first: the guide carried out again comes through.

    Raises:
        SettingsError: This is no rehearsal.
    """
    desk = Desk.open()
    staged = reversed(desk.staged())
    return TakenBack(tuple(desk.unstage(one["name"]) for one in staged))


def settings(hidden: Hidden) -> Settings:
    """Return the rehearsal's settings, with those under which the fault bites."""
    return Settings.parse({**merge(), "language": spoken(), **hidden.choices})


@dataclass(frozen=True, repr=False)
class Attempt(Card):
    """How far the guide came, and what the services themselves said: no diagnosis."""

    walked: Walked
    said: str
    pods: tuple[Object, ...]
    events: tuple[Object, ...]
    log: str

    def title(self) -> str:
        if self.walked.error is None:
            return say("The guide completed: the model is being served")
        return say("The guide stopped in notebook {number}", number=self.walked.notebook)

    def rows(self) -> Sequence[Row]:
        said = [Row(say("what was answered"), self.said, "error")] if self.said else []
        return (
            *said,
            *(Row(f"Pod {pod['metadata']['name']}", _pod(pod), "warning") for pod in self.pods),
            *(Row(str(event.get("reason")), str(event.get("message"))) for event in self.events),
        )

    def _repr_html_(self) -> str:
        return super()._repr_html_() + folded(say("Last lines of the log"), self.log)


def attempt(settings: Settings, clients: Clients) -> Attempt:
    """Carry out the guide without the doctor, and show the bare evidence where it ends."""
    walked = walk(settings, clients, doctor=False)
    said = _said(walked)
    if walked.error is None or walked.notebook < "06" or said:
        return Attempt(walked=walked, said=said, pods=(), events=(), log="")
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
    log = [
        line
        for name in sorted(names)
        for previous in (True, False)  # between two starts the new log is still empty
        for line in cluster.log(name, namespace, previous=previous).splitlines()
    ]
    return Attempt(
        walked=walked,
        said=said,
        pods=tuple(pods),
        events=tuple(events),
        log="\n".join(log[-LAST_LINES:]),
    )


def _said(walked: Walked) -> str:
    """Return what the service itself said, without the workbook's explanation of it."""
    if walked.error is None:
        return ""
    if cause := walked.error.__cause__ or walked.error.__context__:
        return str(cause)
    # of a Pod its own evidence is shown; else there is nothing but what was claimed
    return "" if walked.notebook in ("06", "07") else walked.error.what


def _pod(pod: Object) -> str:
    status = pod.get("status") or {}
    container = server_status(pod)
    waiting = (container.get("state") or {}).get("waiting") or {}
    ended = (container.get("lastState") or {}).get("terminated") or {}
    told = [
        str(status.get("phase", "")),
        str(waiting.get("reason", "")),
        f"exit code {ended['exitCode']} ({ended.get('reason', '')})" if ended else "",
        f"restarts {container['restartCount']}" if container.get("restartCount") else "",
    ]
    return ", ".join(filter(None, told))


class Sheet(AnswerSheet):
    """Where the learner writes the answer: one of the catalogue's pitfalls."""

    def __init__(self, answer: str = "") -> None:
        options = {name: f"{name}: {say(one.symptom)}" for name, one in sorted(CATALOGUE.items())}
        super().__init__(options, answer)


@dataclass(frozen=True, repr=False)
class Grade(Card):
    """Whether the answer was right, what it was, and whether the doctor found it too."""

    answer: str
    what: str
    name: str
    doctors: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the learner found it."""
        return self.answer == self.name

    def title(self) -> str:
        return say("Found") if self.right else say("Not this one")

    def rows(self) -> Sequence[Row]:
        found = pitfall(self.name)
        doctors = ", ".join(self.doctors) or say("nothing")
        return (
            Row(say("your answer"), self.answer or say("none"), "ok" if self.right else "error"),
            Row(say("what was hidden"), say(self.what)),
            Row(say("its name"), self.name),
            Row(say("the cause"), say(found.cause)),
            Row(say("remedy"), say(found.remedy)),
            Row(say("the doctor says"), doctors, "ok" if self.name in self.doctors else "warning"),
        )


def grade(tried: Attempt, answer: str) -> Grade:
    """Hold the answer against what is hidden, and tell the workbook's own diagnosis.

    Raises:
        MissingError: Nothing is hidden yet.
    """
    staged = Desk.open().staged()
    if not staged:
        raise MissingError(
            say("Nothing is hidden yet."), remedy=say("Run the trainer's cell above first.")
        )
    hidden = staged[-1]
    return Grade(
        answer=answer,
        what=hidden["what"],
        name=hidden["pitfall"],
        doctors=tried.walked.pitfalls,
    )
