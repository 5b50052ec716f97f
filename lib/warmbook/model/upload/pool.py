"""Many files into a bucket at once: threads, their order, what to show of it, and how to stop.

`config.json` comes last of all: until it is there, nobody takes the folder for a model.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType

from ...cloud.clients import Clients
from ...texts import say
from ...units import size
from .multipart import Multipart, StoppedError, Unfinished
from .one_file import FileUpload, Tally
from .source import Source

WORKERS = 8
"""Each holds one part in memory."""

LAST = "config.json"
LOOK_S = 0.2
RATE_OVER_S = 10.0
ARRIVE_S, END_S = 0.6, 0.2
"""How long parts on their way may still arrive after a stop, and their threads may take to end."""


@dataclass(frozen=True)
class Moment:
    """How far it is: bytes that the bucket has, bytes in all, bytes sent in a second."""

    done_bytes: int
    total_bytes: int
    rate: float
    compared_bytes: int = 0
    retries: int = 0
    over: bool = False

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return self.done_bytes / self.total_bytes if self.total_bytes else 1.0

    def __str__(self) -> str:
        told = f"{size(self.done_bytes)} / {size(self.total_bytes)}"
        if not self.over:
            told += f", {self.rate / 2**30:.3g} GiB/s"
        if self.compared_bytes:
            told += ", " + say("compared {size}", size=size(self.compared_bytes))
        if self.retries:
            told += ", " + say("requests retried: {count}", count=self.retries)
        return told


@dataclass(frozen=True)
class Stray:
    """An unfinished upload that this one does not continue; its parts are stored and billed."""

    upload: Unfinished
    size_bytes: int
    url: str


class Sending:
    """An upload of many files: iterate over it for its moments, and it happens meanwhile.

    Ctrl-C, an error, or leaving the `with` stops the threads; what has arrived stays.
    """

    def __init__(
        self, clients: Clients, bucket: str, prefix: str, sources: Sequence[Source]
    ) -> None:
        self._stop, self._tally = threading.Event(), Tally()
        self._wire = Multipart(clients, bucket, self._stop)
        self._bucket, self._prefix = clients.storage.bucket(bucket), f"{prefix}/"
        self._sources = sorted(sources, key=_place)
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self._closed = False
        self._trail: deque[tuple[float, int]] = deque()
        self.files: list[FileUpload] = []
        self.there: list[FileUpload] = []
        self._unfinished: list[Stray] = []

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return sum(source.size_bytes for source in self._sources)

    @property
    def in_bucket(self) -> int:
        """Bytes of them that the bucket has, in objects or in parts."""
        return sum(file.in_bucket for file in self.files)

    @property
    def sent_bytes(self) -> int:
        """Bytes that were sent and have arrived."""
        return self._tally.sent

    @property
    def continued_bytes(self) -> int:
        """Bytes of parts that an earlier attempt had sent."""
        return self._tally.kept

    @property
    def sent(self) -> list[FileUpload]:
        """The files that were sent, whole or the rest of them."""
        return [file for file in self.files if file.done and file not in self.there]

    @property
    def strays(self) -> list[Stray]:
        """Unfinished uploads to the folder that were there before and are not continued."""
        ours = {file.upload_id for file in self.files if file not in self.there}
        return [stray for stray in self._unfinished if stray.upload.upload_id not in ours]

    def __enter__(self) -> Sending:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop within a second: no new part, a moment for those on their way, then cut them off."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        self._join(ARRIVE_S)
        for file in self.files:
            file.cut.set()
        self._join(END_S)

    def __iter__(self) -> Iterator[Moment]:
        """Do it; yield how far it is, several times a second.

        Raises:
            WarmbookError: A source can't be read, or what arrived is not the file.
            GoogleAPICallError: The bucket refuses.
        """
        try:
            yield self._moment()
            self._list_bucket()
            yield from self._while(partial(self._compare, file) for file in self.files)
            missing = [file for file in self.files if not file.done]
            yield from self._while(_parts(f for f in missing if f.source.name != LAST))
            yield from self._while(_parts(f for f in missing if f.source.name == LAST))
            yield self._moment(over=True)
        finally:
            self.close()

    def _list_bucket(self) -> None:
        """See what the bucket has: objects, and what earlier uploads left unfinished."""
        there = {blob.name: blob for blob in self._bucket.list_blobs(prefix=self._prefix)}
        for source in self._sources:
            name = self._prefix + source.name
            blob = there.get(name) or self._bucket.blob(name)
            self.files.append(FileUpload(source, blob, self._wire, self._tally, self._stop))
        by_name = {file.name: file for file in self.files}
        for upload in self._wire.unfinished(self._prefix):
            parts = list(self._wire.parts(upload.name, upload.upload_id))
            held = sum(part.size_bytes for part in parts)
            self._unfinished.append(Stray(upload, held, self._wire.url(upload.name)))
            if file := by_name.get(upload.name):
                file.offer(upload.upload_id, parts)

    def _compare(self, file: FileUpload) -> None:
        if file.there():
            self.there.append(file)

    def _while(self, jobs: Iterable[Callable[[], None]]) -> Iterator[Moment]:
        """Let threads do the jobs in their order; yield moments until all are done."""
        queue, lock = iter(jobs), threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(queue, lock), daemon=True)
            for _ in range(WORKERS)
        ]
        for thread in self._threads:
            thread.start()
        while any(thread.is_alive() for thread in self._threads):
            self._join(LOOK_S)
            yield self._moment()
        if self._errors:
            raise self._errors[0]

    def _work(self, queue: Iterator[Callable[[], None]], lock: threading.Lock) -> None:
        try:
            while not self._stop.is_set():
                with lock:
                    job = next(queue, None)
                if job is None:
                    return
                job()
        except StoppedError:
            pass
        except BaseException as error:
            self._errors.append(error)
            self._stop.set()

    def _join(self, limit_s: float) -> None:
        end = time.monotonic() + limit_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _moment(self, *, over: bool = False) -> Moment:
        with self._tally.lock:
            sent = self._tally.sent + sum(body.sent for body in self._tally.flying)
            done = sent + self._tally.kept
        done += sum(file.source.size_bytes for file in self.there)
        now = time.monotonic()
        self._trail.append((now, sent))
        while now - self._trail[0][0] > RATE_OVER_S:
            self._trail.popleft()
        began, before = self._trail[0]
        rate = max(0, sent - before) / (now - began) if now > began else 0.0
        compared, retries = self._tally.compared, self._wire.retries
        return Moment(done, self.total_bytes, rate, compared, retries, over)


def send(clients: Clients, bucket: str, prefix: str, sources: Sequence[Source]) -> Sending:
    """Return the upload of `sources` to the folder `prefix` of a bucket; iterate to do it.

    Source: Cloud Storage, "XML API multipart uploads".
    """
    return Sending(clients, bucket, prefix, sources)


def _parts(files: Iterable[FileUpload]) -> Iterator[Callable[[], None]]:
    for file in files:
        for number in range(1, file.plan.count + 1):
            yield partial(file.part, number)


def _place(source: Source) -> tuple[bool, bool, str]:
    """Return where a file stands in the order: weights, then small files, `config.json` last."""
    return source.name == LAST, not source.name.endswith(".safetensors"), source.name
