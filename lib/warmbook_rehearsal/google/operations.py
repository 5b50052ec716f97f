"""google.longrunning operations that finish by themselves; GKE's are another kind."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from google.longrunning import operations_pb2

from ..access import Caller
from .errors import GoogleError

Finish = Callable[[], Any]
"""Makes the change that an operation stands for and returns its response."""


class Operations:
    """The operations of Service Usage and Resource Manager, by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, prefix: str, after_s: float, finish: Finish, metadata: Any) -> Any:
        """Begin an operation that calls `finish` after a while."""
        operation = operations_pb2.Operation(name=f"operations/{prefix}.{secrets.token_hex(12)}")
        operation.metadata.Pack(_pb(metadata))
        self._by_name[operation.name] = operation
        self.spawn(_complete(operation, after_s, finish))
        return operation

    def done(self, response: Any) -> Any:
        """Return an operation that had nothing to do."""
        operation = operations_pb2.Operation(name="operations/noop.DONE_OPERATION", done=True)
        operation.response.Pack(_pb(response))
        return operation

    def get(self, request: Any, caller: Caller) -> Any:
        """Return an operation as it stands."""
        operation = self._by_name.get(request.name)
        if operation is None:
            raise GoogleError("NOT_FOUND", f"Operation not found: {request.name}.")
        return operation

    def spawn(self, work: Awaitable[None]) -> None:
        """Run work in the background until it ends or `close` is called."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _complete(operation: Any, after_s: float, finish: Finish) -> None:
    await asyncio.sleep(after_s)
    operation.response.Pack(_pb(finish()))
    operation.done = True


def _pb(message: Any) -> Any:
    return type(message).pb(message) if hasattr(type(message), "wrap") else message
