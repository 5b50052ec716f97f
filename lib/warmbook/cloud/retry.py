"""Requests sent again while what went wrong may pass: with growing pauses, and with an end.

Creating a thing twice is no danger: whatever the workbook creates it names, so that a request
whose answer was lost is refused with 409 the second time, and the step looks for the thing.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from .rehearsal import refuse_if_gone

T = TypeVar("T")

TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may succeed."""

PATIENCE_S = 60.0
"""How long a request is sent again after its first failure, in seconds: rates count by minute."""

REHEARSED_S = 10.0
"""The same in a rehearsal, whose minutes are shorter."""

NOBODY_S = 3.0
"""The same while nobody listens: most often the address is wrong, or the network is off.

It does not hold once the server has answered or a connection to it broke: then the address is
right, and the server may be starting anew.
"""

FIRST_S, LONGEST_S = 0.5, 16.0
"""The first pause and the longest, in seconds; each is twice the one before, less chance."""

BROKEN = {
    "google.TransportError",
    "requests.ConnectionError",
    "requests.ChunkedEncodingError",
    "requests.Timeout",
    "urllib3.NewConnectionError",
    "urllib3.ProtocolError",
    "urllib3.TimeoutError",
}
"""What client libraries raise when a connection broke; by name, for none is imported here."""

QUOTA, RATE = re.compile(r"(?i)quota"), re.compile(r"(?i)rate_?limit|requests")
"""Words of a 429 that stays until somebody raises a quota, unless it is one for a rate."""

TRIES = 5
"""How often a thing is read, changed and written before giving up on somebody's writes."""

NOBODY = re.compile(r"NewConnectionError|NameResolutionError|(?i:refused|resolve)")

_most_s: ContextVar[float] = ContextVar("most_s", default=PATIENCE_S)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Send requests again for at most `seconds` inside."""
    token = _most_s.set(seconds)
    try:
        yield
    finally:
        _most_s.reset(token)


def again(
    send: Callable[[], T],
    *,
    passing: Callable[[T], bool],
    patience_s: float = PATIENCE_S,
    asked_s: Callable[[T], float] = lambda _: 0.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Return what `send` returns; send again while that is `passing`, or a connection broke.

    When `patience_s` seconds are over, the last answer is returned as it is. An answer may ask
    for a pause of `asked_s` seconds, its Retry-After; it gets one of LONGEST_S at most.

    Raises:
        UnreachableError: The rehearsal that was asked has ended.
        Exception: What `send` raised last; what is no broken connection's at once.
    """
    patience_s, pause_s = min(patience_s, _most_s.get()), FIRST_S
    failed_first: float | None = None
    nobody = True
    while True:
        try:
            answer = send()
            if not passing(answer):
                return answer
            broken, least_s, nobody = None, asked_s(answer), False
        except Exception as error:
            if not is_broken(error):
                raise
            refuse_if_gone()
            nobody = nobody and bool(NOBODY.search(f"{error!r} {error}"))
            broken, least_s = error, 0.0
        wait_s = min(LONGEST_S, max(least_s, pause_s * random.uniform(0.5, 1)))
        failed_first = clock() if failed_first is None else failed_first
        limit_s = min(patience_s, NOBODY_S) if nobody else patience_s
        if clock() + wait_s > failed_first + limit_s:
            if broken:
                raise broken
            return answer
        sleep(wait_s)
        pause_s *= 2


def is_broken(error: BaseException) -> bool:
    """Tell whether a connection broke, which the next attempt may be spared."""
    names = {f"{cls.__module__.partition('.')[0]}.{cls.__name__}" for cls in type(error).__mro__}
    return bool(names & BROKEN)


def rewritten(attempt: Callable[[], T]) -> T:
    """Return what `attempt` returns, a whole read-change-write; do it again on a stale etag.

    Source: IAM, "Policy: etag"; a stale one is answered with 409, by Cloud Storage with 412.
    """
    from google.api_core.exceptions import Conflict, PreconditionFailed

    for left in reversed(range(TRIES)):
        try:
            return attempt()
        except (Conflict, PreconditionFailed):
            if not left:
                raise
    raise AssertionError("unreachable")


def may_pass(answer: Any) -> bool:
    """Tell whether the request of an HTTP answer may succeed when it is sent again."""
    if answer.status_code == 429 and QUOTA.search(answer.text) and not RATE.search(answer.text):
        return False
    return answer.status_code in TRANSIENT


def asked_s(answer: Any) -> float:
    """Return the seconds of an answer's Retry-After, 0 where it names none."""
    asked = str(answer.headers.get("Retry-After", ""))
    return float(asked) if asked.isdecimal() else 0.0
