"""What makes a function a step: its command by hand, and errors in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import update_wrapper
from typing import Concatenate, Generic, ParamSpec, TypeVar

from ..cloud.clients import Clients
from ..cloud.errors import explained
from ..settings import Settings
from .card import Card

P = ParamSpec("P")
C = TypeVar("C", bound=Card)


class Step(Generic[P, C]):
    """One action of the guide: call it to do it, ask its `command` for the way by hand."""

    def __init__(
        self,
        run: Callable[Concatenate[Settings, Clients, P], C],
        command: Callable[[Settings], str],
    ) -> None:
        self._run, self.command = run, command
        update_wrapper(self, run)

    def __call__(
        self, settings: Settings, clients: Clients, *args: P.args, **kwargs: P.kwargs
    ) -> C:
        """Do the step and return its card, with the command folded into it."""
        with explained():
            card = self._run(settings, clients, *args, **kwargs)
        return replace(card, command=card.command or self.command(settings))


def step(
    command: Callable[[Settings], str],
) -> Callable[[Callable[Concatenate[Settings, Clients, P], C]], Step[P, C]]:
    """Make a function of (settings, clients) a step that shows `command` for doing it by hand."""
    return lambda run: Step(run, command)
