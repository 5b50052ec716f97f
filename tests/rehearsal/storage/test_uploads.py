from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import socket
import time
from datetime import datetime, timezone

import google_crc32c
import pytest
from google.api_core import exceptions as refused
from google.cloud.storage import transfer_manager
from google.cloud.storage.exceptions import InvalidResponse
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from .conftest import TOKEN

CHUNK = 2**18
CONTENTS = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda seed, size: seed * size, st.binary(min_size=1, max_size=50), st.integers(1, 9999)
    ),
    st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]).map(os.urandom),
)


def crc32c(content):
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def start_of(http, bucket, name, **more):
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&name={name}"
    location = http.post(path, **more).headers["Location"]
    return location[location.index("/upload") :]


def by_media(http, bucket, content):
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=by"
    return http.post(path, data=content).json()


def by_multipart(http, bucket, content, *, line="\r\n", quote='"', declared=None, headers=None):
    end, part = line.encode(), b"--=b=="
    document = json.dumps({"name": "by", **(declared or {})}).encode()
    body = end.join(
        [
            *(part, b"Content-Type: application/json", b"", document),
            *(part, b"Content-Type: application/x-weights", b"", content),
            *(part + b"--", b""),
        ]
    )
    kind = f"multipart/related; boundary={quote}=b=={quote}"
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart"
    return http.post(path, data=body, headers={"Content-Type": kind, **(headers or {})}).json()


def by_gcloud_multipart(http, bucket, content):
    return by_multipart(http, bucket, content, line="\n", quote="'")


def by_resumable(http, bucket, content):
    where = start_of(http, bucket, "by")
    answer, total = None, len(content)
    for start in range(0, max(total, 1), CHUNK):
        chunk = content[start : start + CHUNK]
        stop = start + len(chunk)
        asked = f"bytes {start}-{stop - 1}/{total}" if chunk else f"bytes */{total}"
        answer = http.put(where, data=chunk, headers={"Content-Range": asked})
        assert answer.status_code == (200 if stop == total else 308)
    return answer.json()


def by_xml(http, bucket, content):
    assert http.put(f"/{bucket.name}/by", data=content).status_code == 200
    return http.get(f"/storage/v1/b/{bucket.name}/o/by").json()


@pytest.mark.parametrize(
    "upload", [by_media, by_multipart, by_gcloud_multipart, by_resumable, by_xml]
)
@budget(max_examples=12)
@given(content=CONTENTS)
def test_every_upload_keeps_the_bytes_and_returns_their_checksums(
    http, shared_bucket, upload, content
):
    meta = upload(http, shared_bucket, content)
    assert int(meta["size"]) == len(content)
    assert meta["crc32c"] == crc32c(content)
    assert meta["md5Hash"] == base64.b64encode(hashlib.md5(content).digest()).decode()
    assert http.get(f"/{shared_bucket.name}/by").content == content


def test_the_media_type_comes_from_the_second_part(http, shared_bucket):
    assert by_multipart(http, shared_bucket, b"x")["contentType"] == "application/x-weights"


def test_a_content_may_hold_most_of_its_boundary(http, shared_bucket):
    tricky = b"\r\n--=b" * 5 + b"\r\n" + b"x" * 400_000 + b"\r\n--=b"
    by_multipart(http, shared_bucket, tricky)
    assert http.get(f"/{shared_bucket.name}/by").content == tricky


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--=b==\r\n",
        b"--=b==\r\n\r\n{}\r\n--=b==\r\n\r\nno end",
        b"--=b==\r\n\r\n[]\r\n--=b==\r\n\r\nx\r\n--=b==--",
    ],
)
def test_a_broken_multipart_body_is_refused_with_400(http, bucket, body):
    kind = {"Content-Type": "multipart/related; boundary==b=="}
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart&name=x"
    assert http.post(path, data=body, headers=kind).status_code == 400


def test_the_client_resumes_in_chunks(bucket, tmp_path):
    source = tmp_path / "weights"
    source.write_bytes(os.urandom(5 * CHUNK + 17))
    blob = bucket.blob("weights", chunk_size=CHUNK)
    blob.upload_from_filename(source)
    assert blob.size == source.stat().st_size
    assert blob.download_as_bytes() == source.read_bytes()


def test_a_stream_of_unknown_length_is_uploaded(bucket):
    with bucket.blob("stream").open("wb", chunk_size=CHUNK) as file:
        for _ in range(5):
            file.write(b"x" * 100_000)
    assert bucket.get_blob("stream").size == 500_000


def test_a_status_query_returns_the_received_bytes(http, bucket):
    where = start_of(http, bucket, "x")
    ask = {"Content-Range": "bytes */*"}
    answer = http.put(where, headers=ask)
    assert (answer.status_code, answer.headers.get("Range")) == (308, None)
    first = {"Content-Range": f"bytes 0-{CHUNK - 1}/*"}
    assert http.put(where, data=b"a" * CHUNK, headers=first).status_code == 308
    assert http.put(where, headers=ask).headers["Range"] == f"bytes=0-{CHUNK - 1}"
    assert http.put(where, headers={"Content-Range": f"bytes */{CHUNK}"}).json()["name"] == "x"
    assert http.put(where, headers=ask).json()["name"] == "x"


def test_a_chunk_sent_twice_counts_once(http, bucket):
    where, total = start_of(http, bucket, "x"), 2 * CHUNK + 5
    content = os.urandom(total)
    for start, stop in [(0, CHUNK), (0, CHUNK), (0, 2 * CHUNK), (CHUNK, total)]:
        asked = {"Content-Range": f"bytes {start}-{stop - 1}/{total}"}
        answer = http.put(where, data=content[start:stop], headers=asked)
    assert answer.json()["crc32c"] == crc32c(content)


def test_a_connection_that_breaks_leaves_what_arrived(server, http, bucket, caplog):
    where = start_of(http, bucket, "x")
    content = os.urandom(2 * CHUNK)
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        head = f"PUT {where} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n"
        # by its connection a client is known only as long as that is open
        token = f"Authorization: Bearer {TOKEN}\r\n\r\n"
        peer.sendall((head + token).encode() + content[:CHUNK])
    for _ in range(200):
        answer = http.put(where, headers={"Content-Range": "bytes */*"})
        if "Range" in answer.headers:
            break
        time.sleep(0.05)
    arrived = int(answer.headers["Range"].partition("-")[2]) + 1
    asked = {"Content-Range": f"bytes {arrived}-{len(content) - 1}/{len(content)}"}
    assert http.put(where, data=content[arrived:], headers=asked).json()["crc32c"] == crc32c(
        content
    )
    assert not caplog.records


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (f"bytes {CHUNK}-{2 * CHUNK - 1}/*", b"a" * CHUNK),
        ("bytes 0-9/*", b"a" * 10),
        ("bytes 0-9/20", b"a" * 10),
        ("bytes 9-0/10", b""),
        ("bytes 0-9/5", b"a" * 10),
        ("bytes 0-9/10", b"a" * 5),
        ("bytes 0-9/10", b"a" * 15),
        ("pages 0-9/10", b"a" * 10),
        ("bytes */x", b""),
        ("bytes */-1", b""),
    ],
    ids=[
        "gap",
        "small",
        "small of known",
        "upside down",
        "past",
        "short",
        "long",
        "unit",
        "x",
        "-1",
    ],
)
def test_a_chunk_that_does_not_fit_is_refused_with_400(http, bucket, asked, body):
    where = start_of(http, bucket, "x")
    assert http.put(where, data=body, headers={"Content-Range": asked}).status_code == 400


def test_a_cancelled_upload_is_gone(http, bucket):
    where = start_of(http, bucket, "x")
    assert http.delete(where).status_code == 499
    assert http.put(where, data=b"x").status_code == 404
    assert bucket.get_blob("x") is None


def test_deleting_a_bucket_deletes_its_unfinished_uploads(server, http, client, bucket):
    folder = server.storage.blobs.writer().path.parent
    before = len(list(folder.iterdir()))
    where = start_of(http, bucket, "x")
    begun = http.post(f"/{bucket.name}/y?uploads").text
    upload_id = begun.partition("<UploadId>")[2].partition("<")[0]
    part = f"/{bucket.name}/y?partNumber=1&uploadId={upload_id}"
    assert http.put(part, data=b"x").status_code == 200
    assert len(list(folder.iterdir())) == before + 2
    bucket.delete()
    assert len(list(folder.iterdir())) == before
    client.create_bucket(bucket.name, location="us")
    assert http.put(where, data=b"x").status_code == 404
    assert http.put(part, data=b"x").status_code == 404


def test_a_chunk_may_come_by_post(http, bucket):
    where, content = start_of(http, bucket, "x"), os.urandom(CHUNK + 7)
    first = {"Content-Range": f"bytes 0-{CHUNK - 1}/{len(content)}"}
    assert http.post(where, data=content[:CHUNK], headers=first).status_code == 308
    last = {"Content-Range": f"bytes {CHUNK}-{CHUNK + 6}/{len(content)}"}
    assert http.post(where, data=content[CHUNK:], headers=last).json()["crc32c"] == crc32c(content)
    assert http.get(f"/{bucket.name}/x").content == content


def test_a_post_to_an_upload_that_is_not_there_is_404(http, bucket):
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&upload_id=none"
    assert http.post(path, data=b"x").status_code == 404


WRONG = [{"crc32c": "AAAAAA=="}, {"md5Hash": "AAAAAAAAAAAAAAAAAAAAAA=="}]


@pytest.mark.parametrize("declared", WRONG)
def test_a_wrong_checksum_at_the_start_is_refused_at_the_end(http, bucket, declared):
    where = start_of(http, bucket, "x", json={"name": "x", **declared})
    right = {"X-Goog-Hash": f"crc32c={crc32c(b'content')}"}
    assert http.put(where, data=b"content", headers=right).status_code == 400
    assert bucket.get_blob("x") is None


@pytest.mark.parametrize("declared", WRONG)
def test_a_wrong_checksum_in_multipart_metadata_is_refused(http, bucket, declared):
    right = {"X-Goog-Hash": f"crc32c={crc32c(b'content')}"}
    answer = by_multipart(http, bucket, b"content", declared=declared, headers=right)
    assert answer["error"]["code"] == 400
    assert bucket.get_blob("by") is None


@pytest.mark.parametrize("where", ["first", "last"])
def test_of_two_headers_with_checksums_none_may_be_wrong(http, bucket, where):
    right, wrong = f"crc32c={crc32c(b'content')}", "crc32c=AAAAAA=="
    pair = f"{wrong},{right}" if where == "first" else f"{right},{wrong}"
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x"
    assert http.post(path, data=b"content", headers={"X-Goog-Hash": pair}).status_code == 400
    assert http.post(path, data=b"content", headers={"X-Goog-Hash": right}).status_code == 200


def test_a_wrong_checksum_of_joined_parts_is_refused_and_the_parts_stay(http, bucket):
    begun = http.post(f"/{bucket.name}/x?uploads").text
    upload_id = begun.partition("<UploadId>")[2].partition("<")[0]
    tag = http.put(f"/{bucket.name}/x?partNumber=1&uploadId={upload_id}", data=b"content")
    body = (
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
        f"<ETag>{tag.headers['ETag']}</ETag></Part></CompleteMultipartUpload>"
    )
    path, wrong = f"/{bucket.name}/x?uploadId={upload_id}", {"X-Goog-Hash": "crc32c=AAAAAA=="}
    assert http.post(path, data=body, headers=wrong).status_code == 400
    assert bucket.get_blob("x") is None
    assert http.post(path, data=body).status_code == 200
    assert bucket.get_blob("x").crc32c == crc32c(b"content")


@pytest.mark.parametrize(
    "header", ["crc32c=AAAAAA==", "md5=AAAAAAAAAAAAAAAAAAAAAA==", "sha=x", "crc32c"]
)
def test_a_wrong_hash_is_refused_and_nothing_is_stored(http, bucket, header):
    hashed = {"X-Goog-Hash": header}
    media = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x"
    assert http.post(media, data=b"content", headers=hashed).status_code == 400
    assert http.put(f"/{bucket.name}/x", data=b"content", headers=hashed).status_code == 400
    where = start_of(http, bucket, "x")
    assert http.put(where, data=b"content", headers=hashed).status_code == 400
    assert bucket.get_blob("x") is None


def test_a_wrong_checksum_in_the_metadata_is_reported_with_both_values(bucket):
    blob = bucket.blob("x")
    blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
    with pytest.raises(refused.BadRequest, match="doesn't match calculated MD5 hash"):
        blob.upload_from_string("content")


@pytest.mark.parametrize("checksum", ["md5", "crc32c"])
def test_the_clients_own_checksum_is_right(bucket, tmp_path, checksum):
    source = tmp_path / "weights"
    source.write_bytes(os.urandom(2**20))
    bucket.blob("x", chunk_size=CHUNK).upload_from_filename(source, checksum=checksum)
    assert bucket.get_blob("x").crc32c == crc32c(source.read_bytes())


def test_gzipped_bytes_stay_gzipped(server, http, bucket):
    packed = gzip.compress(b"text" * 1000)
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    assert http.put(f"/{bucket.name}/x", data=packed, headers=headers).status_code == 200
    blob = bucket.get_blob("x")
    assert (blob.size, blob.content_encoding) == (len(packed), "gzip")
    assert blob.download_as_bytes(raw_download=True) == packed
    assert blob.download_as_bytes() == b"text" * 1000


def test_the_transfer_manager_uploads_many_files(bucket, tmp_path):
    for n in range(12):
        (tmp_path / f"{n}.bin").write_bytes(os.urandom(1000 * n))
    results = transfer_manager.upload_many_from_filenames(
        bucket,
        [f"{n}.bin" for n in range(12)],
        source_directory=str(tmp_path),
        blob_name_prefix="m/",
        worker_type=transfer_manager.THREAD,
        raise_exception=True,
    )
    assert results == [None] * 12
    for n in range(12):
        content = (tmp_path / f"{n}.bin").read_bytes()
        assert bucket.blob(f"m/{n}.bin").download_as_bytes() == content


def test_the_transfer_manager_uploads_parts_concurrently(bucket, tmp_path):
    source = tmp_path / "big"
    source.write_bytes(os.urandom(17 * 2**20))
    blob = bucket.blob("dir/big file")
    blob.metadata = {"k": "v w"}
    blob.content_type = "application/x-weights"
    blob.custom_time = datetime(2026, 11, 28, tzinfo=timezone.utc)
    blob.storage_class = "NEARLINE"
    transfer_manager.upload_chunks_concurrently(
        source, blob, chunk_size=5 * 2**20, worker_type=transfer_manager.THREAD
    )
    stored = bucket.get_blob("dir/big file")
    assert stored.crc32c == crc32c(source.read_bytes())
    assert (stored.component_count, stored.md5_hash) == (4, None)
    assert (stored.custom_time, stored.storage_class) == (blob.custom_time, "NEARLINE")
    assert (stored.metadata, stored.content_type) == ({"k": "v w"}, "application/x-weights")
    assert stored.download_as_bytes() == source.read_bytes()


def test_parts_by_a_pod_without_a_role_are_refused(bucket, pod, tmp_path):
    source = tmp_path / "big"
    source.write_bytes(b"x" * 6 * 2**20)
    with pytest.raises(InvalidResponse) as error:
        transfer_manager.upload_chunks_concurrently(
            source, pod.bucket(bucket.name).blob("x"), worker_type=transfer_manager.THREAD
        )
    assert error.value.response.status_code == 403
    assert "<Code>AccessDenied</Code>" in error.value.response.text
