"""Tier 1, cents: a bucket of the run's own, the small model, uploads and their checksums."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import google_crc32c

from ..model.upload.multipart import Body, Multipart
from ..model.upload.one_file import SHA256
from ..model.upload.pool import send
from ..model.upload.source import PART_BYTES, LocalFile
from ..steps import upload, weights
from .checks import Facts, check, hold
from .session import LABEL, Session
from .wire import Wire, named, told

WEEK_S = 7 * 86_400
SENT_BYTES = PART_BYTES + 2**20
"""A file of two parts, of which an interrupted attempt has sent the first."""


@check(1, "temporary-bucket", needed=True)
def bucket(session: Session) -> Facts:
    """Make the run's bucket, with its label, and find it by that."""
    made = session.clients.storage.bucket(session.run)
    made.labels = {LABEL: session.run}
    made.iam_configuration.uniform_bucket_level_access_enabled = True
    made.create(location=session.settings.region)
    found = session.clients.storage.get_bucket(session.run)
    return hold(found.labels.get(LABEL) == session.run, place=found.location)


@check(1, "new-bucket-soft-delete")
def soft_delete_of_a_new_bucket(session: Session) -> Facts:
    """Read the policy that a new bucket has; then turn it off, for deleted files would cost."""
    found = session.clients.storage.get_bucket(session.run)
    kept_s = int(found.soft_delete_policy.retention_duration_seconds or 0)
    found.soft_delete_policy.retention_duration_seconds = 0
    found.patch()
    return hold(kept_s == WEEK_S, seconds=kept_s)


@check(1, "hub-upload", needed=True)
def small_model(session: Session) -> Facts:
    """Bring the small model from Hugging Face into the bucket by notebook 03, twice."""
    first = upload.model(session.settings, session.clients, report=session.report)
    again = upload.model(session.settings, session.clients, report=session.report)
    seen = weights.inspect(session.settings, session.clients)
    marked = [
        blob.name
        for blob in session.bucket.list_blobs(prefix=f"{session.settings.model_path}/")
        if SHA256 in (blob.metadata or {})
    ]
    facts = {"commit": first.commit, "bytes": first.sent_bytes, "marked": len(marked)}
    return hold(
        seen.whole and marked and not again.sent and len(again.there) == len(first.sent),
        **facts,
        gib_s=round(first.throughput_gib_s, 4),
        findings=[one.what for one in seen.findings],
    )


@check(1, "interrupted-upload")
def upload_that_goes_on(session: Session) -> Facts:
    """Send the first part of a file, as an attempt that was cut short, and let 03 go on."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cut.safetensors"
        path.write_bytes(os.urandom(SENT_BYTES))
        first = path.read_bytes()[:PART_BYTES]
        with _begun(session, "cut/cut.safetensors", first):
            with send(session.clients, session.run, "cut", [LocalFile.of(path)]) as sending:
                for _ in sending:
                    session.hold_deadline()
            facts = {"continued": sending.continued_bytes, "sent": sending.sent_bytes}
    return hold(facts == {"continued": PART_BYTES, "sent": SENT_BYTES - PART_BYTES}, **facts)


@contextmanager
def _begun(session: Session, name: str, data: bytes) -> Iterator[str]:
    """Have an upload whose first part has arrived; it is aborted unless it was completed."""
    from google.api_core.exceptions import NotFound

    wire = Multipart(session.clients, session.run, threading.Event())
    upload_id = wire.begin(name, "application/octet-stream")
    try:
        wire.put(name, upload_id, 1, Body(data, threading.Event()), _crc32c(data))
        yield upload_id
    finally:
        with suppress(NotFound):
            wire.abort(name, upload_id)


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()


@check(1, "uploads-listed")
def unfinished_uploads(session: Session) -> Facts:
    """Begin an upload, and find it and its part in the listings."""
    data = b"warmbook" * 1000
    wire = Multipart(session.clients, session.run, threading.Event())
    with _begun(session, "listed/part", data) as upload_id:
        listed = [one.upload_id for one in wire.unfinished("listed/")]
        parts = list(wire.parts("listed/part", upload_id))
    tags = [part.tag for part in parts]
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return hold(listed == [upload_id] and tags == [md5], uploads=len(listed), tags=tags, md5=md5)


@check(1, "bad-digest")
def part_that_is_not_what_it_says(session: Session) -> Facts:
    """Send a part with the checksum of other bytes."""
    with _begun(session, "digest/part", b"first") as upload_id:
        answer = Wire(session.clients, session.run).xml(
            "PUT",
            f"{named('digest/part')}?partNumber=2&uploadId={upload_id}",
            data=b"second",
            headers={"x-goog-hash": f"crc32c={_crc32c(b'other')}"},
        )
    return hold(answer.status_code == 400 and "BadDigest" in answer.text, **told(answer))


@check(1, "checksum-at-completion")
def completion_with_a_wrong_checksum(session: Session) -> Facts:
    """Complete an upload with the checksum of other bytes."""
    data = b"whole"
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    body = (
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
        f'<ETag>"{md5}"</ETag></Part></CompleteMultipartUpload>'
    )
    with _begun(session, "sum/whole", data) as upload_id:
        answer = Wire(session.clients, session.run).xml(
            "POST",
            f"{named('sum/whole')}?uploadId={upload_id}",
            data=body.encode(),
            headers={"x-goog-hash": f"crc32c={_crc32c(b'other')}"},
        )
    return hold(answer.status_code == 400, **told(answer))
