"""A round of the gym: what was drawn, and how far the learner is; the rehearsal keeps it.

It outlives the kernel, so that running a notebook again goes on with the round, and it ends with
the rehearsal, as everything does that the round is about.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from ...errors import MissingError
from ...settings import Settings
from ...texts import say
from .. import interactive, origin
from . import points
from .faults_server import FaultsServer
from .levels import TWO, level_of


class Evidence(BaseModel):
    """What the last run of the guide left: its `kind`, where it stopped, and its text.

    `commands` ask for it again. `text` has whatever the card of the run shows.
    """

    kind: str
    notebook: str
    commands: tuple[str, ...] = ()
    text: str = ""


class Drawn(BaseModel):
    """One fault of a round, and how far the learner is with it.

    `seen`: the guide stopped because of it. `found`: the learner named it. `wrong` and `near`
    are the other answers, each once. `hints` is how many of the three were shown.
    """

    fault: str
    what: str
    pitfall: str
    mendable: bool
    takes_gcloud: bool = False
    """Whether it can be repaired with gcloud only."""
    beyond: str = ""
    """Why nobody can repair it from here, in English; "" where that is not known."""
    choices: dict[str, str] = Field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    hints: int = 0
    seen: bool = False
    found: bool = False
    revealed: bool = False
    mended: bool = False
    evidence: Evidence | None = None

    @classmethod
    def of(cls, fault: Mapping[str, Any]) -> Drawn:
        """Return what a round keeps of a fault, as the server of faults describes it."""
        shows = not any(fault[flag] for flag in ("passes", "ahead", "unseen"))
        return cls(
            fault=fault["name"],
            what=fault["what"],
            pitfall=fault["pitfall"],
            mendable=shows and bool(fault.get("mendable")),
            takes_gcloud=bool(fault.get("takes_gcloud")),
            beyond=fault.get("beyond", ""),
            choices=fault["choices"],
        )

    @property
    def answered(self) -> bool:
        """Whether the learner named it, or asked for its name."""
        return self.found or self.revealed

    @property
    def done(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.answered and (self.mended or self.revealed or not self.mendable)

    @property
    def points(self) -> float:
        """The points for it so far, from 0 to 1."""
        return points.of_fault(
            found=self.found,
            revealed=self.revealed,
            hints=self.hints,
            wrong=len(self.wrong),
            near=len(self.near),
            mended=self.mended if self.mendable else None,
        )


class Round(BaseModel):
    """A round: one draw of one fault or two."""

    level: str
    drawn: tuple[Drawn, ...]
    asked: dict[str, str] = Field(default_factory=dict)
    """What `hide` was called with, so that the same call goes on with the round."""
    id: str = ""
    """Of this round and no other; empty in a round that an older version began."""
    at: str = Field(default_factory=origin.now)
    began: float = Field(default_factory=time.time)
    ended: float | None = None
    answer: str = ""
    """The last answer."""
    stopped_in: str = ""
    """The notebook in which the guide stopped last; empty where it completed."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Those with which the guide ran last."""
    used: bool = False
    """Whether something had been changed in the rehearsal before the round."""

    @classmethod
    def of(cls, faults: Sequence[Mapping[str, Any]], asked: Mapping[str, str]) -> Round:
        """Return a round that begins now with these faults."""
        drawn = tuple(map(Drawn.of, faults))
        level = TWO if len(drawn) > 1 else level_of(drawn[0].pitfall)
        return cls(id=uuid.uuid4().hex, level=level, drawn=drawn, asked=dict(asked))

    @property
    def showing(self) -> Drawn:
        """The fault that the learner works on: the last that showed itself and is not done."""
        open_ones = [one for one in self.drawn if not one.done]
        seen = [one for one in open_ones if one.seen]
        return (seen or open_ones or list(self.drawn))[-1 if seen else 0]

    @property
    def answerable(self) -> list[Drawn]:
        """The faults whose evidence the learner has met, and which nobody has named yet."""
        return [one for one in self.drawn if one.evidence and not one.answered]

    @property
    def tried(self) -> bool:
        """Whether the guide was carried out in this round."""
        return any(one.evidence for one in self.drawn)

    def resumes_in(self, settings: Settings) -> str:
        """Return the notebook in which the guide goes on: where it stopped.

        "" is the beginning, with other settings than those of its last run, and once nothing is
        left to repair. An answer that was revealed is done, but its repair still counts.
        """
        over = self.done and all(one.mended or not one.mendable for one in self.drawn)
        return "" if over or chosen_in(settings) != self.settings else self.stopped_in

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return all(one.done for one in self.drawn)

    @property
    def attempts(self) -> int:
        """How many different answers were given."""
        return sum(len(one.wrong) + len(one.near) + one.found for one in self.drawn)

    @property
    def hints(self) -> int:
        """How many hints were shown."""
        return sum(one.hints for one in self.drawn)

    @property
    def seconds(self) -> float:
        """The time from the draw to the end of the round, or until now."""
        return max(0.0, (self.ended or time.time()) - self.began)

    @property
    def points(self) -> float:
        """The points so far, from 0 to 1: the mean over the faults."""
        return round(sum(one.points for one in self.drawn) / len(self.drawn), 3)

    def recorded(self) -> dict[str, Any]:
        """Return it as the record of a session has it: without names until it is done."""
        return {
            "id": self.id,
            "level": self.level,
            "faults": [one.fault for one in self.drawn] if self.done else [],
            "attempts": self.attempts,
            "hints": self.hints,
            "seconds": round(self.seconds, 1),
            "points": self.points,
            "mended": all(one.mended for one in self.drawn),
            "at": self.at,
            "done": self.done,
        }


def chosen_in(settings: Settings) -> dict[str, Any]:
    """Return the settings that matter to the guide: all but the reader's language."""
    return settings.model_dump(mode="json", exclude={"language"})


def begun(server: FaultsServer) -> Round | None:
    """Return the round that the rehearsal keeps, None if none has begun."""
    told = server.round()
    return Round.model_validate(told) if told else None


def present(server: FaultsServer) -> Round:
    """Return the round that has begun.

    Raises:
        MissingError: None has.
    """
    if one := begun(server):
        return one
    raise MissingError(
        say("Nothing is hidden yet."), remedy=say("Run the cell that hides a fault first.")
    )


def need_evidence(one: Round, *, uncounted: str) -> None:
    """Raise unless the fault in hand has been met, or nothing is left to find.

    Raises:
        MissingError: The guide has not run, or has not come as far as the second fault.
    """
    if not one.tried:
        raise MissingError(
            say("There is no evidence yet: the guide has not run in this round."),
            remedy=f"{say('Run the guide first.')} {uncounted}",
        )
    if not (one.showing.evidence or one.showing.answered):
        raise MissingError(
            say("There is no evidence of the other fault yet."),
            remedy=f"{say('Repair the first fault, then run the guide again.')} {uncounted}",
        )


def keep(one: Round, server: FaultsServer) -> None:
    """Let the rehearsal keep the round, and the session's record tell how far it is."""
    if one.done and one.ended is None:
        one.ended = time.time()
    server.keep(one.model_dump(mode="json"))
    interactive.note_gym_round(one.recorded())
