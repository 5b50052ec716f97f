"""Stage a fault in the rehearsal of a seat, or remove it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...errors import SettingsError, UnreachableError
from ...texts import say
from ..gym.faults_server import FaultsServer, no_fault
from .at_once import AtOnce, not_answering
from .seats import Seat, not_running

ANSWER_S = 10.0
"""How long a rehearsal may take to stage a fault or to remove it, in seconds."""
LIST_S = 3.0
"""How long the seats together may take to name the faults, in seconds."""


def stage(one: Seat, name: str) -> bool:
    """Stage the fault of this name on a seat; return whether its rehearsal was used before.

    What exists in a rehearsal that was used can hide a fault.

    Raises:
        MissingError: There is no such fault.
        SettingsError: The seat is not up, or the fault can't be staged beside another.
        UnreachableError: The rehearsal does not answer.
    """
    with _server(one) as server:
        server.stage(name)
        changes, _ = server.changes()
        return changes > 0


def unstage(one: Seat, name: str) -> None:
    """Remove the fault of this name from a seat.

    Raises:
        MissingError: There is no such fault, or it is not staged.
        SettingsError: The seat is not up.
        UnreachableError: The rehearsal does not answer.
    """
    with _server(one) as server:
        server.unstage(name)


def check_name(chosen: Sequence[Seat], name: str) -> None:
    """Refuse a name that no fault has, before a seat is changed.

    The seats' rehearsals are asked at the same time. One that has the fault suffices; where none
    answers, nothing is refused.

    Raises:
        MissingError: There is no such fault.
    """
    asked = AtOnce(chosen, _names, len(chosen))
    known: set[str] = set()
    for names in asked.as_they_end(LIST_S):
        if isinstance(names, set):
            known |= names
        if name in known:
            return
    if known:
        raise no_fault(name, known)


def _names(one: Seat) -> set[str]:
    with _server(one) as server:
        return {str(fault["name"]) for fault in server.faults()}


@contextmanager
def _server(one: Seat) -> Iterator[FaultsServer]:
    """Give the client of a seat's rehearsal; word its errors for a trainer."""
    if (running := one.running()) is None:
        raise not_running(one)
    if running.state != "up" or not running.faults:  # a rehearsal that ends would lose the fault
        raise SettingsError(
            say("Seat {name} is not up yet.", name=one.name), remedy=say("Try again in a moment.")
        )
    try:
        yield FaultsServer(running.faults, running.token, ANSWER_S)
    except SettingsError as error:
        raise SettingsError(
            error.what, remedy=say("Remove the other fault first, or choose another one.")
        ) from None
    except (UnreachableError, LookupError, TypeError, ValueError):  # or no answer of a rehearsal's
        raise not_answering(one) from None
