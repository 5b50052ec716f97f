"""One request to the rehearsal itself, limited in time and size.

A learner can put a program of their own in the place of a rehearsal. So the limit holds for the
whole exchange: the timeout of a socket would begin anew with each byte. No proxy is used, and no
redirect followed: the token goes nowhere else.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 1_000_000
"""Of an answer; the list of all faults has some 50 kB."""


def request(
    method: str,
    url: str,
    token: str,
    *,
    within_s: float,
    body: Mapping[str, Any] | None = None,
) -> tuple[int, str]:
    """Return status and text of the answer; both are there after `within_s` seconds.

    Raises:
        OSError: Nobody answers, not within that time, not over HTTP, or with too much.
    """
    end = time.monotonic() + within_s
    at = urlsplit(url)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body)
    try:
        with closing(HTTPConnection(at.netloc, timeout=within_s)) as connection:
            connection.connect()
            with _hung_up_at(end, connection.sock):
                connection.request(method, at.path, content, headers)
                answer = connection.getresponse()
                read = answer.read(MOST_BYTES + 1)
    except HTTPException as error:
        raise ConnectionError(f"{url} does not answer over HTTP: {error!r}") from None
    if time.monotonic() >= end:
        raise TimeoutError(f"{url} did not answer within {within_s:g} s")
    if len(read) > MOST_BYTES:
        raise ConnectionError(f"{url} answers with more than {MOST_BYTES} bytes")
    return answer.status, read.decode(errors="replace")


@contextmanager
def _hung_up_at(end: float, connection: socket.socket) -> Iterator[None]:
    """End the connection at that time, which wakes up whoever waits for it."""
    timer = threading.Timer(max(0.0, end - time.monotonic()), _hang_up, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended meanwhile
        connection.shutdown(socket.SHUT_RDWR)
