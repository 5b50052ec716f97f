"""What a bucket says about a model: listings only, no weights are read."""

from __future__ import annotations

from dataclasses import dataclass

from .clients import Clients
from .errors import AccessError, MissingError
from .settings import Settings
from .texts import say

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
class Weights:
    """A model's folder: names are object names, sizes are bytes."""

    location: str
    shards: tuple[str, ...]
    size_bytes: int
    config: bool
    tokenizer: bool
    regions: tuple[str, ...]
    """The two regions of a configurable dual-region; empty for other buckets."""

    deeper: tuple[str, ...]
    """Folders below that hold safetensors files; the streamer does not look there."""

    def covers(self, region: str) -> bool:
        """Say whether reads from `region` stay in the bucket's place."""
        if self.regions:
            return region in self.regions
        if self.location in MULTI_REGIONS:
            return region.startswith(MULTI_REGIONS[self.location]) and region not in OUTSIDE
        return region in DUAL_REGIONS.get(self.location, {self.location.lower()})


def list_weights(settings: Settings, clients: Clients) -> Weights:
    """Return what the streamer will find in the model's folder.

    The streamer lists one level and takes every `*.safetensors`, whatever the index says.

    Raises:
        MissingError: There is no such bucket.
        AccessError: The reader may not look at it.
    """
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        bucket = clients.storage.get_bucket(settings.bucket_name)
    except NotFound as error:
        raise MissingError(
            say("There is no bucket {bucket}.", bucket=settings.bucket_name),
            remedy=say("Correct the model's address in the form, or create the bucket."),
        ) from error
    except Forbidden as error:
        raise AccessError(
            say("You may not look at the bucket {bucket}.", bucket=settings.bucket_name),
            remedy=say("Run notebook 02 for the role Storage Admin, or ask the bucket's owner."),
        ) from error
    folder = f"{settings.model_path}/"
    found = {blob.name: int(blob.size) for blob in bucket.list_blobs(prefix=folder)}
    here = {name for name in found if "/" not in name.removeprefix(folder)}
    shards = tuple(sorted(name for name in here if name.endswith(".safetensors")))
    below = {name.rpartition("/")[0] for name in found if name.endswith(".safetensors")}
    return Weights(
        location=str(bucket.location),
        shards=shards,
        size_bytes=sum(found[name] for name in shards),
        config=f"{folder}config.json" in here,
        tokenizer=any("token" in name or name.endswith(".model") for name in here),
        regions=tuple(name.lower() for name in bucket.data_locations or ()),
        deeper=tuple(sorted(below - {folder.rstrip("/")})),
    )
