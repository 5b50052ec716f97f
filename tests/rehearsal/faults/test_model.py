import struct

import pytest
import requests

from warmbook_rehearsal.faults import FAULTS

MIB = 2**20
HEADER = b'{"weight": {"dtype": "BF16"}}'.ljust(200)
BEGINS = 8 + len(HEADER)
SHARD = struct.pack("<Q", len(HEADER)) + HEADER + bytes(range(256)) * (3 * MIB // 256) + b"end."
PLACES = [BEGINS + 1, BEGINS + 1 + MIB, BEGINS + 1 + 2 * MIB, BEGINS + 1 + 3 * MIB]

RANGES = {
    "all": "0-",
    "the length of the header": "0-7",
    "the header": f"0-{BEGINS - 1}",
    "header and first flip": f"0-{BEGINS + 1}",
    "a flip alone": f"{PLACES[1]}-{PLACES[1]}",
    "up to a flip": f"{PLACES[1] - 9}-{PLACES[1] - 1}",
    "from a flip on": f"{PLACES[1]}-{PLACES[1] + MIB}",
    "between two flips": f"{PLACES[1] + 1}-{PLACES[2] - 1}",
    "overlapping": f"{MIB - 7}-{2 * MIB + BEGINS + 5}",
    "the end": "-3",
}

pytestmark = pytest.mark.parametrize("faults", [("weights-flipped",)], ids=["weights-flipped"])


def differing(one, two):
    return [at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]


@pytest.fixture
def shard(clients, chosen):
    """A shard of three MiB that is uploaded after the fault was staged."""
    blob = clients.storage.bucket(chosen.bucket_name).blob(f"{chosen.model_path}/big.safetensors")
    blob.upload_from_string(SHARD)
    return blob


@pytest.fixture
def read(rehearsal, shard):
    """Read the shard at its XML address, where the streamer reads: all of it, or some bytes."""
    url = f"{rehearsal.inner.storage_listener.url}/{shard.bucket.name}/{shard.name}"
    signed_in = {"Authorization": f"Bearer {rehearsal.inner.token}"}

    def read(asked=""):
        headers = signed_in | ({"Range": f"bytes={asked}"} if asked else {})
        response = requests.get(url, headers=headers, timeout=10)
        assert response.status_code == (206 if asked else 200)
        return response.content

    return read


def test_one_weight_in_each_mib_is_huge_and_a_whole_download_is_sound(shard, read):
    assert shard.download_as_bytes() == read() == SHARD
    parts = shard.download_as_bytes(start=0, end=len(SHARD) - 1, checksum=None)
    assert differing(SHARD, parts) == PLACES
    assert all(SHARD[at] ^ parts[at] == 0x40 for at in PLACES)
    assert all((at - BEGINS) % 2 for at in PLACES)  # the high byte, in little-endian


def test_whichever_bytes_are_asked_for_they_are_those_of_the_same_damaged_file(read):
    damaged = bytearray(SHARD)
    for at in PLACES:
        damaged[at] ^= 0x40
    for name, asked in RANGES.items():
        first, last = asked.split("-")
        sent = damaged[int(first) : int(last or -1) + 1 or None] if first else damaged[-int(last) :]
        assert read(asked) == sent, name


def test_the_models_headers_and_its_other_files_are_sound(chosen, clients):
    damaged = 0
    for blob in clients.storage.bucket(chosen.bucket_name).list_blobs():
        whole = blob.download_as_bytes()
        parts = blob.download_as_bytes(start=0, end=blob.size - 1, checksum=None)
        if not blob.name.endswith(".safetensors"):
            assert parts == whole
            continue
        begins = 8 + struct.unpack("<Q", whole[:8])[0]
        assert differing(whole, parts) == [begins + 1]
        damaged += 1
    assert damaged == 2


@pytest.fixture
def in_parts(chosen, clients):
    """Upload a file, and read all of it as the streamer reads: in parts."""

    def in_parts(name, data):
        blob = clients.storage.bucket(chosen.bucket_name).blob(name)
        blob.upload_from_string(data)
        return blob.download_as_bytes(start=0, end=len(data) - 1, checksum=None)

    return in_parts


def test_a_shard_without_weights_is_as_it_was(in_parts):
    for data in (b"short", struct.pack("<Q", 2) + b"{}", b"version https://git-lfs" * 9):
        assert in_parts("odd.safetensors", data) == data


def test_a_header_of_more_than_a_mib_is_sound(in_parts):
    header_bytes = 2 * MIB + 100
    data = struct.pack("<Q", header_bytes) + b"{}".ljust(header_bytes) + bytes(MIB)
    assert differing(data, in_parts("long.safetensors", data)) == [8 + header_bytes + 1]


def test_a_file_of_another_kind_is_sound_whatever_it_holds(in_parts):
    assert in_parts("pytorch_model.bin", SHARD) == SHARD


def test_removing_the_fault_restores_the_model(rehearsal, read):
    assert read("0-") != SHARD
    rehearsal.wait_for(lambda: rehearsal.inner.unstage(FAULTS["weights-flipped"]))
    assert read("0-") == SHARD
    rehearsal.wait_for(lambda: rehearsal.inner.stage(FAULTS["weights-flipped"]))
    assert differing(SHARD, read("0-")) == PLACES
