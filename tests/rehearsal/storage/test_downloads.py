from __future__ import annotations

import http.client
import os

import pytest
from google.api_core import exceptions as refused
from google.cloud.storage import transfer_manager
from hypothesis import given
from hypothesis import strategies as st

CONTENT = os.urandom(100_000)


@pytest.fixture(scope="module")
def stored(shared_bucket):
    blob = shared_bucket.blob("content")
    blob.upload_from_string(CONTENT, content_type="application/x-weights")
    return blob


def path_of(blob):
    return f"/storage/v1/b/{blob.bucket.name}/o/{blob.name}?alt=media"


@given(start=st.integers(0, len(CONTENT) - 1), length=st.integers(1, 2 * len(CONTENT)))
def test_a_range_is_the_slice(http, stored, start, length):
    stop = start + length
    answer = http.get(path_of(stored), headers={"Range": f"bytes={start}-{stop - 1}"})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:stop]
    last = min(stop, len(CONTENT)) - 1
    assert answer.headers["Content-Range"] == f"bytes {start}-{last}/{len(CONTENT)}"


@given(length=st.integers(1, 2 * len(CONTENT)))
def test_a_suffix_is_the_end(http, stored, length):
    answer = http.get(path_of(stored), headers={"Range": f"bytes=-{length}"})
    assert (answer.status_code, answer.content) == (206, CONTENT[-length:])


def test_an_open_range_goes_to_the_end(http, stored):
    answer = http.get(path_of(stored), headers={"Range": "bytes=99990-"})
    assert (answer.status_code, answer.content) == (206, CONTENT[99_990:])


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=100000-",
        "bytes=-0",
        "bytes=5-2",
        "bytes=a-b",
        "bytes=1-2,4-5",
        "bytes=" + "9" * 40 + "-",
    ],
)
def test_a_range_that_is_not_there_is_416_with_the_size(http, stored, asked):
    answer = http.get(path_of(stored), headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */100000"


def test_another_unit_is_ignored(http, stored):
    answer = http.get(path_of(stored), headers={"Range": "pages=1-2"})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_client_that_takes_gzip_gets_the_bytes_as_they_are(http, stored):
    answer = http.get(path_of(stored), headers={"Accept-Encoding": "gzip, br, deflate"})
    assert "Content-Encoding" not in answer.headers
    assert int(answer.headers["Content-Length"]) == len(CONTENT)
    assert answer.content == CONTENT


def test_head_returns_headers_without_a_body(http, stored):
    answer = http.head(f"/{stored.bucket.name}/content")
    assert answer.headers["Content-Length"] == "100000"
    assert answer.headers["Content-Type"] == "application/x-weights"
    assert f"crc32c={stored.crc32c}" in answer.headers["X-Goog-Hash"]
    assert answer.content == b""


def test_one_connection_serves_many_requests(server, stored):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": "Bearer the-readers-token"}
    socket = None
    for method, path in [("GET", path_of(stored)), ("HEAD", "/x"), ("GET", path_of(stored))]:
        connection.request(method, path, headers=headers)
        connection.getresponse().read()
        socket = socket or connection.sock
        assert connection.sock is socket is not None
    connection.close()


def test_the_client_downloads_whole_in_ranges_and_in_chunks(stored, tmp_path):
    assert stored.download_as_bytes() == CONTENT
    assert stored.download_as_bytes(start=10, end=19) == CONTENT[10:20]
    target = tmp_path / "whole"
    stored.download_to_filename(target)
    assert target.read_bytes() == CONTENT
    with stored.open("rb", chunk_size=2**15) as file:
        file.seek(70_000)
        assert file.read(100) == CONTENT[70_000:70_100]


def test_the_transfer_manager_downloads_in_concurrent_chunks(stored, tmp_path):
    target = tmp_path / "chunks"
    transfer_manager.download_chunks_concurrently(
        stored, target, chunk_size=7_000, worker_type=transfer_manager.THREAD, max_workers=8
    )
    assert target.read_bytes() == CONTENT


def test_an_empty_object_is_empty(bucket, tmp_path):
    blob = bucket.blob("empty")
    blob.upload_from_string(b"")
    assert blob.crc32c == "AAAAAA=="
    assert blob.download_as_bytes() == b""
    blob.download_to_filename(tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


def test_an_absent_object_is_404_in_plain_words(bucket):
    with pytest.raises(refused.NotFound, match=f"No such object: {bucket.name}/absent"):
        bucket.blob("absent").download_as_bytes()


def test_a_generation_that_was_replaced_is_404(bucket):
    blob = bucket.blob("twice")
    blob.upload_from_string("first")
    first = blob.generation
    blob.upload_from_string("second")
    with pytest.raises(refused.NotFound):
        bucket.blob("twice", generation=first).download_as_bytes()


def test_a_reader_finishes_though_the_object_is_deleted(server, bucket):
    size_bytes = 32 * 2**20
    blob = bucket.blob("doomed")
    blob.upload_from_string(os.urandom(size_bytes))
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path_of(blob), headers={"Authorization": "Bearer the-readers-token"})
    answer = connection.getresponse()
    head = answer.read(1000)
    blob.delete()
    assert len(head) + len(answer.read()) == size_bytes
    connection.close()


def test_a_client_that_leaves_does_not_disturb_the_others(server, bucket, caplog):
    blob = bucket.blob("big")
    blob.upload_from_string(os.urandom(16 * 2**20))
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        authorization = {"Authorization": "Bearer the-readers-token"}
        connection.request("GET", path_of(blob), headers=authorization)
        connection.getresponse().read(1000)
        connection.close()
    assert len(blob.download_as_bytes()) == 16 * 2**20
    assert not caplog.records
