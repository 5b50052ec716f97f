"""The tiers of a run, one after the other; a check that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cloud.errors import explain
from ..errors import InterruptedWaitError, WarmbookError
from . import tier0, tier1, tier1_policies, tier2, tier3, tier4
from .checks import Check, NotReachedError, RefutedError, of_tier
from .evidence import Evidence, Item, Status
from .session import Session, TierOverError

MODULES = (tier0, tier1, tier1_policies, tier2, tier3, tier4)
"""The modules whose import registers the checks."""


def carry_out(
    session: Session, tier: int, evidence: Evidence, tell: Callable[[Item], None]
) -> None:
    """Make the checks of every tier up to `tier`; note each claim as soon as it is known.

    Where a needed check was not reached, all that come later are not reached either.
    """
    evidence.expect(one.claim for number in range(tier + 1) for one in of_tier(number))
    for number in range(tier + 1):
        session.begin(number)
        for one in of_tier(number):
            status, found = outcome(session, one)
            tell(evidence.note(one.claim, status, found))
            if one.needed and status == "not-reached":
                return


def outcome(session: Session, one: Check) -> tuple[Status, dict[str, Any]]:
    """Return what became of a check, and the facts."""
    try:
        session.hold_deadline()
        return "confirmed", dict(one.find(session))
    except RefutedError as error:
        return "refuted", error.found
    except TierOverError:
        return "not-reached", {"reason": f"the time of tier {one.tier} was up"}
    except NotReachedError as error:
        return "not-reached", {"reason": str(error)}
    except InterruptedWaitError:
        raise
    except WarmbookError as error:
        return "not-reached", _told(error)
    except Exception as error:
        known = explain(error)
        found = _told(known) if known else {"error": f"{type(error).__name__}: {error}"}
        return "not-reached", found


def _told(error: WarmbookError) -> dict[str, Any]:
    more = {"remedy": error.remedy, "pitfall": error.pitfall}
    return {"reason": error.what, **{name: told for name, told in more.items() if told}}
