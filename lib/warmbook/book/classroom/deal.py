"""Stage a fault in the rehearsals of a class, or take it back."""

from __future__ import annotations

from ...errors import SettingsError, UnreachableError
from ...texts import say
from ..gym.faults_server import FaultsServer
from .seats import Seat, not_running


def deal(one: Seat, name: str, *, take_back: bool = False) -> None:
    """Stage the fault of this name on a seat, or take it back.

    Raises:
        MissingError: There is no such fault, or it is not staged.
        SettingsError: The seat does not run, or another fault is in the way.
        UnreachableError: The rehearsal does not answer.
    """
    running = one.running()
    if running is None or not running.faults or not running.process.runs_for(one.owner):
        raise not_running(one)
    server = FaultsServer(running.faults, running.token)
    try:
        server.unstage(name) if take_back else server.stage(name)
    except SettingsError as error:
        raise SettingsError(
            error.what, remedy=say("Remove the other fault first, or choose another one.")
        ) from None
    except (OSError, TypeError, ValueError) as error:  # no answer, or none of a rehearsal's
        raise UnreachableError(str(error), remedy=say("Reset the seat.")) from error
