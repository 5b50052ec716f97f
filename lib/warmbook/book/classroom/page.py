"""The trainer's page: the statuses of a class in a browser, seen anew every few seconds.

It is served on loopback, where every user of the machine can connect. So each request needs the
token of the link, and a name in `Host` that is this machine's: another site's page may reach
127.0.0.1 under a name of its own. Nothing can be changed through it.
Source: OWASP, "Content Security Policy"; MDN, "Referrer-Policy".
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...cloud.rehearsal import is_loopback
from ...errors import MissingError, SettingsError
from ...measure.runs.page_template import template
from ...texts import say, spoken
from . import table
from .seats import seats
from .status import SeatStatus, statuses

HOST = "127.0.0.1"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
POLICY = (
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; "
    "script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_KINDS = {"up": "good", "crashed": "bad", "not-answering": "bad", "free": "soft"}


@dataclass(frozen=True)
class _Row:
    seat: str
    state: str
    kind: str
    where: str
    failed: str
    gym: str
    faults: str
    memory: str


class Server(ThreadingHTTPServer):
    """Serves the page of the class in `folder` on loopback; `link` has its token.

    Raises:
        SettingsError: Another program has the port.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.token = folder, secrets.token_urlsafe(24)
        seats(folder)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
            told = say("Port {port} can't be used: {reason}.", port=port, reason=reason)
            raise SettingsError(told, remedy=say("Name another with --port.")) from None

    @property
    def link(self) -> str:
        """What the trainer opens."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        given = parse_qs(asked.query).get("token", [""])[0]
        if not is_loopback(self.headers.get("Host", "")) or not _equal(given, self.server.token):
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", say("The link's token is missing."))
        elif asked.path == "/":
            nonce = secrets.token_urlsafe(16)
            page = document(_now(self.server.folder), nonce)
            self._answer(HTTPStatus.OK, "text/html", page, nonce)
        elif asked.path == "/status.json":
            told = [one.told() for one in _now(self.server.folder)]
            self._answer(HTTPStatus.OK, "application/json", json.dumps(told))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", say("not found"))

    def _answer(self, status: HTTPStatus, kind: str, text: str, nonce: str = "") -> None:
        content = text.encode()
        self.send_response(status)
        headers = {**HEADERS, "Content-Security-Policy": POLICY.format(nonce=nonce)}
        headers |= {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(content))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # the tab was closed meanwhile
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the token is in each request."""


def _equal(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())


def _now(folder: Path) -> list[SeatStatus]:
    try:
        return statuses(seats(folder))
    except MissingError:  # the class's folder has been removed
        return []


def document(shown: Sequence[SeatStatus], nonce: str) -> str:
    """Return the page for these statuses; `nonce` is that of its script."""
    heads = ("seat", "state", "notebook", "failed", "gym", "staged", "memory")
    titles = {
        "seat": say("seat"),
        "state": say("state"),
        "notebook": say("notebook"),
        "failed": say("failed"),
        "gym": say("gym"),
        "staged": say("staged faults"),
        "memory": say("memory"),
    }
    return template("class.html").render(
        language=spoken(),
        title=say("Class"),
        summary=_summary(shown),
        heads=[titles[name] for name in heads],
        rows=[_row(one) for one in shown],
        every_s=int(table.EVERY_S),
        lost=say("The page is not updated: the command that serves it has stopped."),
        nonce=nonce,
    )


def _summary(shown: Sequence[SeatStatus]) -> str:
    return say(
        "{up} of {count} seats are up, with a failure: {failed}",
        up=sum(one.state == "up" for one in shown),
        count=len(shown),
        failed=sum(bool(one.failed) for one in shown),
    )


def _row(one: SeatStatus) -> _Row:
    return _Row(
        seat=one.seat,
        state=table.state(one),
        kind=_KINDS.get(one.state, "open"),
        where=table.where(one),
        failed=f"{one.failed} ({table.ago(one.failed_since)})" if one.failed else "",
        gym=table.gym(one),
        faults=", ".join(one.faults),
        memory=table.memory(one),
    )
