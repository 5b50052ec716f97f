"""Holding the faults of a rehearsal while the guide is graded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from ...cloud.rehearsal import stopped

_END = b"0\r\n\r\n"
"""The last chunk of a body. Source: RFC 9112, 7.1."""


class Hold:
    """A request that the rehearsal answers to its end only once its body ends.

    Until then, nothing that the guide itself does repairs a fault.
    """

    def __init__(self, connection: HTTPConnection, answer: HTTPResponse) -> None:
        self._connection, self._answer, self._held = connection, answer, True

    def release(self) -> None:
        """End the hold; after this, each repair counts. Again, it does nothing.

        Raises:
            UnreachableError: The rehearsal has ended.
        """
        if not self._held:
            return
        self._held = False
        try:
            self._connection.send(_END)
            self._answer.read()
        except (OSError, HTTPException) as error:
            raise stopped() from error


@contextmanager
def held(url: str, token: str, *, answer_s: float) -> Iterator[Hold]:
    """Hold the faults; the end of the block or of this process ends the connection, and the hold.

    An error of the guide is not replaced by one of the rehearsal's.

    Raises:
        UnreachableError: No rehearsal answers, or it has ended.
    """
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=answer_s)) as connection:
        hold = Hold(connection, _begun(connection, token))
        yield hold
        hold.release()


def _begun(connection: HTTPConnection, token: str) -> HTTPResponse:
    """Send the request but for the end of its body, and return the answer as it begins."""
    try:
        connection.putrequest("POST", "/hold")
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        answer = connection.getresponse()
    except (OSError, HTTPException) as error:
        raise stopped() from error
    if answer.status != HTTPStatus.OK:  # by now that port is another program's
        raise stopped()
    return answer
