"""What goes wrong with Anywhere Caches: they are where no Pod is, or not there yet."""

from __future__ import annotations

from .bucket import place
from .fault import BUCKET, Target, fault

ZONE_OF_PODS, OTHER_ZONE = "us-central1-a", "us-central1-f"
A_DAY_MINUTES = 24 * 60.0


@fault(
    "cache-zone",
    "the bucket has a cache, in a zone where no Pod runs",
    pitfall="cache-zone",
    places=(BUCKET,),
    ahead=True,
)
def cache_zone(rehearsal: Target) -> None:
    """Make the cache; one in the zone of the Pods mends it."""
    _make(rehearsal, OTHER_ZONE)


@fault(
    "cache-empty",
    "the cache in the zone of the Pods takes hours to create, and is still empty",
    pitfall="cache-empty",
    places=(BUCKET,),
    ahead=True,
)
def cache_empty(rehearsal: Target) -> None:
    """Begin the cache and let it, and each after it, take a day."""
    caches, before = rehearsal.storage.caches, rehearsal.storage.caches.creation_minutes
    caches.creation_minutes = A_DAY_MINUTES
    rehearsal.put_back(lambda: setattr(caches, "creation_minutes", before))
    _make(rehearsal, ZONE_OF_PODS)


def _make(rehearsal: Target, zone: str) -> None:
    cache = rehearsal.storage.caches.create(place(rehearsal)[0], zone)
    rehearsal.put_back(lambda: rehearsal.storage.caches.drop(cache))
