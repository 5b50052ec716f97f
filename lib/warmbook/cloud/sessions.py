"""The HTTP sessions inside the clients: requests sent again, connections kept.

Google's clients make their sessions themselves and have no public name for them: this module
alone knows where they are, in the releases of `TRIED`. What it changes in a session it changes
publicly, by mounting an adapter.
"""

from __future__ import annotations

from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter

from .rehearsal import refuse_if_gone
from .retry import again, asked_s, is_broken, may_pass

TRIED = {
    "google-cloud-billing": "1.21.0",
    "google-cloud-container": "2.67.0",
    "google-cloud-resource-manager": "1.19.0",
    "google-cloud-service-usage": "1.18.0",
    "google-cloud-storage": "3.17.1",
}
"""The releases in which the sessions were found, by distribution; a test holds the lock to it."""

SCHEMES = ("https://", "http://")


def session_of_rest(client: Any) -> Session:
    """Return the session of a generated client with the REST transport."""
    session: Session = client.transport._session
    return session


def session_of_storage(client: Any) -> Session:
    """Return the session of google-cloud-storage's client."""
    session: Session = client._http
    return session


def make_persistent(session: Session, patience_s: float) -> None:
    """Let a session send each request again while that may help, a POST too.

    The libraries of Google's services do so for some answers to a GET only.
    """
    for scheme in SCHEMES:
        session.mount(scheme, _Persistent(session.get_adapter(scheme), patience_s))


def keep_connections(session: Session, most: int) -> None:
    """Let each of many readers keep its connection: requests itself keeps ten.

    Source: google-cloud-storage, "Connection pool is full", which mounts an adapter so.
    """
    for scheme in SCHEMES:
        session.mount(scheme, _OfRehearsals(pool_maxsize=most))


class _OfRehearsals(HTTPAdapter):
    """An adapter whose errors are final once the rehearsal that was asked has ended.

    Cloud Storage's library would ask it again for two minutes.
    """

    def send(self, *args: Any, **kwargs: Any) -> Response:
        try:
            return super().send(*args, **kwargs)
        except Exception as error:
            if is_broken(error):
                refuse_if_gone()
            raise


class _Persistent(BaseAdapter):
    """Sends requests by another adapter, again while that may help.

    Source: requests, "Transport Adapters".
    """

    def __init__(self, inner: BaseAdapter, patience_s: float) -> None:
        super().__init__()
        self._inner, self._patience_s = inner, patience_s

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """Return the answer, whole unless it is streamed: its end may be what does not come."""

        def sent() -> Response:
            answer = self._inner.send(request, stream, timeout, verify, cert, proxies)
            if not stream:
                answer.content  # noqa: B018 - reads it
            return answer

        return again(sent, passing=may_pass, patience_s=self._patience_s, asked_s=asked_s)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
