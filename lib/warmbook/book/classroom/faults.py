"""Stage a fault in the rehearsal of a seat, or remove it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import SettingsError, UnreachableError
from ...texts import say
from ..gym.faults_server import FaultsServer
from .seats import Seat, not_running


def stage(one: Seat, name: str) -> bool:
    """Stage the fault of this name on a seat; return whether its rehearsal was used before.

    What exists in a rehearsal that was used can hide a fault.

    Raises:
        MissingError: There is no such fault.
        SettingsError: The seat does not run, or the fault can't be staged beside another.
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
        SettingsError: The seat does not run.
        UnreachableError: The rehearsal does not answer.
    """
    with _server(one) as server:
        server.unstage(name)


@contextmanager
def _server(one: Seat) -> Iterator[FaultsServer]:
    """Give the client of a seat's rehearsal; word its errors for a trainer."""
    running = one.running()
    if running is None or not running.faults or not running.process.runs_for(one.owner):
        raise not_running(one)
    try:
        yield FaultsServer(running.faults, running.token)
    except SettingsError as error:
        raise SettingsError(
            error.what, remedy=say("Remove the other fault first, or choose another one.")
        ) from None
    except (UnreachableError, TypeError, ValueError):  # no answer, or none of a rehearsal's
        raise UnreachableError(
            say("Seat {name} does not answer.", name=one.name), remedy=say("Reset the seat.")
        ) from None
