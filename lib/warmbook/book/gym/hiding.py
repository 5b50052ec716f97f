"""Beginning a round, going on with it, and ending it: which faults are hidden."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...display.card import Card, Row
from ...errors import SettingsError
from ...settings import Settings, merge
from ...severity import Severity
from ...texts import marked, say, speak, spoken
from ...workbook import Workbook
from . import rounds
from .drawing import drawn_from, stage_drawn
from .faults_server import FaultsServer
from .levels import TWO
from .rounds import Round

LEVEL_NAMES: Mapping[str, str] = {
    "easy": marked("easy"),
    "medium": marked("medium"),
    "hard": marked("hard"),
    "two": marked("two faults, one after the other"),
}


@dataclass(frozen=True, repr=False)
class Hidden(Card):
    """A fault is hidden; the card does not name it."""

    round: Round
    candidates: int

    @property
    def choices(self) -> dict[str, str]:
        """The settings under which the faults show."""
        return {name: value for one in self.round.drawn for name, value in one.choices.items()}

    def title(self) -> str:
        if self.round.done:
            return say("This round is finished: {points} points", points=_points(self.round))
        return say("Something is wrong in this rehearsal")

    def rows(self) -> Sequence[Row]:
        state: Severity = "ok" if self.round.done else "warning"
        return (
            Row(say("level"), say(LEVEL_NAMES[self.round.level]), state),
            Row(say("possible faults"), str(self.candidates)),
            Row(say("what is graded"), self._graded()),
            *self._so_far(),
            *(Row(name, value) for name, value in self.choices.items()),
        )

    def note(self) -> str:
        if self.round.done:
            return say(
                "For another round, start the rehearsal again (in a class, the trainer resets your "
                "seat), then hide a fault."
            )
        return " ".join(filter(None, (self._beyond(), self._without_gcloud(), self._used())))

    def _beyond(self) -> str:
        if not all(one.beyond for one in self.round.drawn):
            return ""
        return say(
            "There is nothing for you to repair in this round. Find out what is wrong, and who can "
            "end it."
        )

    def _without_gcloud(self) -> str:
        if shutil.which("gcloud") or not any(one.takes_gcloud for one in self.round.drawn):
            return ""
        return say("The repair takes gcloud, which this machine does not have: install it first.")

    def _used(self) -> str:
        if not self.round.used or self.round.tried:
            return ""
        return say("This rehearsal was used before: existing resources can hide the fault.")

    def _graded(self) -> str:
        mendable = [one.mendable for one in self.round.drawn]
        if all(mendable):
            return say("the diagnosis and the repair")
        if any(mendable):
            return say(
                "each diagnosis, and one repair: the other fault can't be repaired from here"
            )
        return say("the diagnosis alone")

    def _so_far(self) -> Sequence[Row]:
        if not (self.round.tried or self.round.hints):
            return ()
        told = say(
            "answers {attempts}, hints {hints}, named {named}, repaired {mended}",
            attempts=self.round.attempts,
            hints=self.round.hints,
            named=sum(one.found for one in self.round.drawn),
            mended=sum(one.mended for one in self.round.drawn),
        )
        return (Row(say("so far"), told),)


def hide(
    fault: str = "", *, language: str = "", draw: str = "", level: str = "", again: bool = False
) -> Hidden:
    """Begin a round: hide the fault of this name, or draw one of a level by chance.

    The same `draw` draws the same. A round that has begun goes on: nothing is staged twice, so
    that what the learner has mended stays mended. A fault that somebody else has staged since
    begins a round of its own. `again` ends the round and begins another.

    Raises:
        SettingsError: This is no rehearsal, a used one, or another fault is asked for while a
            round goes on.
        MissingError: There is no such fault or level.
    """
    if language:
        speak(language)
    server = FaultsServer.open()
    asked = {"fault": fault, "draw": draw, "level": level}
    one = rounds.begun(server)
    if outside := _staged_outside(one, server, named=bool(fault)):
        one = _begin(outside, asked, server)
    elif one is None or again:
        _refuse_used(server, but=fault)
        if one:
            _end(one, server)
        one = _begin(_stage(server, asked), asked, server)
    else:
        _refuse_another(one, asked)
    return Hidden(one, len(drawn_from(server.faults(), "" if one.level == TWO else one.level)))


def _staged_outside(
    one: Round | None, server: FaultsServer, *, named: bool
) -> list[dict[str, Any]]:
    """Return the faults that somebody else staged, if no other is asked for by its name."""
    known = [drawn.fault for drawn in one.drawn] if one else []
    return [] if named else [fault for fault in server.staged() if fault["name"] not in known]


def _stage(server: FaultsServer, asked: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    if asked["fault"]:
        return [server.stage(asked["fault"])]
    return stage_drawn(server, asked["level"], asked["draw"])


def _begin(
    faults: Sequence[Mapping[str, Any]], asked: Mapping[str, str], server: FaultsServer
) -> Round:
    one = Round.of(faults, asked)
    one.used = server.changes()[0] > 0
    if choices := {name: value for drawn in one.drawn for name, value in drawn.choices.items()}:
        Workbook.open().choose(choices)  # where the form and every notebook find them
    rounds.keep(one, server)
    return one


def _refuse_another(one: Round, asked: Mapping[str, str]) -> None:
    if any(value and value != one.asked.get(name) for name, value in asked.items()):
        raise SettingsError(
            say("A round is in progress in this rehearsal, but another fault was requested."),
            remedy=say("Continue with gym.hide(), or end the round with gym.hide(…, again=True)."),
        )


def _refuse_used(server: FaultsServer, *, but: str) -> None:
    """Raise if something was changed by a request, unless the fault `but` was staged before."""
    count, first = server.changes()
    if count and but not in [one["name"] for one in server.staged()]:
        raise SettingsError(
            say(
                "This rehearsal has been used: {count} requests changed it, the first was "
                "{first}. Existing resources can hide a fault.",
                count=count,
                first=first,
            ),
            remedy=say(
                "Start the rehearsal again (in a class, the trainer resets your seat), then hide "
                "the fault first."
            ),
        )


def _end(one: Round, server: FaultsServer) -> tuple[Mapping[str, Any], ...]:
    """End a round: reveal what was not named, and take its faults back, the last first."""
    for drawn in one.drawn:
        drawn.revealed = drawn.revealed or not drawn.found
    rounds.keep(one, server)
    if choices := [name for drawn in one.drawn for name in drawn.choices]:
        Workbook.open().choose(dict.fromkeys(choices, ""))
    return _take_back(server)


def _take_back(server: FaultsServer) -> tuple[Mapping[str, Any], ...]:
    return tuple(server.unstage(fault["name"]) for fault in reversed(server.staged()))


@dataclass(frozen=True, repr=False)
class TakenBack(Card):
    """What was wrong in the rehearsal, and is no more."""

    faults: tuple[Mapping[str, Any], ...]

    def title(self) -> str:
        return say("Faults removed from this rehearsal: {count}", count=len(self.faults))

    def rows(self) -> Sequence[Row]:
        return tuple(Row(str(one["name"]), say(str(one["what"])), "ok") for one in self.faults)


def unstage() -> TakenBack:
    """End the round and take back what is hidden: the guide carried out again comes through.

    Raises:
        SettingsError: This is no rehearsal.
    """
    server = FaultsServer.open()
    one = rounds.begun(server)
    return TakenBack(_end(one, server) if one else _take_back(server))


def settings(hidden: Hidden) -> Settings:
    """Return the settings under which the fault shows, with what was changed in a form since."""
    saved = Workbook.open().saved()
    return Settings.parse({**merge(), **hidden.choices, **saved, "language": spoken()})


def _points(one: Round) -> str:
    return f"{one.points:.2f}"
