"""What a bucket says about a model: listings only, no weights are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..cloud.api_errors import API_OFF, google_reason
from ..cloud.clients import Clients
from ..errors import AccessError, MissingError
from ..texts import say

MULTI_REGIONS = {"US": "us-", "EU": "europe-", "ASIA": "asia-"}
OUTSIDE = {"europe-west2", "europe-west6"}
"""Regions in Europe that are not in the multi-region EU: London and Zürich."""

DUAL_REGIONS = {
    "NAM4": {"us-central1", "us-east1"},
    "EUR4": {"europe-north1", "europe-west4"},
    "ASIA1": {"asia-northeast1", "asia-northeast2"},
}
"""Source: Cloud Storage, "Bucket locations", predefined dual-regions."""


@dataclass(frozen=True)
class Folder:
    """A model's folder in a bucket: `files` are names below it and sizes in bytes."""

    bucket: str
    path: str
    location: str
    regions: tuple[str, ...]
    """The two regions of a configurable dual-region; empty for other buckets."""

    files: dict[str, int]
    checksums: dict[str, str] = field(default_factory=dict)
    """CRC32C of the files, as the bucket tells it."""
    changed: datetime | None = None
    """When the last of the files came."""

    @property
    def uri(self) -> str:
        """The folder's address, without a slash at its end; its path where it is on this disk."""
        return f"gs://{self.bucket}/{self.path}" if self.bucket else self.path

    @property
    def here(self) -> list[str]:
        """The files at the folder's own level."""
        return [name for name in self.files if "/" not in name]

    @property
    def shards(self) -> list[str]:
        """The safetensors files that the streamer reads: one level, whatever the index says."""
        return sorted(name for name in self.here if name.endswith(".safetensors"))

    @property
    def deeper(self) -> list[str]:
        """Folders below that hold safetensors files; the streamer does not look there."""
        found = {n.rpartition("/")[0] for n in self.files if n.endswith(".safetensors")}
        return sorted(found - {""})

    @property
    def size_bytes(self) -> int:
        """Bytes of the safetensors files."""
        return sum(self.files[name] for name in self.shards)

    @property
    def fingerprint(self) -> str:
        """What changes with any file at the folder's own level: names, sizes and checksums."""
        told = [(name, self.files[name], self.checksums.get(name)) for name in sorted(self.here)]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def covers(self, region: str) -> bool:
        """Say whether reads from `region` stay in the bucket's place."""
        if self.regions:
            return region in self.regions
        if self.location in MULTI_REGIONS:
            return region.startswith(MULTI_REGIONS[self.location]) and region not in OUTSIDE
        return region in DUAL_REGIONS.get(self.location, {self.location.lower()})


def list_folder(clients: Clients, uri: str) -> Folder:
    """Return what a bucket lists of the model's folder at `uri`.

    Raises:
        MissingError: There is no such bucket.
        AccessError: The reader may not look at it.
    """
    name, _, path = uri.removeprefix("gs://").partition("/")
    return folder_in(find_bucket(clients, name), path)


def find_bucket(clients: Clients, name: str, **options: Any) -> Any:
    """Return the bucket; `options` are the client's own for the request.

    Raises:
        MissingError: There is no such bucket.
        AccessError: The reader may not look at it.
    """
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        return clients.storage.get_bucket(name, **options)
    except NotFound as error:
        raise MissingError(
            say("The bucket {bucket} does not exist.", bucket=name),
            remedy=say("Correct «model_uri», the model's address, or create the bucket."),
            pitfall="bucket-missing",
        ) from error
    except Forbidden as error:
        if google_reason(error) in API_OFF:
            raise
        raise AccessError(
            say("You have no access to the bucket {bucket}.", bucket=name),
            remedy=say("Run notebook 02, which grants Storage Admin, or ask the bucket's owner."),
            pitfall="role-missing",
        ) from error


def folder_in(bucket: Any, path: str) -> Folder:
    """Return what the bucket lists of the folder."""
    fields = "items(name,size,crc32c,updated),nextPageToken"
    listed = list(bucket.list_blobs(prefix=f"{path}/", fields=fields))
    return Folder(
        bucket=bucket.name,
        path=path,
        location=str(bucket.location),
        regions=tuple(region.lower() for region in bucket.data_locations or ()),
        files={blob.name.removeprefix(f"{path}/"): int(blob.size) for blob in listed},
        checksums={blob.name.removeprefix(f"{path}/"): str(blob.crc32c) for blob in listed},
        changed=max((blob.updated for blob in listed if blob.updated), default=None),
    )
