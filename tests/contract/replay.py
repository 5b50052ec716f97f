"""A tape's requests, sent again to a rehearsal: it must answer them as Google did."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from .discovery import Exchange, undescribed

OF_ONE_MOMENT = ("generation", "ifGeneration", "ifMetageneration", "pageToken", "upload_id")
"""Beginnings of query parameters whose values another run does not have."""

LIMIT_S = 10
"""How long an answer may take to become Google's, where an operation must end first."""


def can_be_sent_again(exchange: Exchange) -> bool:
    """Whether a request is whole on the tape, and means the same in another run."""
    written = exchange.method in ("POST", "PUT", "PATCH") and exchange.request is None
    action = exchange.method == "POST" and ":" in exchange.path.rpartition("/")[2]
    return not (
        undescribed(exchange)
        or exchange.host.startswith("sts.")
        or "/operations/" in exchange.path
        or (written and not action)
        or any(name.startswith(OF_ONE_MOMENT) for name, _ in exchange.query)
    )


def differences(tape: list[Exchange], environ: Mapping[str, str]) -> Iterator[str]:
    """Send a tape's requests in their order; yield each whose answer has another shape."""
    for exchange in filter(can_be_sent_again, tape):
        answer = _answer(exchange, environ)
        if answer.status_code != exchange.status:
            yield f"{exchange}: the rehearsal answers {answer.status_code} {answer.text[:200]}"
        elif exchange.response is not None and exchange.status < 300:
            yield from (f"{exchange}: {one}" for one in _kinds(exchange.response, answer.json()))


def _answer(exchange: Exchange, environ: Mapping[str, str]) -> requests.Response:
    """Send a request until it is answered as on the tape, or for `LIMIT_S` seconds."""
    end = time.monotonic() + LIMIT_S
    while True:
        answer = _send(exchange, environ)
        refused = answer.status_code >= 400 > exchange.status
        if not refused or time.monotonic() > end:
            return answer
        time.sleep(0.1)


def _send(exchange: Exchange, environ: Mapping[str, str]) -> requests.Response:
    of_storage = exchange.host.startswith("storage.")
    server = environ["STORAGE_EMULATOR_HOST" if of_storage else "WARMBOOK_REHEARSAL_URL"]
    return requests.request(
        exchange.method,
        server + exchange.path,
        params=list(exchange.query),
        json=_without_etags(exchange.request),
        headers={"Authorization": f"Bearer {environ['WARMBOOK_REHEARSAL_TOKEN']}"},
        timeout=20,
    )


def _without_etags(document: Any) -> Any:
    """Return a document that replaces whatever is there: another run has other etags."""
    if not isinstance(document, dict):
        return document
    return {name: _without_etags(one) for name, one in document.items() if name != "etag"}


def _kinds(googles: Any, ours: Any, where: str = "") -> Iterator[str]:
    """Yield the fields that both answers have, with values of different JSON types."""
    if type(googles) is not type(ours):
        yield f"{where} is {type(ours).__name__}, Google's is {type(googles).__name__}"
    elif isinstance(googles, dict):
        for name in googles.keys() & ours.keys():
            yield from _kinds(googles[name], ours[name], f"{where}.{name}")
    elif isinstance(googles, list) and googles and ours:
        yield from _kinds(googles[0], ours[0], f"{where}[0]")
