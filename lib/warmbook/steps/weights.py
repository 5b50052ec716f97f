"""The model in the bucket: upload it if asked, look at what the streamer will read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from ..bucket import Weights, list_weights
from ..clients import Clients
from ..errors import MissingError, ResourceFailedError
from ..progress import Report, wait_until
from ..settings import Settings
from ..step import step
from ..texts import say
from ..views import Card, Row, duration, size

SERVED = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja", "*.py", "*.tiktoken")
"""Patterns of the files that serving needs; others stay where they are."""

CHUNK_BYTES = 32 * 2**20
WORKERS = 4


@dataclass(frozen=True, repr=False)
class Upload(Card):
    """What an upload sent, in files and bytes, and what the bucket had already."""

    source: str
    sent: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    size_bytes: int = 0

    def title(self) -> str:
        if not self.source:
            return say("Nothing to upload: the model is in the bucket already")
        return say("Uploaded {source}", source=self.source)

    def rows(self) -> Sequence[Row]:
        if not self.source:
            return ()
        return (
            Row(say("sent"), f"{len(self.sent)} ({size(self.size_bytes)})", "new"),
            Row(say("there already, same checksum"), str(len(self.kept)), "ok"),
        )


@step(commands.upload)
def upload(settings: Settings, clients: Clients, *, report: Report | None = None) -> Upload:
    """Upload the files of `model_source` that the bucket lacks, checksummed; else do nothing.

    A file counts as there when its CRC32C is the same. Each object appears whole or not at
    all: Cloud Storage shows no half-written object.

    Raises:
        MissingError: `model_source` is no folder, or holds no safetensors files.
    """
    if not settings.model_source:
        return Upload("")
    files = _files(Path(settings.model_source).expanduser())
    bucket = clients.storage.bucket(settings.bucket_name)
    there = {
        blob.name: blob.crc32c
        for blob in clients.storage.list_blobs(bucket, prefix=f"{settings.model_path}/")
    }
    wanted = {f"{settings.model_path}/{file.name}": file for file in files}
    missing = {n: f for n, f in wanted.items() if n not in there or there[n] != _crc32c(f)}
    total = sum(file.stat().st_size for file in missing.values())
    if missing:
        wait_until(
            _sent(bucket, missing),
            what=say("Uploading {size}", size=size(total)),
            state=lambda sent: f"{size(sent)} / {size(total)}",
            ready=lambda sent: sent >= total,
            fraction=lambda sent: sent / total if total else 1.0,
            timeout_s=86_400,
            report=report,
        )
    kept = tuple(name for name in wanted if name not in missing)
    return Upload(settings.model_source, tuple(missing), kept, total)


def _files(folder: Path) -> list[Path]:
    found = sorted({file for pattern in SERVED for file in folder.glob(pattern) if file.is_file()})
    if not any(file.suffix == ".safetensors" for file in found):
        raise MissingError(
            say("{folder} holds no safetensors files.", folder=folder),
            remedy=say("Name the folder that holds model.safetensors or its shards."),
        )
    return found


def _crc32c(file: Path) -> str:
    import base64

    import google_crc32c

    checksum = google_crc32c.Checksum()
    with file.open("rb") as opened:
        while block := opened.read(2**20):
            checksum.update(block)
    return base64.b64encode(checksum.digest()).decode()


def _sent(bucket: Any, files: dict[str, Path]) -> Iterator[int]:
    """Upload file by file, largest first; yield the bytes sent so far after each."""
    from google.cloud.storage import transfer_manager

    sent = 0
    yield sent
    for name, file in sorted(files.items(), key=lambda item: -item[1].stat().st_size):
        length = file.stat().st_size
        if length > CHUNK_BYTES:
            transfer_manager.upload_chunks_concurrently(
                str(file),
                bucket.blob(name),
                chunk_size=CHUNK_BYTES,
                max_workers=WORKERS,
                worker_type=transfer_manager.THREAD,
            )
        else:
            bucket.blob(name).upload_from_filename(str(file), checksum="crc32c")
        if bucket.get_blob(name).crc32c != _crc32c(file):
            raise ResourceFailedError(
                say("{name} arrived with another checksum.", name=name),
                remedy=say("Run this cell again: it sends what differs."),
            )
        sent += length
        yield sent


@dataclass(frozen=True, repr=False)
class Model(Card):
    """The model as the bucket has it; sizes in bytes."""

    uri: str
    weights: Weights
    cluster_region: str

    @property
    def shards(self) -> tuple[str, ...]:
        """Names of the safetensors files, at the folder's own level."""
        return self.weights.shards

    @property
    def config(self) -> bool:
        """Whether `config.json` is there."""
        return self.weights.config

    @property
    def near(self) -> bool:
        """Whether the bucket covers the cluster's region."""
        return self.weights.covers(self.cluster_region)

    def title(self) -> str:
        return self.uri

    def rows(self) -> Sequence[Row]:
        shards = say(
            "{count} files, {size}", count=len(self.shards), size=size(self.weights.size_bytes)
        )
        near = say(
            "{place}; the cluster is in {region}",
            place=self.weights.location,
            region=self.cluster_region,
        )
        return (
            Row(say("safetensors"), shards, "ok" if self.shards else "bad"),
            Row(
                "config.json",
                say("there") if self.config else say("missing"),
                "ok" if self.config else "bad",
            ),
            Row(say("bucket's place"), near, "ok" if self.near else "bad"),
            *(Row(say("notice"), notice, "wait") for notice in self.notices()),
        )

    def notices(self) -> tuple[str, ...]:
        """Return what will surprise at load time, one sentence each."""
        odd = [n for n in self.shards if n.rpartition("/")[2].startswith("consolidated")]
        found = []
        if odd:
            found.append(
                say(
                    "{name} is streamed too: the streamer reads every safetensors file here",
                    name=odd[0],
                )
            )
        if not self.weights.tokenizer:
            found.append(say("no tokenizer files: vLLM will not start without them"))
        return tuple(found)

    def note(self) -> str:
        ideal = self.weights.size_bytes / (32e9 / 8)
        return say(
            "At the 32 Gbps of a g2-standard-16 the weights take {time} at best.",
            time=duration(ideal),
        )


@step(commands.list_weights)
def inspect(settings: Settings, clients: Clients) -> Model:
    """Look at the model's folder: what the streamer will read, and where the bucket is.

    Source: guide, "Descripción general" (safetensors in a bucket). Only listings are read.

    Raises:
        MissingError: No bucket, no safetensors files, or no config.json.
    """
    weights = list_weights(settings, clients)
    if not weights.shards:
        raise MissingError(
            say("{uri} holds no safetensors files.", uri=settings.model_uri),
            remedy=_where(weights, settings),
        )
    if not weights.config:
        raise MissingError(
            say(
                "{uri} has no config.json: vLLM could not tell what model it is.",
                uri=settings.model_uri,
            ),
            remedy=say("Copy the model's small files beside its weights, or correct the folder."),
        )
    return Model(settings.model_uri, weights, settings.region)


def _where(weights: Weights, settings: Settings) -> str:
    if weights.deeper:
        return say(
            "They are one level deeper: choose gs://{path}.",
            path=f"{settings.bucket_name}/{weights.deeper[0]}",
        )
    return say("Check the folder in the form, or name a local folder as «model_source».")
