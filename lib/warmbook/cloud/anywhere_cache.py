"""Anywhere Caches of a bucket: find, create, disable, what they served; waits for nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from .clients import Clients
from .retry import rewritten

HITS = "storage.googleapis.com/anywhere_cache/sent_bytes_count"
"""What a bucket sent to each zone, by Cloud Monitoring, whose PromQL writes the slash as `_`.

Source: fsspec/gcsfs, gcsfs/tests/perf/subsystembenchmarks/dataloading/rapid_cache_hits.py, which
asks the service for it.
"""

MARK = "warmbook-cache-"
"""Start of the bucket labels that say which zones' caches the workbook created.

A cache carries no labels of its own, so the bucket keeps the proof.
"""


@dataclass(frozen=True)
class Cache:
    """A cache: its zone, its state in small letters, and how long it keeps data, in seconds."""

    zone: str
    state: str
    ttl_s: float


@dataclass(frozen=True)
class Traffic:
    """Bytes that a zone read: those that its cache held, and those that it did not."""

    zone: str
    hit_bytes: int
    missed_bytes: int

    @property
    def share(self) -> float:
        """What came from the cache, 0 to 1."""
        return self.hit_bytes / max(1, self.hit_bytes + self.missed_bytes)


def find(clients: Clients, bucket: str) -> list[Cache]:
    """Return the bucket's caches in all states that the service still lists."""
    found = clients.caches.list_anywhere_caches(parent=_parent(bucket))
    return sorted(
        (Cache(c.zone, str(c.state).lower(), c.ttl.total_seconds()) for c in found),
        key=lambda cache: cache.zone,
    )


def create(clients: Clients, bucket: str, zone: str) -> None:
    """Ask for a cache in the zone, or resume a disabled one, and mark it as the workbook's."""
    from google.api_core.exceptions import Conflict
    from google.cloud import storage_control_v2 as control

    # marked first: a cache that nobody finds again goes on costing
    _mark(clients, bucket, zone, created=True)
    try:
        clients.caches.create_anywhere_cache(
            parent=_parent(bucket), anywhere_cache=control.AnywhereCache(zone=zone)
        )
    except Conflict:
        # disabled within the last hour it still has its name; otherwise it is somebody else's
        if not any(c.zone == zone and c.state == "disabled" for c in find(clients, bucket)):
            _mark(clients, bucket, zone, created=False)
            return
        clients.caches.resume_anywhere_cache(name=_name(bucket, zone))


def disable(clients: Clients, bucket: str, zone: str) -> None:
    """Disable the zone's cache, which Google deletes an hour later, and take the mark off."""
    from google.api_core.exceptions import NotFound

    with suppress(NotFound):
        clients.caches.disable_anywhere_cache(name=_name(bucket, zone))
    _mark(clients, bucket, zone, created=False)


def forget_gone(clients: Clients, bucket: str) -> None:
    """Take off the marks whose caches are gone: an attempt was cut short before it did."""
    alive = {cache.zone for cache in find(clients, bucket) if cache.state != "disabled"}
    for zone in created_here(clients, bucket) - alive:
        _mark(clients, bucket, zone, created=False)


def traffic(clients: Clients, bucket: str, since: datetime) -> list[Traffic]:
    """Return what each zone has read of the bucket since then, as far as it is told by now.

    Raises:
        Forbidden: The reader may not see metrics, or Cloud Monitoring's API is off.
    """
    from google.api_core.exceptions import NotFound

    asked = {
        "filter": f'metric.type = "{HITS}" AND resource.labels.bucket_name = "{bucket}"',
        "interval.startTime": since.astimezone(timezone.utc).isoformat(),
        "interval.endTime": datetime.now(timezone.utc).isoformat(),
    }
    try:
        found = clients.monitoring("timeSeries", **asked)
    except NotFound:  # a metric that has never been written
        return []
    hit, missed = Counter[str](), Counter[str]()
    for series in found.get("timeSeries", ()):
        labels = series["metric"]["labels"]
        counts = hit if labels.get("anywhere_cache_hit") == "true" else missed
        size_bytes = sum(int(point["value"]["int64Value"]) for point in series["points"])
        counts[labels.get("anywhere_cache_zone", "")] += size_bytes
    zones = sorted({*hit, *missed} - {""})
    return [Traffic(zone, hit[zone], missed[zone]) for zone in zones]


def created_here(clients: Clients, bucket: str) -> set[str]:
    """Return the zones whose caches the workbook created, as the bucket's labels say."""
    labels = clients.storage.get_bucket(bucket).labels
    return {name.removeprefix(MARK) for name in labels if name.startswith(MARK)}


def _mark(clients: Clients, bucket: str, zone: str, *, created: bool) -> None:
    def attempt() -> None:
        found = clients.storage.get_bucket(bucket)
        labels = {name: value for name, value in found.labels.items() if name != f"{MARK}{zone}"}
        found.labels = {**labels, f"{MARK}{zone}": "created"} if created else labels
        # with the precondition the library may send it twice, and nobody's label is lost
        found.patch(if_metageneration_match=found.metageneration)

    rewritten(attempt)


def _parent(bucket: str) -> str:
    return f"projects/_/buckets/{bucket}"


def _name(bucket: str, zone: str) -> str:
    return f"{_parent(bucket)}/anywhereCaches/{zone}"
