"""One file on its way into a bucket: what the bucket has of it is kept, the rest is sent.

No journal is kept on disk: what an earlier attempt left is what the bucket lists.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import google_crc32c

from ...errors import ResourceFailedError
from ...texts import say
from .multipart import Body, Multipart, Part, StoppedError
from .source import Source, plan

SHA256 = "warmbook-sha256"
"""Metadata of an object whose bytes were held against this digest, and were found the same."""


class Hashes:
    """What a file's bytes add up to, taken in part by part, each when its turn has come."""

    def __init__(self, stop: threading.Event, *, sha256: bool) -> None:
        self._crc32c = google_crc32c.Checksum()
        self._sha256 = hashlib.sha256() if sha256 else None
        self._stop, self._turn, self._next = stop, threading.Condition(), 1

    def add(self, number: int, data: bytes) -> None:
        """Take in a part after those before it, which other threads bring."""
        with self._turn:
            while self._next != number:
                if self._stop.is_set():
                    raise StoppedError
                self._turn.wait(0.2)
            self._crc32c.update(data)
            if self._sha256:
                self._sha256.update(data)
            self._next += 1
            self._turn.notify_all()

    @property
    def crc32c(self) -> str:
        """The CRC32C so far, in base64."""
        return _base64(self._crc32c)

    @property
    def sha256(self) -> str:
        """The SHA-256 so far, in hex; nothing where nobody asked."""
        return self._sha256.hexdigest() if self._sha256 else ""


@dataclass
class Tally:
    """What all threads have done so far, in bytes."""

    sent: int = 0
    kept: int = 0
    compared: int = 0
    flying: set[Body] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, sent: int = 0, kept: int = 0, compared: int = 0) -> None:
        """Count bytes that have arrived, were there, or were held against the bucket's."""
        with self.lock:
            self.sent, self.kept = self.sent + sent, self.kept + kept
            self.compared += compared

    @contextmanager
    def on_the_way(self, body: Body) -> Iterator[None]:
        """Count a part while it flies, and for good when it has arrived."""
        with self.lock:
            self.flying.add(body)
        arrived = 0
        try:
            yield
            arrived = len(body)
        finally:
            with self.lock:
                self.flying.discard(body)
                self.sent += arrived


class FileUpload:
    """One source and its object; threads call `part` for each number of the `plan`."""

    def __init__(
        self, source: Source, blob: Any, wire: Multipart, tally: Tally, stop: threading.Event
    ) -> None:
        self.source, self.plan = source, plan(source.size_bytes)
        self.blob, self.done = blob, False
        self.kept: dict[int, Part] = {}
        self.cut = threading.Event()
        self._wire, self._tally, self._stop = wire, tally, stop
        self._hashes = Hashes(stop, sha256=bool(source.sha256))
        self._upload_id, self._tags = "", dict[int, str]()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The object's name in the bucket."""
        return str(self.blob.name)

    @property
    def in_bucket(self) -> int:
        """How many bytes of the file the bucket holds, as an object or as parts."""
        if self.done:
            return self.source.size_bytes
        numbers = self._tags.keys() | self.kept.keys()
        return sum(self.plan.span(number)[1] for number in numbers)

    def offer(self, upload_id: str, parts: Iterable[Part]) -> None:
        """Continue this upload if more of its parts fit than of one offered before.

        One whose parts are all cut otherwise is somebody else's; an empty one may be ours.
        """
        parts = list(parts)
        checkable = self.source.local or self.source.sha256
        fitting = {part.number: part for part in parts if checkable and self.plan.fits(part)}
        better = len(fitting) > len(self.kept) or not (parts or self._upload_id)
        if self.plan.count > 1 and better:
            self._upload_id, self.kept = upload_id, fitting

    @property
    def upload_id(self) -> str:
        """The upload that is continued or was begun; nothing before that."""
        return self._upload_id

    def there(self) -> bool:
        """Say whether the object holds these very bytes already; reads on one side at most."""
        if self.blob.size != self.source.size_bytes:
            return False
        if not self.source.sha256:
            self.done = self._read_through() == self.blob.crc32c
        elif marked := (self.blob.metadata or {}).get(SHA256):
            self.done = marked == self.source.sha256
        else:
            self.done = self._read_back(self.blob) == self.source.sha256
            if self.done:
                self._mark(self.blob)
        return self.done

    def part(self, number: int) -> None:
        """Bring one part into the bucket, and the object when it is the last one missing.

        Raises:
            ResourceFailedError: What arrived, or what the source gave, is not the file.
        """
        if self.plan.count == 1:
            self._send_whole()
            return
        if number in self.kept and not self.source.local:
            self._tally.add(kept=self.kept[number].size_bytes)
            self._arrived(number, self.kept[number].tag)
            return
        start, length = self.plan.span(number)
        data = self.source.read(start, length)
        if not self._unread:
            self._hashes.add(number, data)
        kept = self.kept.get(number)
        if kept and hashlib.md5(data, usedforsecurity=False).hexdigest() == kept.tag:
            self._tally.add(kept=length)
            self._arrived(number, kept.tag)
            return
        body = Body(data, self.cut)
        with self._tally.on_the_way(body), self._still_there():
            tag = self._wire.put(self.name, self._begun(), number, body, _crc32c(data))
        self._arrived(number, tag)

    @property
    def _unread(self) -> bool:
        """Whether parts were kept that nobody here has read."""
        return bool(self.kept) and not self.source.local

    def _begun(self) -> str:
        with self._lock:
            if not self._upload_id:
                self._upload_id = self._wire.begin(self.name, _content_type(self.name))
            return self._upload_id

    def _arrived(self, number: int, tag: str) -> None:
        with self._lock:
            self._tags[number] = tag
            if len(self._tags) < self.plan.count:
                return
        self._complete()

    def _complete(self) -> None:
        if not self._unread and self._hashes.sha256 != self.source.sha256:
            self._wire.abort(self.name, self._upload_id)
            raise self._differs()
        made = self._made()
        if not self._unread:
            same = made.crc32c == self._hashes.crc32c
        else:
            same = self._read_back(made) == self.source.sha256
        if not same:
            self._discard(made)
            raise self._differs()
        if self.source.sha256:
            self._mark(made)
        self.done = True

    def _made(self) -> Any:
        """Complete the upload; return the object as the bucket has it."""
        from google.api_core.exceptions import NotFound

        lost = None
        try:
            self._wire.complete(self.name, self._upload_id, self._tags)
        except NotFound as error:
            lost = error
        made = self.blob.bucket.get_blob(self.name)
        if made is None or (lost and (self._unread or made.crc32c != self._hashes.crc32c)):
            # An answer that got lost would have left our object; this is another, or none.
            raise self._ended() from lost
        return made

    @contextmanager
    def _still_there(self) -> Iterator[None]:
        from google.api_core.exceptions import NotFound

        try:
            yield
        except NotFound as error:
            raise self._ended() from error

    def _send_whole(self) -> None:
        data = self.source.read(0, self.source.size_bytes)
        made = self.blob.bucket.blob(self.name)
        if self.source.sha256:
            if hashlib.sha256(data).hexdigest() != self.source.sha256:
                raise self._differs()
            made.metadata = {SHA256: self.source.sha256}
        made.upload_from_string(data, content_type=_content_type(self.name), checksum="crc32c")
        if made.crc32c != _crc32c(data):
            self._discard(made)
            raise self._differs()
        self._tally.add(sent=len(data))
        self.done = True

    def _read_through(self) -> str:
        """Return the CRC32C of the source, in base64."""
        crc32c = google_crc32c.Checksum()
        for data in self._pieces(self.source.read):
            crc32c.update(data)
        return _base64(crc32c)

    def _read_back(self, made: Any) -> str:
        """Return the SHA-256 of an object, in hex, reading it from the bucket."""

        def ranged(start: int, length: int) -> bytes:
            return made.download_as_bytes(start=start, end=start + length - 1, checksum=None)

        sha256 = hashlib.sha256()
        for data in self._pieces(ranged):
            sha256.update(data)
        return sha256.hexdigest()

    def _pieces(self, read: Callable[[int, int], bytes]) -> Iterator[bytes]:
        for number in range(1, self.plan.count + 1):
            if self._stop.is_set():
                raise StoppedError
            start, length = self.plan.span(number)
            if length:
                yield read(start, length)
                self._tally.add(compared=length)

    def _mark(self, made: Any) -> None:
        """Write down that the object was compared; who may not, compares again next time."""
        from google.api_core.exceptions import Forbidden

        made.metadata = {**(made.metadata or {}), SHA256: self.source.sha256}
        with suppress(Forbidden):
            made.patch(if_generation_match=made.generation)

    def _discard(self, made: Any) -> None:
        """Remove the object that was just made, and no other generation of it."""
        from google.api_core.exceptions import NotFound, PreconditionFailed

        with suppress(NotFound, PreconditionFailed):
            made.delete(if_generation_match=made.generation)

    def _ended(self) -> ResourceFailedError:
        return ResourceFailedError(
            say("The upload of {name} was aborted by someone else.", name=self.name),
            remedy=say("Run this again: it sends what is missing."),
        )

    def _differs(self) -> ResourceFailedError:
        return ResourceFailedError(
            say("{name} has a different checksum in the bucket; it was discarded.", name=self.name),
            remedy=say("Run this again: it sends the file anew."),
        )


def _crc32c(data: bytes) -> str:
    return _base64(google_crc32c.Checksum(data))


def _base64(checksum: google_crc32c.Checksum) -> str:
    """Return a checksum as Cloud Storage writes it."""
    return base64.b64encode(checksum.digest()).decode()


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
