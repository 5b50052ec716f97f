"""JSON API: resumable uploads, from the first request to the last chunk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web

from .errors import StorageError, invalid, no_such_upload
from .objects import Meta, checked_name, merged, settable
from .permissions import needed_to_write
from .request import Call, json_response
from .sessions import ResumableUpload
from .verify import check_expected, expected_of_document, expected_of_headers

MIN_CHUNK_BYTES = 2**18
_CONTENT_RANGE = re.compile(r"bytes (?:\*|(\d{1,19})-(\d{1,19}))/(\*|\d{1,19})", re.ASCII)


@dataclass(frozen=True)
class Chunk:
    """What a Content-Range says of the body: bytes `start` to before `stop`, of `total` in all.

    A `stop` of None means "to the end of the body", a `total` of None "not known yet"; a mere
    question about the status is an empty chunk.
    """

    start: int
    stop: int | None
    total: int | None

    @classmethod
    def of_header(cls, header: str | None) -> Chunk:
        """Read it; no header means that the body is the whole content.

        Raises:
            StorageError: 400, it is malformed.
        """
        if header is None:
            return cls(0, None, None)
        match = _CONTENT_RANGE.fullmatch(header.strip())
        if match is None:
            raise invalid(f"Failed to parse Content-Range header: '{header}'")
        total = None if match[3] == "*" else int(match[3])
        if match[1] is None:
            return cls(0, 0, total)
        chunk = cls(int(match[1]), int(match[2]) + 1, total)
        chunk.check()
        return chunk

    def check(self) -> None:
        """Check that it is not upside down, not past the total, and not too small.

        Raises:
            StorageError: 400.
        """
        stop, total = self.stop or 0, self.total
        if stop <= self.start or (total is not None and stop > total):
            raise invalid("The Content-Range header contradicts itself.")
        if stop != total and stop - self.start < MIN_CHUNK_BYTES:
            raise invalid(
                "Invalid request. The number of bytes uploaded is required to be equal or greater "
                f"than {MIN_CHUNK_BYTES}, except for the final request. The received request "
                f"contained {stop - self.start} bytes, which does not meet this requirement."
            )


async def begin(call: Call) -> web.Response:
    """Objects: insert, uploadType=resumable: begin an upload and say where its chunks go."""
    document = await call.document()
    name = checked_name(document.get("name") or call.query.get("name"))
    bucket = call.bucket_to_write(name)
    defaults = {"contentType": call.headers.get("X-Upload-Content-Type")}
    fields = merged(defaults, settable(document))
    call.bucket(*needed_to_write(fields), about=name)
    call.storage.check(bucket.name, name, call.preconditions)
    upload = ResumableUpload(
        bucket.name,
        name,
        fields,
        expected_of_headers(call.request) + expected_of_document(document),
        call.preconditions,
        call.storage.blobs.writer(),
    )
    upload_id = call.storage.sessions.begin_resumable(upload)
    where = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&upload_id={upload_id}"
    headers = {"Location": call.base_url + where, "X-GUploader-UploadID": upload_id}
    return web.Response(headers=headers)


async def append(call: Call) -> web.Response:
    """Take the next chunk, or say how much has arrived.

    Checks no permission: as in Cloud Storage, who knows the upload's URL may continue it.
    """
    upload = _upload_of(call)
    chunk = Chunk.of_header(call.headers.get("Content-Range"))
    async with upload.lock:
        if upload.meta is None:
            await _receive(call, upload, chunk)
            if not _complete(upload, chunk):
                return _incomplete(upload)
            upload.meta = await _finished(call, upload)
        return json_response(call.described(upload.meta))


async def cancel(call: Call) -> web.Response:
    """Drop an upload and what has arrived of it. The status is 499, as in Cloud Storage."""
    upload = _upload_of(call)
    async with upload.lock:
        del call.storage.sessions.resumable[call.query["upload_id"]]
        if upload.meta is None:
            await upload.writer.discard()
    return web.Response(status=499)


def _upload_of(call: Call) -> ResumableUpload:
    upload = call.storage.sessions.resumable_of(call.query.get("upload_id", ""))
    if upload.bucket != call.path["bucket"]:
        raise no_such_upload()
    return upload


async def _receive(call: Call, upload: ResumableUpload, chunk: Chunk) -> None:
    writer, position = upload.writer, chunk.start
    if position > writer.size_bytes:
        raise invalid(
            f"Invalid request. According to the Content-Range header, the upload offset is "
            f"{position} byte(s), which exceeds already uploaded size of {writer.size_bytes} "
            "byte(s)."
        )
    try:
        async for piece in call.request.content.iter_any():
            if chunk.stop is not None and position + len(piece) > chunk.stop:
                raise invalid("The body is longer than the Content-Range header says.")
            # a client that lost our answer sends the same bytes again
            await writer.write(piece[max(0, writer.size_bytes - position) :])
            position += len(piece)
    finally:
        await writer.flush()
    if chunk.stop is not None and position < chunk.stop:
        raise invalid("The body is shorter than the Content-Range header says.")


def _complete(upload: ResumableUpload, chunk: Chunk) -> bool:
    if chunk.total is None:
        return chunk.stop is None
    if upload.writer.size_bytes > chunk.total:
        raise invalid("More bytes have arrived than the Content-Range header says there are.")
    return upload.writer.size_bytes == chunk.total


def _incomplete(upload: ResumableUpload) -> web.Response:
    arrived = upload.writer.size_bytes
    headers = {"Range": f"bytes=0-{arrived - 1}"} if arrived else {}
    return web.Response(status=308, reason="Resume Incomplete", headers=headers)


async def _finished(call: Call, upload: ResumableUpload) -> Meta:
    content = await upload.writer.finish()
    try:
        check_expected(content, [*upload.expected, *expected_of_headers(call.request)])
        return call.storage.commit(
            upload.bucket, upload.name, content, upload.fields, upload.preconditions
        )
    except StorageError:
        content.remove()
        call.storage.sessions.resumable.pop(call.query["upload_id"], None)
        raise
