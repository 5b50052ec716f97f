"""What the fuzz tests of the HTTP faces share."""

from __future__ import annotations

import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

import hypothesis

from ..figures import record
from ..machine import slowness

REQUESTS = int(os.environ.get("WARMBOOK_REQUESTS", "300"))
"""How many requests are drawn from the APIs' descriptions, of three servers together."""
SEED = int(os.environ.get("WARMBOOK_SEED", "5"))
LIMIT_S = 5
"""How long an answer may take on a machine at its usual speed."""
BATCH = 2000
"""How many requests one test draws: hypothesis keeps what it has drawn in memory."""


def places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (holder, key) of every value in a document."""
    for key in body if isinstance(body, dict) else range(len(body)):
        yield body, key
        if isinstance(body[key], dict | list):
            yield from places(body[key])


class Answer(NamedTuple):
    """What a server answered: its status, media type and body."""

    status: int
    kind: str
    body: bytes


class Wire:
    """Sends requests just as they are spelled, over one connection, and counts the answers."""

    def __init__(self, url: str, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        limit_s = LIMIT_S * slowness()
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=limit_s)
        self.statuses: Counter[int] = Counter()
        self.unanswered = 0
        self.slowest_s = 0.0

    def ask(self, verb: str, target: str, body: Any = None, media: str = "") -> Answer:
        """Return the answer to one request; a body is sent as JSON.

        Raises:
            TimeoutError: There is none within the limit.
        """
        begun = time.monotonic()
        raw = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, **({"Content-Type": media} if media else {})}
        try:
            answer = self._sent(verb, target, raw, headers)
        except TimeoutError:
            self._connection.close()
            self.unanswered += 1
            raise TimeoutError(f"no answer within the limit: {verb} {target} {raw!r}") from None
        self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        self.statuses[answer.status] += 1
        return answer

    def _sent(self, verb: str, target: str, raw: bytes | None, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request(verb, target, raw, headers)
            answer = self._connection.getresponse()
        except (ConnectionError, HTTPException):  # closed after the answer before
            self._connection.close()
            self._connection.request(verb, target, raw, headers)
            answer = self._connection.getresponse()
        return Answer(answer.status, answer.headers.get_content_type(), answer.read())

    @contextmanager
    def recorded(self, server: str, methods: int) -> Iterator[None]:
        """Write for docs/reliability.md how what the block asks was answered, however it ends."""
        try:
            yield
        finally:
            self._record(server, methods)

    def _record(self, server: str, methods: int) -> None:
        record(
            f"random requests: {server}",
            seed=SEED,
            requests=self.statuses.total() + self.unanswered,
            methods=methods,
            done=self._count(200, 400),
            refused=self._count(400, 500),
            not_there=self.statuses[501],
            failed=self._count(500, 600) - self.statuses[501] + self.unanswered,
            slowest_ms=round(self.slowest_s * 1000),
        )

    def _count(self, first: int, end: int) -> int:
        return sum(n for status, n in self.statuses.items() if first <= status < end)


def batches(share: int = 3) -> list[tuple[int, hypothesis.settings]]:
    """Return the seeds of the tests that draw a server's share, with how much each draws."""
    wanted = math.ceil(REQUESTS / share)
    sizes = [min(BATCH, wanted - begun) for begun in range(0, wanted, BATCH)]
    return [
        (
            SEED * 1000 + number,
            hypothesis.settings(
                max_examples=size,
                deadline=None,
                database=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            ),
        )
        for number, size in enumerate(sizes)
    ]
