"""A deadline for what is awaited, under which no cancellation is lost.

`asyncio.wait_for` of Python 3.10 and 3.11 returns as if nothing had happened when a task is
cancelled at the moment at which what it awaits has just ended. A task that goes on in a loop then
never ends, and neither does what waits for it. Source: github.com/python/cpython/issues/86296.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, awaited: Awaitable[T]) -> T:
    """Return what `awaited` comes to; cancel it when `seconds` have passed, or when this is.

    Raises:
        asyncio.TimeoutError: It took longer.
    """
    task = asyncio.ensure_future(awaited)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
        raise asyncio.TimeoutError
    finally:
        if not task.cancel() and not task.cancelled():
            task.exception()  # read, or asyncio reports an error that nobody waits for any more
