"""A model from Hugging Face into the bucket: whole, in parts, and without a copy on this disk."""

from __future__ import annotations

import base64
import random
import threading
from pathlib import Path

import pytest

from warmbook.display.banner import connect
from warmbook.errors import AccessError, ResourceFailedError, UnreachableError
from warmbook.model.upload import huggingface
from warmbook.model.upload import source as upload_source
from warmbook.model.upload.pool import WORKERS
from warmbook.settings import Settings, merge
from warmbook.steps import upload
from warmbook_rehearsal.hub import GATED, OPEN
from warmbook_rehearsal.node.model import describe, model_of

from ..conftest import RehearsalThread, safetensors_file

MIB = 2**20
PART = 5 * MIB
SIZE = 3 * PART + MIB


@pytest.fixture
def weights(tmp_path):
    folder = tmp_path / "origin" / "tiny"
    folder.mkdir(parents=True)
    head = safetensors_file(1000)
    path = folder / "model.safetensors"
    path.write_bytes(head + random.Random(3).randbytes(SIZE - len(head)))
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text('{"a": 1}')
    return path


@pytest.fixture
def rehearsal(image_and_model, weights, monkeypatch, tmp_path):
    image, _ = image_and_model
    model = model_of(weights.parent, map(describe, sorted(weights.parent.iterdir())))
    with RehearsalThread(image, model) as running:
        for name, value in running.environ.items():
            if name.startswith(("WARMBOOK", "STORAGE", "GOOGLE", "NO_GCE", "HF_")):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "workbook.yaml"))
        yield running


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch, tmp_path):
    monkeypatch.setattr(upload_source, "PART_BYTES", PART)
    monkeypatch.setattr(huggingface, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))


def wanting(chosen, source, folder="new"):
    uri = f"gs://{chosen.bucket_name}/{folder}"
    return Settings.parse({**chosen.model_dump(), "model_uri": uri, "model_source": source})


@pytest.fixture
def asked(chosen):
    return wanting(chosen, f"hf://{OPEN}")


@pytest.fixture
def reads(monkeypatch):
    """The ranges that were read of each file."""
    listed, real = [], huggingface.HubFile.read

    def read(self, start, length):
        data = real(self, start, length)
        listed.append((self.name, start, length))
        return data

    monkeypatch.setattr(huggingface.HubFile, "read", read)
    return listed


def in_bucket(clients, settings):
    blobs = clients.storage.list_blobs(settings.bucket_name, prefix=f"{settings.model_path}/")
    return {blob.name.rpartition("/")[2]: blob for blob in blobs}


def test_only_files_needed_for_serving_are_uploaded(asked, clients, quiet, weights):
    brought = upload.model(asked, clients, **quiet)
    there = in_bucket(clients, asked)
    assert sorted(there) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert there["model.safetensors"].download_as_bytes() == weights.read_bytes()
    assert brought.sent_bytes == sum(file.stat().st_size for file in weights.parent.iterdir())
    shown = str(brought)
    assert brought.commit in shown and "pytorch_model.bin" in shown and OPEN in shown
    assert "hf download" in brought.command


def test_a_second_run_reads_no_weights_and_sends_nothing(asked, clients, quiet, reads):
    upload.model(asked, clients, **quiet)
    reads.clear()
    again = upload.model(asked, clients, **quiet)
    assert again.sent == () and len(again.there) == 3
    assert [name for name, _, _ in reads if name == "model.safetensors"] == []


def test_objects_with_a_wrong_checksum_are_removed(asked, clients, quiet, weights, rehearsal):
    entry = rehearsal.inner.hub.repositories[OPEN].entries["model.safetensors"]
    promised = entry.sha256
    with weights.open("r+b") as file:
        file.seek(PART + 12_345)
        file.write(b"not what it was")
    assert entry.sha256 == promised
    with pytest.raises(ResourceFailedError, match="checksum"):
        upload.model(asked, clients, **quiet)
    assert "model.safetensors" not in in_bucket(clients, asked)
    assert "config.json" not in in_bucket(clients, asked)


def test_an_attempt_cut_short_goes_on_with_what_is_missing(
    asked, clients, quiet, weights, monkeypatch, reads
):
    real, through = huggingface.HubFile.read, threading.Event()

    def failing(self, start, length):
        if self.name == "model.safetensors" and start == 2 * PART:
            through.wait(10)
            raise UnreachableError("the network is gone", remedy="wait")
        return real(self, start, length)

    put = upload.send.__globals__["Multipart"].put

    def counted(self, name, upload_id, number, body, crc32c):
        tag = put(self, name, upload_id, number, body, crc32c)
        arrived.append(number)
        if {1, 2} <= set(arrived):
            through.set()
        return tag

    arrived = []
    monkeypatch.setattr(huggingface.HubFile, "read", failing)
    monkeypatch.setattr(upload.send.__globals__["Multipart"], "put", counted)
    with pytest.raises(UnreachableError):
        upload.model(asked, clients, **quiet)
    assert "model.safetensors" not in in_bucket(clients, asked)
    monkeypatch.setattr(huggingface.HubFile, "read", real)
    reads.clear()
    brought = upload.model(asked, clients, **quiet)
    read = [(start, length) for name, start, length in reads if name == "model.safetensors"]
    assert sorted(read) == [(2 * PART, PART), (3 * PART, MIB)]
    assert brought.continued_bytes == 2 * PART
    held = in_bucket(clients, asked)["model.safetensors"]
    assert held.download_as_bytes() == weights.read_bytes()


def test_no_more_is_held_than_a_part_for_each_worker_and_nothing_is_stored(
    asked, clients, quiet, monkeypatch, tmp_path, rehearsal
):
    lock, held, most = threading.Lock(), {}, [0]
    put, real = upload.send.__globals__["Multipart"].put, huggingface.HubFile.read

    def read(self, start, length):
        with lock:
            held[threading.get_ident()] = length
            most[0] = max(most[0], sum(held.values()))
        return real(self, start, length)

    def sent(self, *words):
        try:
            return put(self, *words)
        finally:
            with lock:
                held.pop(threading.get_ident(), None)

    empty = tmp_path / "here"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("TMPDIR", str(empty))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(empty / "cache"))
    monkeypatch.setattr(huggingface.HubFile, "read", read)
    monkeypatch.setattr(upload.send.__globals__["Multipart"], "put", sent)
    upload.model(asked, clients, **quiet)
    assert 0 < most[0] <= WORKERS * PART
    assert list(empty.rglob("*")) == []
    home = Path(rehearsal.environ["HF_HOME"])
    assert not home.exists() or not [f for f in home.rglob("*") if f.is_file()]


def test_a_gated_model_is_refused_before_anything_is_sent(chosen, clients, quiet):
    gated = wanting(chosen, f"hf://{GATED}")
    with pytest.raises(AccessError) as refused:
        upload.model(gated, clients, **quiet)
    assert refused.value.pitfall == "gated-model"
    assert in_bucket(clients, gated) == {}


def test_the_clusters_secret_opens_a_gated_model(up_to_identity, chosen, clients, quiet):
    token = base64.b64encode(b"hf_rehearsal_with_access").decode()
    metadata = {"name": "hf-secret", "namespace": chosen.namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    clients.kubernetes.create({**secret, "data": {"hf_api_token": token}})
    gated = wanting(chosen, f"hf://{GATED}", "gated")
    brought = upload.model(gated, connect(gated), **quiet)
    assert len(brought.sent) == 3
    assert "hf_rehearsal" not in str(brought) + repr(brought)


def test_pods_and_the_readers_own_token_have_no_part_in_a_rehearsal(rehearsal):
    pods = rehearsal.inner.pod_environment("127.64.1.2")
    assert not [name for name in pods if name.startswith("HF_")]
    assert rehearsal.environ["HF_TOKEN"] == ""
    assert rehearsal.environ["HF_ENDPOINT"].startswith("http://127.0.0.1:")
    assert merge(environ=rehearsal.environ)["project_id"] == "rehearsal-project"
