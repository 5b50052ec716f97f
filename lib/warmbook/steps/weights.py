"""The model in the bucket: upload it if asked, look at what the streamer will read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from ..clients import Clients
from ..errors import MissingError, ResourceFailedError
from ..findings import Finding, findings
from ..progress import Report, wait_until
from ..settings import Settings
from ..step import step
from ..texts import say
from ..views import Card, Row, duration, size
from ..xray import XRay, look

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
    """The model as the bucket has it: what will be streamed, and what is wrong with it."""

    seen: XRay
    cluster_region: str
    findings: tuple[Finding, ...]

    @property
    def shards(self) -> tuple[str, ...]:
        """Names of the safetensors files, at the folder's own level."""
        return tuple(self.seen.folder.shards)

    @property
    def config(self) -> bool:
        """Whether `config.json` is there and can be read."""
        return self.seen.config is not None

    @property
    def near(self) -> bool:
        """Whether the bucket covers the cluster's region."""
        return self.seen.folder.covers(self.cluster_region)

    @property
    def whole(self) -> bool:
        """Whether nothing was found that would stop the server."""
        return not any(finding.weight == "bad" for finding in self.findings)

    def title(self) -> str:
        return self.seen.folder.uri

    def rows(self) -> Sequence[Row]:
        return (*self._model(), *self._place(), *(one.row() for one in self.findings))

    def _model(self) -> Iterator[Row]:
        seen = self.seen
        if seen.architecture:
            yield Row(say("architecture"), seen.architecture)
        count = say(
            "{count} file(s), {size}", count=len(self.shards), size=size(seen.streamed_bytes)
        )
        yield Row(say("safetensors"), count, "ok" if self.shards else "bad")
        if largest := seen.largest:
            mix = ", ".join(f"{dtype} {size(length)}" for dtype, length in seen.dtypes)
            yield Row(say("parameters"), f"{_short(seen.parameters)} ({mix})")
            yield Row(say("largest tensor"), f"{size(largest.size_bytes)}, {largest.name}")

    def _place(self) -> Iterator[Row]:
        place = self.seen.folder.location
        if not self.cluster_region:
            yield Row(say("bucket's place"), place)
        elif self.near:  # else it is among the findings
            region = self.cluster_region
            told = say("{place}; the cluster is in {region}", place=place, region=region)
            yield Row(say("bucket's place"), told, "ok")

    def note(self) -> str:
        if not self.shards:
            return ""
        ideal = self.seen.streamed_bytes / (32e9 / 8)
        return say(
            "Read for this: {read}. At the 32 Gbps of a g2-standard-16 the weights take {time} "
            "at best.",
            read=size(self.seen.read_bytes),
            time=duration(ideal),
        )


def _short(count: int) -> str:
    """Return a count of parameters as people say it: 134.5M, 9.2B."""
    for letter, unit in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if count >= unit:
            return f"{count / unit:.1f}{letter}"
    return str(count)


@step(commands.list_weights)
def inspect(settings: Settings, clients: Clients) -> Model:
    """Look through the model's folder: what the streamer will read, and what is wrong with it.

    Source: guide, "Descripción general" (safetensors in a bucket). Listings, two small files
    and the header of each shard are read, no weights.

    Raises:
        MissingError: There is no such bucket.
        AccessError: The reader may not look at it.
    """
    return model_at(clients, settings.model_uri, settings.region)


def model_at(clients: Clients, uri: str, cluster_region: str = "") -> Model:
    """Return what `inspect` returns, for any folder; without a region the place is no fault."""
    seen = look(clients, uri)
    return Model(seen, cluster_region, tuple(findings(seen, cluster_region)))
