"""What is awaited under a deadline: its end, its error, its lateness, and a cancellation."""

import asyncio
import gc

import pytest

from warmbook_rehearsal.deadline import within


async def failing():
    raise LookupError("gone")


def test_what_it_comes_to_is_returned():
    assert asyncio.run(within(10, asyncio.sleep(0, "done"))) == "done"


def test_its_error_is_raised():
    with pytest.raises(LookupError, match="gone"):
        asyncio.run(within(10, failing()))


def test_what_is_late_is_cancelled():
    async def scenario():
        late = asyncio.ensure_future(asyncio.sleep(60))
        with pytest.raises(asyncio.TimeoutError):
            await within(0.01, late)
        await asyncio.wait({late}, timeout=10)
        return late.cancelled()

    assert asyncio.run(scenario())


@pytest.mark.parametrize(
    "ends", [lambda it: it.set_result(1), lambda it: it.set_exception(OSError)]
)
def test_a_cancellation_at_the_moment_of_the_end_is_not_lost(ends):
    """Python 3.10 and 3.11 lose it in asyncio.wait_for: github.com/python/cpython/issues/86296."""
    unread = []

    async def scenario():
        asyncio.get_running_loop().set_exception_handler(lambda _, told: unread.append(told))
        awaited = asyncio.get_running_loop().create_future()
        waits = asyncio.create_task(within(60, awaited))
        await asyncio.sleep(0)
        ends(awaited)
        waits.cancel()
        await asyncio.wait({waits}, timeout=10)
        del awaited
        return waits.cancelled()

    assert asyncio.run(scenario())
    gc.collect()
    assert unread == []


def test_what_is_awaited_is_cancelled_with_it():
    async def scenario():
        awaited = asyncio.ensure_future(asyncio.sleep(60))
        waits = asyncio.create_task(within(60, awaited))
        await asyncio.sleep(0)
        waits.cancel()
        await asyncio.wait({awaited, waits}, timeout=10)
        return awaited.cancelled(), waits.cancelled()

    assert asyncio.run(scenario()) == (True, True)
