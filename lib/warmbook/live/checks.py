"""What a check is: a function with the ids of its claims; each module of a tier registers its own.

It returns the facts that it found, and raises Refuted where they are not what the claim says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .session import Session

Facts = Mapping[str, Any]


class RefutedError(Exception):
    """The claim does not hold: the facts say otherwise."""

    def __init__(self, **found: Any) -> None:
        super().__init__(str(found))
        self.found = found


class NotReachedError(Exception):
    """The claim could not be put to the test, and why."""


@dataclass(frozen=True)
class Check:
    """One check of a tier; without one that is `needed` nothing after it makes sense."""

    tier: int
    claim: str
    find: Callable[[Session], Facts]
    needed: bool = False


_CHECKS: list[Check] = []


def check(
    tier: int, claim: str, *, needed: bool = False
) -> Callable[[Callable[[Session], Facts]], Callable[[Session], Facts]]:
    """Make a function the check of a claim, by its id in docs/unverified.md."""

    def register(find: Callable[[Session], Facts]) -> Callable[[Session], Facts]:
        _CHECKS.append(Check(tier, claim, find, needed))
        return find

    return register


def of_tier(tier: int) -> list[Check]:
    """Return the checks of a tier, in the order in which they are made."""
    return [one for one in _CHECKS if one.tier == tier]


def hold(holds: object, **found: Any) -> dict[str, Any]:
    """Return the facts if the claim holds.

    Raises:
        RefutedError: It does not.
    """
    if not holds:
        raise RefutedError(**found)
    return found
