"""Holding the faults of a rehearsal while the guide is graded."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import TracebackType
from urllib.parse import urlsplit

from ...cloud.rehearsal import stopped

_END = b"0\r\n\r\n"
"""The last chunk of a body. Source: RFC 9112, 7.1."""


class Hold:
    """A request that the rehearsal answers to its end only once its body ends.

    Until then, nothing that the guide itself does repairs a fault. If this process ends, the
    connection does too, and with it the hold.
    """

    def __init__(self, url: str, token: str, *, answer_s: float) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=answer_s)
        self._token = token
        self._held = False

    def __enter__(self) -> Hold:
        """Begin to hold.

        Raises:
            UnreachableError: No rehearsal answers.
        """
        try:
            self._answer = self._asked()
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise stopped() from error
        if self._answer.status != HTTPStatus.OK:  # by now that port is another program's
            self._connection.close()
            raise stopped()
        self._held = True
        return self

    def _asked(self) -> HTTPResponse:
        """Send the request but for the end of its body, and return the answer as it begins."""
        self._connection.putrequest("POST", "/hold")
        self._connection.putheader("Authorization", f"Bearer {self._token}")
        self._connection.putheader("Transfer-Encoding", "chunked")
        self._connection.endheaders()
        return self._connection.getresponse()

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
        finally:
            self._connection.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the hold; an error of the guide is not replaced by one of the rehearsal's."""
        if error is None:
            self.release()
        elif self._held:
            self._held = False
            self._connection.close()
