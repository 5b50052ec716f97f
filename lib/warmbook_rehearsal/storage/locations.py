"""Where a bucket can lie, and which regions that spans; knows no zones and no prices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .errors import StorageError, invalid

Zones = Callable[[str], Sequence[str]]
"""Return the zones of a region ("us-central1"), none if there is no such region."""

_CONTINENTS = {"US": "us-", "EU": "europe-", "ASIA": "asia-"}
_PAIRS = {
    "ASIA1": ("asia-northeast1", "asia-northeast2"),
    "EUR4": ("europe-north1", "europe-west4"),
    "EUR5": ("europe-west1", "europe-west2"),
    "EUR7": ("europe-west2", "europe-west3"),
    "EUR8": ("europe-west3", "europe-west6"),
    "NAM4": ("us-central1", "us-east1"),
}


@dataclass(frozen=True)
class Location:
    """A bucket's location: its `name` in capitals, its `kind`, and the regions of a pair.

    Source: Cloud Storage, "Bucket locations".
    """

    name: str
    kind: str
    regions: tuple[str, ...] = ()

    def spans(self, region: str) -> bool:
        """Say whether data of a bucket here can lie in `region`."""
        if self.kind == "multi-region":
            return region.startswith(_CONTINENTS[self.name])
        return region in self.regions


def locate(name: str, zones: Zones, *, pair: Sequence[str] = ()) -> Location:
    """Return the location called `name`; `pair` are the regions of a configurable dual-region.

    Raises:
        StorageError: 400, there is no such location.
    """
    name = name.upper()
    if name in _PAIRS:
        return Location(name, "dual-region", _PAIRS[name])
    if name in _CONTINENTS:
        regions = tuple(_known(region, zones) for region in pair)
        return Location(name, "dual-region" if regions else "multi-region", regions)
    return Location(name, "region", (_known(name, zones),))


def check_zone(zone: str, location: Location, zones: Zones) -> None:
    """Check that `zone` is one, and lies in `location`.

    Raises:
        StorageError: 400, it does not.
    """
    region = zone.rpartition("-")[0]
    if not region or zone not in zones(region):
        raise invalid(f"Invalid zone: '{zone}'.")
    if not location.spans(region):
        raise invalid(f"The zone '{zone}' is not in the bucket's location {location.name}.")


def _known(region: str, zones: Zones) -> str:
    region = region.lower()
    if not zones(region):
        raise StorageError(400, "invalid", "The specified location constraint is not valid.")
    return region
