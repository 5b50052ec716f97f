"""Which faults chance may hide, and how it draws one or two of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...errors import MissingError, SettingsError
from ...texts import say
from .faults_server import FaultsServer
from .levels import BEFORE_THE_SERVER, EASY, HARD, LEVELS, MEDIUM, TWO, level_of, solvable

Fault = Mapping[str, Any]
"""A fault as the server of faults describes it."""


def drawn_from(known: Sequence[Fault], level: str = "") -> list[str]:
    """Return the names of the faults of a level that chance may hide; of every level without one.

    Only what stays, what shows in minutes, what the usual settings meet, and what the evidence
    tells.

    Raises:
        MissingError: There is no such level.
    """
    if level and level not in LEVELS:
        raise MissingError(
            say("There is no level {level}.", level=level),
            remedy=say("Choose one of {levels}.", levels=", ".join(LEVELS)),
        )
    return [
        fault["name"]
        for fault in known
        if _may_be_drawn(fault) and level in ("", level_of(fault["pitfall"]))
    ]


def _may_be_drawn(fault: Fault) -> bool:
    odd = ("passes", "ahead", "unseen", "waits", "choices")
    return solvable(fault["pitfall"]) and not any(fault[name] for name in odd)


def stage_drawn(server: FaultsServer, level: str, word: str) -> list[Fault]:
    """Stage one fault by chance, at the level `two` two; the same for the same word.

    Raises:
        MissingError: There is no such level, or no fault of it.
    """
    known, chance = server.faults(), random.Random(word or None)
    if level == TWO:
        return _stage_two(server, known, chance)
    if not (names := drawn_from(known, level)):
        raise _no_fault(known, level)
    return [server.stage(chance.choice(names))]


def _no_fault(known: Sequence[Fault], level: str) -> MissingError:
    """Return the error for a level without a fault; its remedy lists the levels that have one."""
    others = [one for one in (EASY, MEDIUM, HARD) if drawn_from(known, one)]
    if level and others:
        return MissingError(
            say("This rehearsal has no fault of level {level} that can be hidden.", level=level),
            remedy=say("Choose one of {levels}.", levels=", ".join(others)),
        )
    return MissingError(
        say("This rehearsal has no fault that can be hidden."),
        remedy=say("Start the rehearsal again, with this version of warmbook."),
    )


def _stage_two(server: FaultsServer, known: Sequence[Fault], chance: random.Random) -> list[Fault]:
    """Stage a fault that stops the guide before the server, and one that does so after.

    The second appears once the first is mended, so the first is one that can be.
    """
    first = chance.choice([fault["name"] for fault in known if _can_be_first(fault)] or [""])
    if first:
        staged = server.stage(first)
        for second in _shuffled(known, chance):
            try:
                return [staged, server.stage(second)]
            except SettingsError:  # both change the same place: another
                continue
        server.unstage(first)
    raise MissingError(
        say("This rehearsal has no two faults that can be hidden together."),
        remedy=say("Choose another level: easy, medium or hard."),
    )


def _can_be_first(fault: Fault) -> bool:
    before = fault["pitfall"] in BEFORE_THE_SERVER
    return before and _may_be_drawn(fault) and bool(fault.get("mendable"))


def _shuffled(known: Sequence[Fault], chance: random.Random) -> Iterator[str]:
    names = [name for name in drawn_from(known) if name not in drawn_from(known, EASY)]
    yield from chance.sample(names, len(names))
