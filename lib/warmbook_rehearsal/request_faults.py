"""What comes between a client and a server of the rehearsal: nothing, unless a fault puts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

Service = Literal["google", "storage", "kubernetes", "caches"]
"""`caches` is Storage Control, which answers over gRPC: its path is the method's name."""


@dataclass(frozen=True)
class Incoming:
    """A request on its way in: to which service, its method, its path without the query.

    `address` is the loopback address that was called: the Pod's, where a Pod calls;
    `quota_project` the one that the caller lets the request count against.
    """

    service: Service
    method: str
    path: str
    query: str = ""
    address: str = ""
    quota_project: str = ""


Rule = Callable[[Incoming], Awaitable[None]]
"""Lets a request pass by returning, late or at once, or raises the service's own error."""


class RequestFaults:
    """The rules that every request meets, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._on_leaving: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Let every later request meet `rule`."""
        self._rules.append(rule)

    def add_on_leaving(self, rule: Rule) -> None:
        """Let every later request meet `rule` when it is done, just before its answer leaves."""
        self._on_leaving.append(rule)

    def remove(self, rule: Rule) -> None:
        """Let requests pass by `rule` again."""
        self._rules.remove(rule)

    def refuse_first(self, times: int, error: Exception, fits: Callable[[Incoming], bool]) -> None:
        """Let the first `times` requests that fit meet `error`, and those after them pass."""
        left = times

        async def refuse(incoming: Incoming) -> None:
            nonlocal left
            if left and fits(incoming):
                left -= 1
                raise error

        self.add(refuse)

    async def meet(self, incoming: Incoming) -> None:
        """Put a request through the rules.

        Raises:
            Exception: What a rule raised: an error of the service that was called.
        """
        for rule in tuple(self._rules):
            await rule(incoming)

    async def leave(self, incoming: Incoming) -> None:
        """Put a request that is done through the rules for its answer.

        Raises:
            Exception: What a rule raised: the client gets that instead of the answer.
        """
        for rule in tuple(self._on_leaving):
            await rule(incoming)
