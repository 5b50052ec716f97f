"""Uploads that take several requests, and what has arrived of them; begins and ends none."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone

from .blobs import BlobWriter, Content
from .errors import no_such_upload
from .objects import Fields, Meta
from .preconditions import Preconditions
from .verify import Expected


@dataclass
class ResumableUpload:
    """One content that arrives in chunks; `meta` is set when it is complete."""

    bucket: str
    name: str
    fields: Fields
    expected: Expected
    preconditions: Preconditions
    writer: BlobWriter
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    meta: Meta | None = None


@dataclass
class MultipartUpload:
    """One content that arrives in numbered parts, in any order."""

    bucket: str
    name: str
    fields: Fields
    parts: dict[int, Content] = field(default_factory=dict)
    begun: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def remove_parts(self) -> None:
        """Remove the files of all parts."""
        for part in self.parts.values():
            part.remove()
        self.parts.clear()


class Sessions:
    """The uploads under way, by id."""

    def __init__(self) -> None:
        self.resumable: dict[str, ResumableUpload] = {}
        self.multipart: dict[str, MultipartUpload] = {}

    def begin_resumable(self, upload: ResumableUpload) -> str:
        """Keep a resumable upload, and return its id."""
        upload_id = uuid.uuid4().hex
        self.resumable[upload_id] = upload
        return upload_id

    def begin_multipart(self, upload: MultipartUpload) -> str:
        """Keep a multipart upload, and return its id."""
        upload_id = uuid.uuid4().hex
        self.multipart[upload_id] = upload
        return upload_id

    def resumable_of(self, upload_id: str) -> ResumableUpload:
        """Return a resumable upload; raises StorageError 404 if there is none."""
        if upload_id not in self.resumable:
            raise no_such_upload()
        return self.resumable[upload_id]

    def multipart_of(self, upload_id: str, bucket: str, name: str) -> MultipartUpload:
        """Return a multipart upload to this object; raises StorageError 404 if there is none."""
        upload = self.multipart.get(upload_id)
        if upload is None or (upload.bucket, upload.name) != (bucket, name):
            raise no_such_upload()
        return upload

    def forget(self, bucket: str) -> None:
        """Drop the uploads to a bucket that is gone, with what has arrived of them."""
        for upload_id, resumable in list(self.resumable.items()):
            if resumable.bucket == bucket:
                del self.resumable[upload_id]
                if resumable.meta is None:
                    resumable.writer.path.unlink(missing_ok=True)
        for upload_id, multipart in list(self.multipart.items()):
            if multipart.bucket == bucket:
                del self.multipart[upload_id]
                multipart.remove_parts()
