"""What was just granted or enabled holds a while later; without a delay it holds at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from .access import Binding


class Propagation:
    """When things that began hold: `delay_s` seconds after they began, here and not in the cloud.

    What never began here held from the start. What ends, ends at once: only its beginning is
    late. Sources: IAM, "Access change propagation" (2 minutes as a rule, 7 or more at times);
    Google's 403 for an API that is off, which asks to wait a few minutes.
    """

    def __init__(
        self, delay_s: float = 0.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.delay_s, self._clock = delay_s, clock
        self._since: dict[Hashable, float] = {}

    def begin(self, *things: Hashable) -> None:
        """Let each of the things begin now."""
        for thing in things:
            self._since[thing] = self._clock()

    def end(self, *things: Hashable) -> None:
        """Let each of the things have ended."""
        for thing in things:
            self._since.pop(thing, None)

    def holds(self, thing: Hashable, *, delays: float = 1.0) -> bool:
        """Say whether a thing that is there holds by now, `delays` times the delay after."""
        began = self._since.get(thing)
        return began is None or self._clock() - began >= delays * self.delay_s

    def changed(self, before: Iterable[Binding], after: Iterable[Binding], of: Hashable) -> None:
        """Let the grants that a change of the policy of `of` adds begin, and the others end."""
        there, then = set(_grants(before, of)), set(_grants(after, of))
        self.end(*(there - then))
        self.begin(*(then - there))

    def holding(self, bindings: Iterable[Binding], of: Hashable) -> list[Binding]:
        """Return a policy's bindings with those members only whose grants hold by now."""
        if not self.delay_s:
            return list(bindings)
        return [
            {
                **binding,
                "members": [
                    m for m in binding.get("members", ()) if self.holds(_key(binding, m, of))
                ],
            }
            for binding in bindings
        ]


def _grants(bindings: Iterable[Binding], of: Hashable) -> Iterable[Hashable]:
    return (_key(binding, m, of) for binding in bindings for m in binding.get("members", ()))


def _key(binding: Binding, member: str, of: Hashable) -> Hashable:
    condition: Any = binding.get("condition") or {}
    return of, binding.get("role"), member, json.dumps(condition, sort_keys=True)
