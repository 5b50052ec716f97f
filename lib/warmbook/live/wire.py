"""Requests to Cloud Storage as a check words them: one try, the answer as it is, no exception."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ..cloud.clients import Clients

TIMEOUT_S = 60


class Wire:
    """Cloud Storage's two APIs for one bucket, with the reader's own credentials."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._session = clients.storage._http
        self._base = clients.storage.api_endpoint.rstrip("/")
        self._bucket = bucket

    def json(self, method: str, path: str = "", **request: Any) -> Any:
        """Return the JSON API's answer for a path below the bucket, such as `/o/NAME`."""
        return self._ask(method, f"/storage/v1/b/{self._bucket}{path}", request)

    def upload(self, name: str, data: bytes, **request: Any) -> Any:
        """Return the answer to an object that is written in one request."""
        path = f"/upload/storage/v1/b/{self._bucket}/o?uploadType=media&name={named(name)}"
        return self._ask("POST", path, {"data": data, **request})

    def xml(self, method: str, path: str, **request: Any) -> Any:
        """Return the XML API's answer for a path below the bucket."""
        return self._ask(method, f"/{self._bucket}/{path}", request)

    def _ask(self, method: str, path: str, request: dict[str, Any]) -> Any:
        return self._session.request(method, f"{self._base}{path}", timeout=TIMEOUT_S, **request)


def named(name: str) -> str:
    """Return an object's name as part of a path."""
    return quote(name, safe="")


def told(answer: Any) -> dict[str, Any]:
    """Return what a fact keeps of an answer: its status, and the first words of a refusal."""
    if answer.status_code < 400:
        return {"status": answer.status_code}
    return {"status": answer.status_code, "said": answer.text[:300]}
