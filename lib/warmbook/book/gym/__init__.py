"""The gym: a fault is hidden in a rehearsal; a learner finds it, mends it, and is graded."""

from __future__ import annotations

from .attempt import Attempt, attempt
from .drawing import drawn_from
from .faults_server import FaultsServer
from .grading import Grade, Revealed, Sheet, grade, reveal
from .hiding import Hidden, TakenBack, hide, settings, unstage
from .hints import Hints, hint
from .mending import Verified, verify

__all__ = ["Attempt", "FaultsServer", "Grade", "Hidden", "Hints", "Revealed", "Sheet"]
__all__ += ["TakenBack", "Verified", "attempt", "drawn_from", "grade", "hide", "hint", "reveal"]
__all__ += ["settings", "unstage", "verify"]
