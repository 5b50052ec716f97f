"""What comes between a client and a server of the rehearsal: nothing, unless a fault puts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

Service = Literal["google", "storage", "kubernetes"]


@dataclass(frozen=True)
class Incoming:
    """A request on its way in: to which service, its method, its path without the query.

    `address` is the loopback address that was called: the Pod's, where a Pod calls.
    """

    service: Service
    method: str
    path: str
    query: str = ""
    address: str = ""


Rule = Callable[[Incoming], Awaitable[None]]
"""Lets a request pass by returning, late or at once, or raises the service's own error."""


class Interference:
    """The rules that every request meets, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Let every later request meet `rule`."""
        self._rules.append(rule)

    def remove(self, rule: Rule) -> None:
        """Let requests pass by `rule` again."""
        self._rules.remove(rule)

    async def meet(self, incoming: Incoming) -> None:
        """Put a request through the rules.

        Raises:
            Exception: What a rule raised: an error of the service that was called.
        """
        for rule in tuple(self._rules):
            await rule(incoming)
