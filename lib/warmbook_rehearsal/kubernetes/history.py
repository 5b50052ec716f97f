"""The changes of a cluster's objects in order, as etcd remembers them for watches."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from .objects import Obj

REMEMBERED = 4096
"""Changes that a watch can still be started from."""


@dataclass(frozen=True)
class Change:
    """One change: `type` is ADDED, MODIFIED or DELETED; `previous` is None when ADDED."""

    type: str
    kind: str
    obj: Obj
    previous: Obj | None

    @property
    def version(self) -> int:
        """The resourceVersion that the change made."""
        return int(self.obj["metadata"]["resourceVersion"])


class Subscription(AsyncIterator[Change]):
    """The changes since it was made, in order; over when it is dropped."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Change] = asyncio.Queue()

    async def __anext__(self) -> Change:
        return await self.queue.get()


class History:
    """The latest changes, the resourceVersion that counts them, and those who follow them."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=REMEMBERED)
        self._subscriptions: weakref.WeakSet[Subscription] = weakref.WeakSet()
        self._compacted = 0
        self.version = 100
        """The resourceVersion of the last change."""

    def add(self, type_: str, kind: str, obj: Obj, previous: Obj | None) -> None:
        """Give a changed object its resourceVersion, and every subscription the change."""
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        change = Change(type_, kind, obj, previous)
        self._changes.append(change)
        for subscription in self._subscriptions:
            subscription.queue.put_nowait(change)

    def subscribe(self) -> Subscription:
        """Return the changes from now on; drop the iterator to end it."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        return subscription

    def since(self, version: int) -> Sequence[Change] | None:
        """Return the changes after a resourceVersion, None if some are forgotten."""
        if version < self.oldest_version - 1:
            return None
        return [change for change in self._changes if change.version > version]

    @property
    def oldest_version(self) -> int:
        """The resourceVersion of the oldest change that is remembered."""
        return max(self._changes[0].version, self._compacted + 1)

    def compact(self) -> None:
        """Forget every change so far, as etcd does every few minutes: no watch starts there."""
        self.version += 1
        self._compacted = self.version
