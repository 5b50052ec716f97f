"""Uploads in parts as the wire has them: begun, listed, sent, completed, aborted.

Source: Cloud Storage, "XML API multipart uploads".
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from ...cloud.clients import Clients

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed.

Source: Cloud Storage, "Retry strategy".
"""

TRIES, TRYING_S = 8, 120.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 32.0
TIMEOUT_S = (20.0, 120.0)
"""How long a connection may take, and how long the other side may be silent."""

PIECE_BYTES = 256 * 2**10
"""How much of a part goes out between two looks at whether it still should."""


class StoppedError(Exception):
    """The upload was stopped; nothing is wrong with it."""


@dataclass(frozen=True)
class Unfinished:
    """An upload that was begun and neither completed nor aborted."""

    name: str
    upload_id: str
    begun: str
    """When, as RFC 3339 has it."""


@dataclass(frozen=True)
class Part:
    """A part that the bucket holds; `tag` is its MD5 in hex."""

    number: int
    tag: str
    size_bytes: int


class Body:
    """The bytes of a part on their way: `sent` of them so far, until `cut` is set."""

    def __init__(self, data: bytes, cut: threading.Event) -> None:
        self._data, self._cut, self.sent = data, cut, 0

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[memoryview]:
        self.sent = 0
        view = memoryview(self._data)
        for start in range(0, len(view), PIECE_BYTES):
            if self._cut.is_set():
                raise StoppedError
            yield view[start : start + PIECE_BYTES]
            self.sent = min(start + PIECE_BYTES, len(view))


class Multipart:
    """The XML API of one bucket; each request is tried again while that may help."""

    def __init__(self, clients: Clients, bucket: str, stop: threading.Event) -> None:
        self.bucket, self.retries = bucket, 0
        self._session = clients.storage._http
        self._base = f"{clients.storage.api_endpoint.rstrip('/')}/{bucket}"
        self._stop = stop

    def url(self, name: str) -> str:
        """Return the address of an object; a slash in its name is no step of the path."""
        return f"{self._base}/{quote(name, safe='')}"

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yield the uploads under way to names that begin with `prefix`."""
        asked = {"prefix": prefix}
        for page in self._pages(self._base, "uploads", asked, ("KeyMarker", "UploadIdMarker")):
            for one in _all(page, "Upload"):
                yield Unfinished(one["Key"], one["UploadId"], one.get("Initiated", ""))

    def parts(self, name: str, upload_id: str) -> Iterator[Part]:
        """Yield the parts that have arrived, by number."""
        asked = {"uploadId": upload_id}
        for page in self._pages(self.url(name), "", asked, ("PartNumberMarker",)):
            for one in _all(page, "Part"):
                yield Part(int(one["PartNumber"]), one["ETag"].strip('"'), int(one["Size"]))

    def begin(self, name: str, content_type: str) -> str:
        """Begin an upload; return its id."""
        headers = {"Content-Type": content_type, "Content-Length": "0"}
        answer = self._ask("POST", f"{self.url(name)}?uploads", headers=headers)
        return _fields(ElementTree.fromstring(answer.content))["UploadId"]

    def put(self, name: str, upload_id: str, number: int, body: Body, crc32c: str) -> str:
        """Send a part, which the bucket holds against `crc32c` (base64); return its tag."""
        query = urlencode({"partNumber": number, "uploadId": upload_id})
        headers = {"x-goog-hash": f"crc32c={crc32c}"}
        answer = self._ask("PUT", f"{self.url(name)}?{query}", headers=headers, data=body)
        return str(answer.headers["ETag"]).strip('"')

    def complete(self, name: str, upload_id: str, tags: Mapping[int, str]) -> None:
        """Make the object of the parts in `tags`; it appears whole, and the upload is gone."""
        parts = "".join(
            f'<Part><PartNumber>{number}</PartNumber><ETag>"{tags[number]}"</ETag></Part>'
            for number in sorted(tags)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        self._ask("POST", self._of(name, upload_id), data=body.encode())

    def abort(self, name: str, upload_id: str) -> None:
        """Remove an upload and its parts."""
        self._ask("DELETE", self._of(name, upload_id))

    def _of(self, name: str, upload_id: str) -> str:
        return f"{self.url(name)}?{urlencode({'uploadId': upload_id})}"

    def _pages(
        self, url: str, what: str, asked: Mapping[str, str], markers: Iterable[str]
    ) -> Iterator[ElementTree.Element]:
        """Yield the pages of a listing; each tells with which `markers` the next one begins."""
        more: dict[str, str] = {}
        while True:
            query = urlencode({**asked, **more})
            answer = self._ask("GET", f"{url}?{what}{'&' if what else ''}{query}")
            page = ElementTree.fromstring(answer.content)
            yield page
            told = _fields(page)
            if told.get("IsTruncated") != "true":
                return
            more = {_dashed(marker): told.get(f"Next{marker}", "") for marker in markers}

    def _ask(self, method: str, url: str, **request: Any) -> Any:
        """Send a request until it is answered for good.

        Raises:
            GoogleAPICallError: A refusal that would be repeated, or the last one of many.
            RequestException: The service could not be reached, many times.
            StoppedError: The upload was stopped meanwhile.
        """
        from requests import exceptions

        broken = (
            exceptions.ConnectionError,
            exceptions.Timeout,
            exceptions.ChunkedEncodingError,
        )

        start = time.monotonic()
        for turn in range(TRIES):
            if self._stop.is_set():
                raise StoppedError
            problem: Exception
            try:
                answer = self._session.request(method, url, timeout=TIMEOUT_S, **request)
            except broken as error:
                problem = error
            else:
                if answer.status_code < 400:
                    return answer
                problem = _refusal(answer)
                if answer.status_code not in RETRIED and "BadDigest" not in str(problem):
                    raise problem
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**turn) * random.uniform(0.5, 1)
            if turn == TRIES - 1 or time.monotonic() - start + wait > TRYING_S:
                raise problem
            self.retries += 1
            if self._stop.wait(wait):
                raise StoppedError
        raise AssertionError("no request is tried zero times")


def _refusal(answer: Any) -> Exception:
    """Return the error for an answer of the XML API, with its code and message."""
    from google.api_core.exceptions import from_http_status

    try:
        told = _fields(ElementTree.fromstring(answer.content))
    except ElementTree.ParseError:
        told = {"Code": answer.reason}
    words = [told.get("Code", ""), told.get("Details") or told.get("Message", "")]
    message = ": ".join(word for word in words if word)
    return from_http_status(answer.status_code, message, response=answer)


def _all(page: ElementTree.Element, kind: str) -> Iterator[dict[str, str]]:
    return (_fields(element) for element in page if _local(element) == kind)


def _fields(element: ElementTree.Element) -> dict[str, str]:
    return {_local(child): (child.text or "") for child in element}


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _dashed(marker: str) -> str:
    """Return a marker's name in a query: `UploadIdMarker` is `upload-id-marker`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in marker).lstrip("-")
