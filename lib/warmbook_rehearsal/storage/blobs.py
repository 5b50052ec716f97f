"""Contents of objects: files that never change once written; knows no names and no buckets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import google_crc32c

BATCH_BYTES = 2**20


@dataclass(frozen=True)
class Content:
    """A file of bytes and its checksums in base64; joined contents have no md5."""

    path: Path
    size_bytes: int
    crc32c: str
    md5: str | None

    def remove(self) -> None:
        """Remove the file; who has it open can read on."""
        self.path.unlink(missing_ok=True)


class Checksums:
    """Add up crc32c and md5 of bytes that pass by."""

    def __init__(self) -> None:
        self._crc32c, self._md5 = google_crc32c.Checksum(), hashlib.md5(usedforsecurity=False)

    def add(self, data: bytes) -> None:
        """Take in the next bytes; releases the GIL."""
        self._crc32c.update(data)
        self._md5.update(data)

    @property
    def crc32c(self) -> str:
        """The crc32c so far, in base64."""
        return base64.b64encode(self._crc32c.digest()).decode()

    @property
    def md5(self) -> str:
        """The md5 so far, in base64."""
        return base64.b64encode(self._md5.digest()).decode()


class BlobWriter:
    """Write one content as it arrives, in batches off the loop, holding two of them at most."""

    def __init__(self, path: Path) -> None:
        self.path, self.size_bytes = path, 0
        self._checksums = Checksums()
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._storing: asyncio.Future[None] | None = None
        path.touch()

    async def write(self, data: bytes) -> None:
        """Take in the next bytes; waits while the batch before is still being written."""
        self._batch.append(data)
        self._batch_bytes += len(data)
        self.size_bytes += len(data)
        if self._batch_bytes >= BATCH_BYTES:
            await self._store()

    async def flush(self) -> None:
        """Wait until all that was written is in the file and in the checksums."""
        await self._store()
        await self._settle()

    async def finish(self) -> Content:
        """Flush, and return the content."""
        await self.flush()
        return Content(self.path, self.size_bytes, self._checksums.crc32c, self._checksums.md5)

    async def discard(self) -> None:
        """Remove what was written."""
        self._batch = []
        if self._storing:
            await asyncio.wait([self._storing])
        self.path.unlink(missing_ok=True)

    async def _store(self) -> None:
        await self._settle()
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        if batch:
            self._storing = asyncio.ensure_future(asyncio.to_thread(self._append, batch))

    async def _settle(self) -> None:
        if self._storing:
            # shielded: the thread cannot be cancelled, so neither may be what stands for it
            await asyncio.shield(self._storing)

    def _append(self, batch: list[bytes]) -> None:
        with self.path.open("ab") as file:
            for data in batch:
                file.write(data)
                self._checksums.add(data)


class Blobs:
    """A folder of contents. All that reads or writes whole files blocks: not on the loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def writer(self) -> BlobWriter:
        """Return a writer for a new content."""
        return BlobWriter(self._new_path())

    def link(self, content: Content) -> Content:
        """Return a second content with the same bytes, at the cost of a link."""
        return replace(content, path=self._linked(content.path))

    def adopt(self, source: Path, *, crc32c: str | None, md5: str | None) -> Content:
        """Return a content with the bytes of `source`, by a hard link where one can be made.

        Otherwise by a symbolic one: it is on another device, or somebody else's. The file is
        read only if a checksum is missing. It must not be written to afterwards.
        """
        path = self._linked(source)
        size_bytes = path.stat().st_size
        if crc32c and md5:
            return Content(path, size_bytes, crc32c, md5)
        checksums = Checksums()
        for data in _pieces(path):
            checksums.add(data)
        return Content(path, size_bytes, checksums.crc32c, checksums.md5)

    def join(self, contents: Iterable[Content]) -> Content:
        """Return a content with the bytes of `contents`, one after the other."""
        path, size_bytes, crc32c = self._new_path(), 0, google_crc32c.Checksum()
        try:
            with path.open("wb") as file:
                for data in (data for content in contents for data in _pieces(content.path)):
                    size_bytes += file.write(data)
                    crc32c.update(data)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Content(path, size_bytes, base64.b64encode(crc32c.digest()).decode(), None)

    def _linked(self, source: Path) -> Path:
        path, source = self._new_path(), source.resolve(strict=True)
        try:
            os.link(source, path)
        except OSError:
            path.symlink_to(source)
        return path

    def _new_path(self) -> Path:
        return self._folder / uuid.uuid4().hex


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while data := file.read(BATCH_BYTES):
            yield data
