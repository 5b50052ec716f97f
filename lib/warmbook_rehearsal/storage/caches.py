"""Anywhere Caches of buckets: their states and how long those last; they speed nothing up."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from warmbook_rehearsal.time_scale import TimeScale

from .errors import StorageError, conflict, invalid
from .locations import Location, Zones, check_zone

DEFAULT_TTL_S = 86_400
MIN_TTL_S, MAX_TTL_S = 3_600, 7 * 86_400
POLICIES = ("admit-on-first-miss", "admit-on-second-miss")
CREATION_MINUTES = 10.0
GRACE_MINUTES = 60.0


@dataclass(frozen=True)
class Cache:
    """An Anywhere Cache as it is at one moment; `state` as in the JSON API.

    Source: Cloud Storage JSON API, AnywhereCaches.
    """

    bucket: str
    zone: str
    state: str
    ttl_s: int
    create_time: datetime
    update_time: datetime
    admission_policy: str = POLICIES[0]
    ingest_on_write: bool = False
    due_s: float | None = None
    """When, on the monotonic clock, its state changes by itself."""


@dataclass(frozen=True)
class Operation:
    """A long-running operation on a cache: it is done when the cache is no longer creating."""

    name: str
    kind: str
    bucket: str
    zone: str


class Caches:
    """All caches, by bucket and zone, with the operations on them.

    `zones` names the zones of a region; `location_of` tells where a bucket lies, and raises a
    StorageError 404 if there is no such bucket.
    """

    def __init__(
        self, time_scale: TimeScale, zones: Zones, location_of: Callable[[str], Location]
    ) -> None:
        self._pace, self.creation_minutes = time_scale, CREATION_MINUTES
        self._zones, self._location_of = zones, location_of
        self._caches: dict[tuple[str, str], Cache] = {}
        self._operations: dict[tuple[str, str], Operation] = {}
        self._ids = (f"{number:012x}" for number in itertools.count(int(time.time() * 1e6)))

    def create(
        self,
        bucket: str,
        zone: str,
        ttl_s: int | None = None,
        admission_policy: str = POLICIES[0],
        ingest_on_write: bool = False,
    ) -> Cache:
        """Begin to create a cache; it runs after `creation_minutes` of the cloud.

        Raises:
            StorageError: 404, no such bucket; 400, the zone lies elsewhere, or no such ttl or
                policy; 409, the bucket has a cache in the zone.
        """
        check_zone(zone, self._location_of(bucket), self._zones)
        if self._find(bucket, zone):
            raise conflict("The requested anywhere cache already exists.")
        now = datetime.now(timezone.utc)
        cache = Cache(
            bucket,
            zone,
            "creating",
            _checked_ttl(DEFAULT_TTL_S if ttl_s is None else ttl_s),
            now,
            now,
            _checked_policy(admission_policy),
            ingest_on_write,
            due_s=time.monotonic() + self._pace.seconds(self.creation_minutes),
        )
        return self._put(cache)

    def get(self, bucket: str, zone: str) -> Cache:
        """Return a cache as it is now.

        Raises:
            StorageError: 404, there is none, or it was disabled more than an hour ago.
        """
        self._location_of(bucket)
        cache = self._find(bucket, zone)
        if cache is None:
            raise StorageError(404, "notFound", "The specified anywhere cache does not exist.")
        return cache

    def of(self, bucket: str) -> list[Cache]:
        """Return the caches of a bucket, by zone; raises StorageError 404 if there is none."""
        self._location_of(bucket)
        zones = sorted(zone for name, zone in self._caches if name == bucket)
        return [cache for zone in zones if (cache := self._find(bucket, zone))]

    def update(
        self,
        bucket: str,
        zone: str,
        ttl_s: int | None = None,
        admission_policy: str | None = None,
        ingest_on_write: bool | None = None,
    ) -> Cache:
        """Change what is given, and return the cache.

        Raises:
            StorageError: 404, no such cache; 400, no such ttl or policy.
        """
        cache = self.get(bucket, zone)
        return self._put(
            replace(
                cache,
                ttl_s=cache.ttl_s if ttl_s is None else _checked_ttl(ttl_s),
                admission_policy=cache.admission_policy
                if admission_policy is None
                else _checked_policy(admission_policy),
                ingest_on_write=cache.ingest_on_write
                if ingest_on_write is None
                else ingest_on_write,
                update_time=datetime.now(timezone.utc),
            )
        )

    def disable(self, bucket: str, zone: str) -> Cache:
        """Disable a cache; it is gone after an hour's grace."""
        due_s = time.monotonic() + self._pace.seconds(GRACE_MINUTES)
        return self._turn(bucket, zone, ("running", "paused"), "disabled", due_s)

    def pause(self, bucket: str, zone: str) -> Cache:
        """Pause a running cache."""
        return self._turn(bucket, zone, ("running",), "paused")

    def resume(self, bucket: str, zone: str) -> Cache:
        """Let a paused or disabled cache run again."""
        return self._turn(bucket, zone, ("paused", "disabled"), "running")

    def drop(self, cache: Cache) -> None:
        """Let there be no such cache."""
        self._caches.pop((cache.bucket, cache.zone), None)

    def forget(self, bucket: str) -> None:
        """Drop the caches and operations of a bucket that is gone."""
        self._caches = {key: value for key, value in self._caches.items() if key[0] != bucket}
        self._operations = {
            key: value for key, value in self._operations.items() if key[0] != bucket
        }

    def begin_operation(self, kind: str, cache: Cache) -> Operation:
        """Note that `kind` ("Create", "Update") was asked of a cache."""
        operation = Operation(next(self._ids), kind, cache.bucket, cache.zone)
        self._operations[cache.bucket, operation.name] = operation
        return operation

    def operation(self, bucket: str, name: str) -> Operation:
        """Return an operation.

        Raises:
            StorageError: 404, there is none of that name.
        """
        if (bucket, name) not in self._operations:
            raise StorageError(404, "notFound", f"The operation '{name}' does not exist.")
        return self._operations[bucket, name]

    def operations(self, bucket: str) -> list[Operation]:
        """Return the operations on a bucket's caches, oldest first."""
        return [operation for key, operation in self._operations.items() if key[0] == bucket]

    def _turn(
        self, bucket: str, zone: str, old: tuple[str, ...], new: str, due_s: float | None = None
    ) -> Cache:
        cache = self.get(bucket, zone)
        if cache.state not in (*old, new):
            raise StorageError(
                400, "failedPrecondition", f"The cache is {cache.state}: it can't become {new}."
            )
        if cache.state == new:
            return cache
        now = datetime.now(timezone.utc)
        return self._put(replace(cache, state=new, due_s=due_s, update_time=now))

    def _find(self, bucket: str, zone: str) -> Cache | None:
        cache = self._caches.get((bucket, zone))
        if cache is None or cache.due_s is None or time.monotonic() < cache.due_s:
            return cache
        if cache.state == "disabled":
            del self._caches[bucket, zone]
            return None
        now = datetime.now(timezone.utc)
        return self._put(replace(cache, state="running", due_s=None, update_time=now))

    def _put(self, cache: Cache) -> Cache:
        self._caches[cache.bucket, cache.zone] = cache
        return cache


def _checked_ttl(ttl_s: int) -> int:
    if not MIN_TTL_S <= ttl_s <= MAX_TTL_S:
        raise invalid(f"Invalid ttl: {ttl_s}s is not between {MIN_TTL_S}s and {MAX_TTL_S}s.")
    return ttl_s


def _checked_policy(policy: str) -> str:
    # gcloud sends ADMIT_ON_FIRST_MISS, the API documents admit-on-first-miss
    kebab = policy.lower().replace("_", "-")
    if kebab not in POLICIES:
        raise invalid(f"Invalid admission policy: '{policy}'.")
    return kebab
