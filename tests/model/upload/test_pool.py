"""Files into a bucket over a wire with faults: what arrives is whole, and nothing goes twice."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.cloud.clients import Clients
from warmbook.errors import MissingError, ResourceFailedError
from warmbook.model.upload import multipart, pool
from warmbook.model.upload import source as upload_source
from warmbook.model.upload.multipart import Part
from warmbook.model.upload.one_file import SHA256, _crc32c
from warmbook.model.upload.pool import send
from warmbook.model.upload.source import LocalFile, Plan, plan

from ...conftest import RehearsalThread
from ...doubles.wire import Wire
from ...machine import slowness
from ...processes import until

MIB = 2**20
PART = 5 * MIB
BUCKET = "rehearsal-project-models"
SIZE = 4 * PART + 3 * MIB
ROUNDS = iter(range(10_000))

sizes = st.integers(0, 5 * 2**40)


@given(sizes)
def test_parts_cover_a_file_once_and_are_never_too_many(size_bytes):
    cut = plan(size_bytes)
    assert 1 <= cut.count <= upload_source.MOST_PARTS
    assert cut.part_bytes >= upload_source.PART_BYTES
    ends = [
        cut.span(number) for number in {1, 2, cut.count // 2 or 1, cut.count} if number <= cut.count
    ]
    assert all(0 <= length <= cut.part_bytes for _, length in ends)
    first, last = cut.span(1), cut.span(cut.count)
    assert first[0] == 0 and sum(last) == size_bytes
    assert last[0] == (cut.count - 1) * cut.part_bytes


@given(st.integers(1, 500), st.integers(1, 50))
def test_each_part_begins_where_the_one_before_ends(size_bytes, part_bytes):
    cut = Plan(size_bytes, part_bytes)
    at = 0
    for number in range(1, cut.count + 1):
        start, length = cut.span(number)
        assert start == at and 0 < length <= part_bytes
        assert cut.fits(Part(number, "", length))
        assert not cut.fits(Part(number, "", length + 1))
        at += length
    assert at == size_bytes
    assert not cut.fits(Part(0, "", part_bytes)) and not cut.fits(Part(cut.count + 1, "", 0))


def test_only_a_huge_file_has_larger_parts():
    most = upload_source.PART_BYTES * upload_source.MOST_PARTS
    assert plan(most).part_bytes == upload_source.PART_BYTES
    assert plan(most + 1).part_bytes == upload_source.PART_BYTES + MIB


@pytest.fixture(scope="module")
def wire(image_and_model):
    with (
        RehearsalThread(*image_and_model) as running,
        closing(Wire(running.environ["STORAGE_EMULATOR_HOST"])) as wire,
    ):
        wire.environ = {**running.environ, "STORAGE_EMULATOR_HOST": wire.url}
        yield wire


@pytest.fixture
def clients(wire):
    wire.reset()
    yield Clients("rehearsal-project", environ=wire.environ)
    wire.reset()


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch):
    monkeypatch.setattr(upload_source, "PART_BYTES", PART)
    monkeypatch.setattr(multipart, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(pool, "LOOK_S", 0.02)


@pytest.fixture
def prefix():
    return f"models/{next(ROUNDS)}"


@pytest.fixture
def weights(tmp_path):
    """A file of five parts."""
    return written(tmp_path / "model.safetensors", SIZE, seed=1)


def written(path, size_bytes, seed=0):
    path.write_bytes(random.Random(seed).randbytes(size_bytes))
    return path


@dataclass
class Origin:
    """A source elsewhere: reading it costs, its digest is known."""

    data: bytes
    name: str = "model.safetensors"
    local: bool = False
    sha256: str = ""
    asked: list = field(default_factory=list)

    def __post_init__(self):
        self.sha256 = self.sha256 or hashlib.sha256(self.data).hexdigest()

    @property
    def size_bytes(self):
        return len(self.data)

    def read(self, start, length):
        self.asked.append(start)
        return self.data[start : start + length]


def sent(clients, prefix, *sources):
    """Send files, or sources, to the end."""
    sources = [LocalFile.of(one) if hasattr(one, "stat") else one for one in sources]
    with send(clients, BUCKET, prefix, sources) as sending:
        moments = list(sending)
    assert moments[-1].over and moments[-1].fraction == 1
    return sending


def interrupted(wire, clients, prefix, source, parts=2):
    """Send until so many parts have arrived, and break off; return how many have."""
    arrived, usual = threading.Semaphore(parts), multipart.FIRST_WAIT_S

    def refuse(one):
        last = "partNumber=5&" in one.path
        return 503 if one.kind == "part" and (last or not arrived.acquire(False)) else None

    wire.fault = refuse
    multipart.FIRST_WAIT_S = 20.0
    source = LocalFile.of(source) if hasattr(source, "stat") else source
    with send(clients, BUCKET, prefix, [source]) as sending:
        for _ in sending:
            if sending.sent_bytes >= parts * PART:
                break
    multipart.FIRST_WAIT_S = usual
    assert held(clients, prefix) is None
    in_bucket = sending.in_bucket
    wire.reset()
    return in_bucket


def held(clients, prefix, name="model.safetensors"):
    """Return the bytes of an object, None where there is none."""
    blob = clients.storage.bucket(BUCKET).get_blob(f"{prefix}/{name}")
    return blob and blob.download_as_bytes()


def unfinished(clients, prefix):
    wire = multipart.Multipart(clients, BUCKET, threading.Event())
    return list(wire.unfinished(f"{prefix}/"))


def test_files_arrive_as_they_are_and_a_second_run_sends_nothing(clients, wire, prefix, tmp_path):
    files = [
        written(tmp_path / "a b ñ#?&%+.safetensors", SIZE),
        written(tmp_path / "exact.safetensors", 2 * PART),
        written(tmp_path / "empty.txt", 0),
        written(tmp_path / "config.json", 10),
    ]
    first = sent(clients, f"{prefix}/ö <&> ", *files)
    assert first.sent_bytes == first.total_bytes == sum(file.stat().st_size for file in files)
    assert len(first.sent) == 4 and not first.there and not first.strays
    for file in files:
        assert held(clients, f"{prefix}/ö <&> ", file.name) == file.read_bytes()
    wire.reset()
    again = sent(clients, f"{prefix}/ö <&> ", *files)
    assert len(again.there) == 4 and again.sent_bytes == 0
    assert wire.requests.keys() == {"GET", "list"}


def test_config_json_comes_last(clients, prefix, tmp_path):
    names = ("config.json", "a.json", "z.safetensors", "model.safetensors.index.json")
    files = [written(tmp_path / name, 10) for name in names]
    sent(clients, prefix, *files, written(tmp_path / "big.safetensors", SIZE))
    blobs = clients.storage.list_blobs(BUCKET, prefix=prefix)
    assert max(blobs, key=lambda blob: blob.generation).name == f"{prefix}/config.json"


def test_without_its_weights_no_config_json_appears(clients, wire, prefix, weights, tmp_path):
    wire.fault = lambda one: 403 if one.kind == "part" else None
    with pytest.raises(Exception, match="403"):
        sent(clients, prefix, weights, written(tmp_path / "config.json", 10))
    assert not list(clients.storage.list_blobs(BUCKET, prefix=prefix))


@pytest.mark.parametrize("fault", [503, 429, 500, 408, "cut", "corrupt"])
def test_a_transient_fault_is_retried(clients, wire, prefix, weights, fault):
    left = iter(range(4))
    wire.fault = lambda one: fault if one.kind == "part" and next(left, None) is not None else None
    sending = sent(clients, prefix, weights)
    assert held(clients, prefix) == weights.read_bytes()
    assert sending.sent_bytes == SIZE
    assert wire.requests["part"] == 5 + 4


@pytest.mark.parametrize("kind", ["list", "begin", "complete"])
@pytest.mark.parametrize("fault", [503, "cut", "lost"])
def test_each_request_is_retried_after_a_fault(clients, wire, prefix, weights, kind, fault):
    left = iter(range(1))
    wire.fault = lambda one: fault if one.kind == kind and next(left, None) == 0 else None
    sent(clients, prefix, weights)
    assert held(clients, prefix) == weights.read_bytes()


def test_what_always_arrives_corrupt_never_becomes_an_object(
    clients, wire, prefix, weights, monkeypatch
):
    monkeypatch.setattr(multipart, "TRIES", 3)
    wire.fault = lambda one: "corrupt" if "partNumber=2&" in one.path else None
    with pytest.raises(Exception, match="BadDigest"):
        sent(clients, prefix, weights)
    assert held(clients, prefix) is None
    wire.reset()
    assert sent(clients, prefix, weights).continued_bytes > 0
    assert held(clients, prefix) == weights.read_bytes()


def test_retries_end_at_a_deadline(clients, wire, prefix, weights, monkeypatch):
    monkeypatch.setattr(multipart, "TRIES", 3)
    wire.fault = lambda one: 503 if one.kind == "begin" else None
    with pytest.raises(Exception, match="503"):
        sent(clients, prefix, weights)
    assert 3 <= wire.requests["begin"] < 6


def test_a_wrong_tag_completes_nothing_and_costs_nothing(clients, wire, prefix, weights):
    def wrong(headers, body):
        return {**headers, "ETag": '"0"'}, body

    wire.fault = lambda one: wrong if "partNumber=3&" in one.path else None
    with pytest.raises(Exception, match="InvalidPart"):
        sent(clients, prefix, weights)
    assert held(clients, prefix) is None
    wire.reset()
    sending = sent(clients, prefix, weights)
    assert (sending.continued_bytes, sending.sent_bytes, wire.part_bytes) == (SIZE, 0, 0)
    assert held(clients, prefix) == weights.read_bytes()


def test_an_object_with_another_checksum_is_removed(clients, wire, prefix, weights):
    def wrong(headers, body):
        return headers, body.replace(b'"crc32c": "', b'"crc32c": "AA')

    wire.fault = lambda one: (
        wrong if one.method == "GET" and "/o/" in one.path and "alt" not in one.path else None
    )
    with pytest.raises(ResourceFailedError, match="checksum"):
        sent(clients, prefix, weights)
    wire.reset()
    assert held(clients, prefix) is None


def test_an_interrupted_file_goes_on_where_it_stopped(clients, wire, prefix, weights):
    assert interrupted(wire, clients, prefix, weights) == 2 * PART
    (before,) = unfinished(clients, prefix)
    sending = sent(clients, prefix, weights)
    assert sending.continued_bytes == 2 * PART
    assert sending.sent_bytes == wire.part_bytes == SIZE - 2 * PART
    assert held(clients, prefix) == weights.read_bytes()
    assert unfinished(clients, prefix) == [] and sending.strays == []
    assert before.begun.endswith("Z")


def test_parts_of_other_bytes_are_sent_again(clients, wire, prefix, weights):
    interrupted(wire, clients, prefix, weights, parts=4)
    changed = bytearray(weights.read_bytes())
    changed[PART] ^= 1
    weights.write_bytes(changed)
    sending = sent(clients, prefix, weights)
    assert held(clients, prefix) == bytes(changed)
    assert sending.continued_bytes == 3 * PART
    assert sending.sent_bytes == SIZE - sending.continued_bytes


def test_unfinished_uploads_without_a_file_are_reported_and_kept(clients, wire, prefix, weights):
    made = multipart.Multipart(clients, BUCKET, threading.Event())
    other = made.begin(f"{prefix}/model.safetensors", "x/y")
    body = multipart.Body(b"other", threading.Event())
    made.put(f"{prefix}/model.safetensors", other, 1, body, _crc32c(b"other"))
    gone = made.begin(f"{prefix}/gone.safetensors", "x/y")
    sending = sent(clients, prefix, weights)
    assert {stray.upload.upload_id: stray.size_bytes for stray in sending.strays} == {
        other: 5,
        gone: 0,
    }
    assert {one.upload_id for one in unfinished(clients, prefix)} == {other, gone}
    for stray in sending.strays:
        made.abort(stray.upload.name, stray.upload.upload_id)
    assert unfinished(clients, prefix) == []


def test_an_unfinished_upload_of_a_complete_file_is_reported(clients, wire, prefix, weights):
    interrupted(wire, clients, prefix, weights)
    blob = clients.storage.bucket(BUCKET).blob(f"{prefix}/model.safetensors")
    blob.upload_from_filename(weights)
    sending = sent(clients, prefix, weights)
    assert len(sending.there) == 1 and sending.continued_bytes == 0
    assert [stray.size_bytes for stray in sending.strays] == [2 * PART]


def test_an_empty_unfinished_upload_is_resumed(clients, prefix, weights):
    made = multipart.Multipart(clients, BUCKET, threading.Event())
    made.begin(f"{prefix}/model.safetensors", "x/y")
    assert sent(clients, prefix, weights).strays == []
    assert unfinished(clients, prefix) == []


def test_an_upload_aborted_by_another_client_is_reported(clients, wire, prefix, weights):
    def end(one):
        if "partNumber=4&" in one.path:
            ended.append(one.path)
            return 404
        return None

    ended = []
    wire.fault = end
    with pytest.raises(ResourceFailedError, match="aborted by someone else"):
        sent(clients, prefix, weights)
    assert ended and held(clients, prefix) is None


def test_an_object_of_another_writer_is_never_removed(clients, wire, prefix, weights):
    blob = clients.storage.bucket(BUCKET).blob(f"{prefix}/model.safetensors")
    blob.upload_from_string(b"theirs")
    wire.fault = lambda one: 404 if one.kind == "complete" else None
    with pytest.raises(ResourceFailedError, match="aborted by someone else"):
        sent(clients, prefix, weights)
    wire.reset()
    assert held(clients, prefix) == b"theirs"


@pytest.mark.parametrize("change", ["grows", "shrinks", "different byte range", "is gone"])
def test_a_file_that_changes_meanwhile_never_becomes_an_object(clients, prefix, weights, change):
    source = LocalFile.of(weights)
    data = weights.read_bytes()
    if change == "is gone":
        weights.unlink()
    else:
        changed = {"grows": data + b"x", "shrinks": data[:-1], "different byte range": data[::-1]}
        weights.write_bytes(changed[change])
    with pytest.raises((ResourceFailedError, MissingError)) as told:
        sent(clients, prefix, source)
    assert str(weights) in told.value.what and told.value.remedy
    assert held(clients, prefix) is None


def test_a_known_digest_is_verified(clients, wire, prefix):
    false = Origin(random.Random(1).randbytes(SIZE), sha256="0" * 64)
    small = Origin(b"small", name="small.json", sha256="0" * 64)
    for source in (false, small):
        with pytest.raises(ResourceFailedError, match="checksum"):
            sent(clients, prefix, source)
        assert held(clients, prefix, source.name) is None
    assert unfinished(clients, prefix) == []


def test_an_origin_elsewhere_is_read_once_only(clients, wire, prefix):
    origin = Origin(random.Random(1).randbytes(SIZE))
    small = Origin(b"small", name="small.json")
    interrupted(wire, clients, prefix, origin)
    origin.asked.clear()
    first = sent(clients, prefix, origin, small)
    assert len(origin.asked) == 3 and first.continued_bytes == 2 * PART
    assert held(clients, prefix) == origin.data
    blob = clients.storage.bucket(BUCKET).get_blob(f"{prefix}/model.safetensors")
    assert blob.metadata == {SHA256: origin.sha256}
    origin.asked.clear()
    small.asked.clear()
    assert len(sent(clients, prefix, origin, small).there) == 2
    assert origin.asked == small.asked == []
    # an object that others brought is compared in the bucket
    blob.metadata = {SHA256: None}
    blob.patch()
    assert len(sent(clients, prefix, origin, small).there) == 2
    assert origin.asked == small.asked == []


def test_kept_parts_of_another_file_are_found_out(clients, wire, prefix):
    before = Origin(random.Random(1).randbytes(SIZE))
    after = Origin(random.Random(2).randbytes(SIZE))
    interrupted(wire, clients, prefix, before)
    with pytest.raises(ResourceFailedError, match="it was discarded"):
        sent(clients, prefix, after)
    assert held(clients, prefix) is None
    sent(clients, prefix, after)
    assert held(clients, prefix) == after.data


def test_progress_never_decreases_and_has_a_rate(clients, wire, prefix, weights):
    wire.delay_s = 0.3
    with send(clients, BUCKET, prefix, [LocalFile.of(weights)]) as sending:
        moments = list(sending)
    done = [moment.done_bytes for moment in moments]
    assert done == sorted(done) and done[0] == 0 and done[-1] == SIZE
    assert any(moment.rate > 0 and "GiB/s" in str(moment) for moment in moments)


def test_one_part_for_each_thread_is_in_memory_at_most(clients, prefix):
    alive, most, lock = [0], [], threading.Lock()

    class Counted(Origin):
        def read(self, start, length):
            with lock:
                alive[0] += 1
                most.append(alive[0])
            return Held(super().read(start, length))

    class Held(bytes):
        def __del__(self):
            with lock:
                alive[0] -= 1

    sent(clients, prefix, Counted(bytes(20 * PART), local=True))
    assert 1 < max(most) <= pool.WORKERS
    assert alive[0] == 0


def test_a_stop_is_quick_even_if_the_server_is_slow(clients, wire, prefix, weights):
    wire.stalled.clear()
    wire.fault = lambda one: "stall" if one.kind == "part" else None
    with send(clients, BUCKET, prefix, [LocalFile.of(weights)]) as sending:
        for _ in sending:
            if wire.stalled.is_set():
                break
        began = time.monotonic()
    assert time.monotonic() - began < 3 * slowness()  # 20 s by the stall


SCRIPT = """
import sys, pathlib
from warmbook.model.upload import source as uploads, pool as sending
from warmbook.cloud.clients import Clients
from warmbook.settings import Settings
from warmbook.steps import upload
uploads.PART_BYTES = 5 * 2**20
sending.WORKERS = 2
settings = Settings.parse(dict(
    project_id="rehearsal-project", model_uri=sys.argv[1], model_source=sys.argv[2]))
# no connect(): it would find out that the wire between is not the rehearsal's own server
clients = Clients(settings.project_id, settings)
print(upload.model(settings, clients, report=lambda progress: None))
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["killed", "ctrl-c"])
def test_an_upload_of_a_killed_process_is_resumed(clients, wire, prefix, tmp_path, weights, end):
    wire.delay_s = 0.3
    words = [sys.executable, "-c", SCRIPT, f"gs://{BUCKET}/{prefix}", str(tmp_path)]
    child = subprocess.Popen(
        words, env={**os.environ, **wire.environ}, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: wire.parts_through or child.poll() is not None)
        began = time.monotonic()
        child.send_signal(end)
        _, said = child.communicate(timeout=20)
    finally:
        child.kill()
    assert child.returncode
    if end == signal.SIGINT:
        assert time.monotonic() - began < 4 * slowness()
        assert "You stopped the upload" in said and "MiB are already in the bucket" in said
    assert held(clients, prefix) is None
    until(lambda: not wire.under_way)
    wire.reset()
    sending = sent(clients, prefix, weights)
    assert sending.continued_bytes >= PART
    assert 0 < wire.part_bytes == SIZE - sending.continued_bytes < SIZE
    assert held(clients, prefix) == weights.read_bytes()
