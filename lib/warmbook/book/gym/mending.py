"""Verifying a repair: the second half of the grade is that the guide then passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ...cloud.clients import Clients
from ...display.card import Card, Row
from ...settings import Settings
from ...texts import say
from . import rounds
from .attempt import Attempt, attempt
from .faults_server import FaultsServer
from .grading import points_of
from .rounds import Round


@dataclass(frozen=True, repr=False)
class Verified(Card):
    """Whether the guide passes after a repair, and the points of the round.

    `tried` is None where nothing was left to verify. `anew`: other settings let it begin anew.
    """

    round: Round
    tried: Attempt | None
    anew: bool = False

    @property
    def passed(self) -> bool:
        """Whether each fault that can be repaired is."""
        return all(one.mended for one in self.round.drawn if one.mendable)

    def title(self) -> str:
        if not any(one.mendable for one in self.round.drawn):
            return say("There is nothing to repair: this round is graded by the diagnosis alone")
        if self.passed:
            return say("Repaired: the guide passes")
        if any(one.mended for one in self.round.drawn):
            return say("One of the two faults is repaired")
        return say("Not repaired yet")

    def rows(self) -> Sequence[Row]:
        return (*self._stopped(), *points_of(self.round))

    def note(self) -> str:
        if self.round.done and not self.passed:
            return say("The answer was revealed. A repair still counts: verify again after it.")
        if self.round.done:
            return say("The round is finished.")
        if self.passed and not all(one.answered for one in self.round.drawn):
            return say("The diagnosis is still open: choose the root cause above.")
        if any(one.mended for one in self.round.drawn) and not self.passed:
            return say("The evidence above belongs to the other fault.")
        if self.anew and not self.passed:
            return say(
                "With other settings, the guide began anew. What it repairs on its way does not "
                "count; repair the fault yourself."
            )
        return ""

    def below(self) -> str:
        return super().below() + (self.tried.folded_evidence() if self.tried else "")

    def _stopped(self) -> Sequence[Row]:
        if self.tried is None or self.tried.passed:
            return ()
        return (Row(say("the guide"), self.tried.title(), "error"), *self.tried.rows())


def verify(settings: Settings, clients: Clients) -> Verified:
    """Carry out the guide again, and count what the learner has repaired since.

    Where nothing is left to repair, the guide is not carried out. A server that started before
    this call and fails now says nothing about the repair: then its next start decides.

    Raises:
        MissingError: Nothing is hidden yet.
    """
    server = FaultsServer.open()
    one = rounds.present(server)
    if all(drawn.mended for drawn in one.drawn if drawn.mendable):
        return Verified(one, None)
    anew = one.tried and not one.resumes_in(settings)
    began = datetime.now(timezone.utc)
    tried = attempt(settings, clients)
    if tried.failed_from_before(began):
        tried = attempt(settings, clients)
    return Verified(rounds.present(server), tried, anew)
