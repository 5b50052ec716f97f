"""Anywhere Cache (now Rapid Cache): where the Pods are, a cache there, and what it serves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from ..cloud import anywhere_cache
from ..cloud.anywhere_cache import Cache, Traffic
from ..cloud.availability import zones_of
from ..cloud.clients import Clients
from ..display.card import Card, Row
from ..display.progress import Report, polled, wait_until
from ..display.step import step
from ..errors import MissingError
from ..measure.runs import schema
from ..serving import pods
from ..serving.shell_commands import gcloud
from ..settings import Settings
from ..severity import Severity
from ..texts import say
from ..units import size

PATIENCE_S = 30
"""How long a cell waits for a cache, in seconds; in the cloud one takes minutes to hours."""

TOLD_S = 300
"""How long a cell waits until Cloud Monitoring tells of a read: it is minutes behind."""


@dataclass(frozen=True, repr=False)
class Zones(Card):
    """Where the Pods run, and where caches should be; each cache costs by itself.

    `held_in` is the zone that the reader chose for the Pods, "" for none.
    """

    pods: tuple[str, ...]
    wanted: tuple[str, ...]
    held_in: str = ""

    def title(self) -> str:
        return say("Zones of Pods and caches")

    def rows(self) -> Sequence[Row]:
        here = ", ".join(self.pods) or say("no Pod yet")
        return (
            Row(say("zones of the Pods"), here, "ok" if self.pods else "warning"),
            Row(say("zones for caches"), ", ".join(self.wanted), "ok"),
            *self._elsewhere(),
        )

    @property
    def astray(self) -> tuple[str, ...]:
        """The zones in which Pods run although the reader chose another for them."""
        return tuple(zone for zone in self.pods if self.held_in and zone != self.held_in)

    def _elsewhere(self) -> Iterator[Row]:
        for zone in self.pods:
            if zone in self.astray:
                told = say(
                    "a Pod runs here, but «zone» is {zone}: run notebook 06 again",
                    zone=self.held_in,
                )
                yield Row(zone, told, "error")
            elif zone not in self.wanted:
                yield Row(zone, say("a Pod runs here without a cache"), "warning")

    def note(self) -> str:
        return say(
            "Caches: {count}. Each is billed for the data it stores and serves.",
            count=len(self.wanted),
        )


@step(gcloud.describe_cache)
def zones(settings: Settings, clients: Clients) -> Zones:
    """Return where the Pods run, and the zones that should have a cache.

    Source: guide, "Opcional: Mejora el rendimiento con Anywhere Cache". A zonal cluster has
    its zone; a regional one has either every zone of the region, or the zone that holds the
    Pods.
    """
    return _zones(settings, clients)


def _zones(settings: Settings, clients: Clients) -> Zones:
    running = pods.zones_of(clients, pods.now(settings, clients))
    if settings.zone or settings.mode == "standard":
        wanted: tuple[str, ...] = (settings.zone or settings.location,)
    elif settings.cache_scope == "region":
        wanted = tuple(zones_of(clients, settings.region))
    else:
        wanted = running
    return Zones(running, wanted, settings.zone)


@dataclass(frozen=True, repr=False)
class Caches(Card):
    """The caches of the bucket, each with its zone and state."""

    bucket: str
    caches: tuple[Cache, ...]
    created: tuple[str, ...] = ()

    def title(self) -> str:
        return say("Caches of gs://{bucket}", bucket=self.bucket)

    def rows(self) -> Sequence[Row]:
        return tuple(
            Row(cache.zone, self._detail(cache), _severity(cache)) for cache in self.caches
        )

    def _detail(self, cache: Cache) -> str:
        how = say("created now") if cache.zone in self.created else say("already existed")
        return f"{cache.state}, {how}" if self.created else cache.state

    def note(self) -> str:
        if any(cache.state == "creating" for cache in self.caches):
            return say(
                "Still being created, which takes minutes to hours on Google Cloud. It continues "
                "in the background."
            )
        return ""


def _severity(cache: Cache) -> Severity:
    severities: dict[str, Severity] = {"running": "ok", "creating": "warning"}
    return severities.get(cache.state, "info")


@step(lambda settings: gcloud.create_cache(settings))
def create(settings: Settings, clients: Clients, *, report: Report | None = None) -> Caches:
    """Create the caches that are wanted and not there; wait for them a short while only.

    Source: guide, "Opcional: Mejora el rendimiento con Anywhere Cache".

    Raises:
        MissingError: No Pod runs, and no zone is chosen: nobody knows where a cache helps.
    """
    wanted = _zones(settings, clients).wanted
    if not wanted:
        raise MissingError(
            say("No Pod is running yet, so the zone for a cache is unknown."),
            remedy=say("Run notebooks 06 and 07 first, or choose «zone»."),
        )
    bucket = settings.bucket_name
    there = {cache.zone: cache for cache in anywhere_cache.find(clients, bucket)}
    made = tuple(z for z in wanted if z not in there or there[z].state == "disabled")
    for zone in made:
        anywhere_cache.create(clients, bucket, zone)
    if made or any(there[zone].state == "creating" for zone in wanted):
        _settle(clients, bucket, wanted, report)
    return Caches(bucket, tuple(anywhere_cache.find(clients, bucket)), made)


def _settle(clients: Clients, bucket: str, zones: tuple[str, ...], report: Report | None) -> None:
    """Wait until the caches run, or PATIENCE_S have passed: both are fine."""
    end = monotonic() + PATIENCE_S
    wait_until(
        polled(lambda: [c for c in anywhere_cache.find(clients, bucket) if c.zone in zones]),
        what=say("Caches of gs://{bucket}", bucket=bucket),
        state=lambda found: ", ".join(f"{c.zone} {c.state}" for c in found),
        ready=lambda found: _settled(found, zones) or monotonic() > end,
        timeout_s=2 * PATIENCE_S,
        meanwhile=say("Cloud Storage continues to create the caches."),
        report=report,
    )


def _settled(found: Sequence[Cache], zones: Sequence[str]) -> bool:
    return len(found) >= len(zones) and all(cache.state != "creating" for cache in found)


@step(gcloud.describe_cache)
def describe(settings: Settings, clients: Clients) -> Caches:
    """Return the bucket's caches with their states.

    Source: guide, "Check the status of the cache".
    """
    return Caches(settings.bucket_name, tuple(anywhere_cache.find(clients, settings.bucket_name)))


@dataclass(frozen=True, repr=False)
class Hits(Card):
    """Where the bytes came from that the zones read: their caches, or the bucket.

    `declined` is why Cloud Monitoring tells nothing.
    """

    zones: tuple[Traffic, ...]
    declined: str = ""

    @property
    def hit_percent(self) -> float | None:
        """Share of the bytes that came from a cache; None where nothing was counted."""
        hit = sum(one.hit_bytes for one in self.zones)
        read = hit + sum(one.missed_bytes for one in self.zones)
        return 100 * hit / read if read else None

    def title(self) -> str:
        return say("Cache hits")

    def rows(self) -> Sequence[Row]:
        if self.declined:
            return (Row(say("not known"), self.declined, "warning"),)
        if not self.zones:
            return (
                Row(say("nothing yet"), say("Cloud Monitoring reports no reads yet"), "warning"),
            )
        return tuple(
            Row(
                one.zone,
                say(
                    "{hit} from the cache, {missed} from the bucket ({share:.0%} from the cache)",
                    hit=size(one.hit_bytes),
                    missed=size(one.missed_bytes),
                    share=one.share,
                ),
                "ok" if one.hit_bytes else "warning",
            )
            for one in self.zones
        )

    def note(self) -> str:
        if self.declined:
            return ""
        return say(
            "Cloud Monitoring is some minutes late, and also lists zones without a cache. If a "
            "zone shows no bytes from its cache after several loads, the cache does not serve "
            "the model yet."
        )

    def record(self) -> dict[str, Any]:
        """Return the bytes by zone for the run record."""
        return {"zones": [schema.RecordedHits(**vars(one)).dumped() for one in self.zones]}


@step(gcloud.cache_hits)
def hits(
    settings: Settings, clients: Clients, *, since: datetime, report: Report | None = None
) -> Hits:
    """Return how many bytes came from each zone's cache since then, by Cloud Monitoring.

    While a cache runs, it is waited for a first figure, TOLD_S at most.

    Source: Google's reference architecture for fast vLLM start-up, "Check that replicas read
    from the caches"; Monitoring API v3, timeSeries.list.
    """
    from google.api_core.exceptions import Forbidden

    bucket = settings.bucket_name
    patience_s = TOLD_S if _serving(clients, bucket) else 0
    end = monotonic() + patience_s
    try:
        traffic = wait_until(
            polled(lambda: anywhere_cache.traffic(clients, bucket, since)),
            what=say("Cloud Monitoring"),
            state=lambda told: say("zones reported: {count}", count=len(told)),
            ready=lambda told: bool(told) or monotonic() >= end,
            timeout_s=patience_s + PATIENCE_S,
            meanwhile=say("The metrics appear automatically, some minutes late."),
            report=report,
        )
    except Forbidden as error:
        return Hits((), declined=str(error.message))
    return Hits(tuple(traffic))


def _serving(clients: Clients, bucket: str) -> bool:
    return any(cache.state == "running" for cache in anywhere_cache.find(clients, bucket))
