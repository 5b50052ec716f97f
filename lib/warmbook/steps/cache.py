"""Anywhere Cache (now Rapid Cache): where the Pods are, a cache there, more Pods beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import caches, commands, manifests, pods
from ..bucket import list_folder
from ..caches import Cache
from ..clients import Clients
from ..errors import MissingError
from ..lookout import wait_for_pods
from ..network import Network
from ..offers import zones_of
from ..progress import Report, polled, wait_until
from ..settings import Settings
from ..startlog import read
from ..step import step
from ..texts import say
from ..views import Card, Row, State, duration

PATIENCE_S = 30
"""How long a cell waits for a cache, in seconds; in the cloud one takes minutes to hours."""


@dataclass(frozen=True, repr=False)
class Zones(Card):
    """Where the Pods run, and where caches should be; each cache costs by itself."""

    pods: tuple[str, ...]
    wanted: tuple[str, ...]

    def title(self) -> str:
        return say("A cache serves the Pods of its own zone")

    def rows(self) -> Sequence[Row]:
        here = ", ".join(self.pods) or say("no Pod yet")
        return (
            Row(say("Pods run in"), here, "ok" if self.pods else "wait"),
            Row(say("caches wanted in"), ", ".join(self.wanted), "ok"),
            *(
                Row(zone, say("a Pod runs here, and no cache is wanted"), "wait")
                for zone in self._bare()
            ),
        )

    def _bare(self) -> tuple[str, ...]:
        return tuple(zone for zone in self.pods if zone not in self.wanted)

    def note(self) -> str:
        return say(
            "{count} cache(s): each is paid for what it holds and reads.", count=len(self.wanted)
        )


@step(commands.describe_cache)
def zones(settings: Settings, clients: Clients) -> Zones:
    """Return where the Pods run, and the zones that should have a cache.

    Source: guide, "Opcional: Mejora el rendimiento con Anywhere Cache". A zonal cluster has
    its zone; a regional one has either every zone of the region, or the zone that holds the
    Pods.
    """
    return _zones(settings, clients)


def _zones(settings: Settings, clients: Clients) -> Zones:
    running = _pod_zones(settings, clients)
    if settings.zone or settings.mode == "standard":
        wanted: tuple[str, ...] = (settings.zone or settings.location,)
    elif settings.cache_scope == "region":
        wanted = tuple(zones_of(clients, settings.region))
    else:
        wanted = running
    return Zones(running, wanted)


def _pod_zones(settings: Settings, clients: Clients) -> tuple[str, ...]:
    nodes = {pod.node for pod in pods.now(settings, clients) if pod.node}
    listed = clients.kubernetes.list_objects("Node")
    labels = [n["metadata"].get("labels") or {} for n in listed if n["metadata"]["name"] in nodes]
    return tuple(sorted({found.get("topology.kubernetes.io/zone", "") for found in labels} - {""}))


@dataclass(frozen=True, repr=False)
class Caches(Card):
    """The caches of the bucket, each with its zone and state."""

    bucket: str
    caches: tuple[Cache, ...]
    created: tuple[str, ...] = ()

    def title(self) -> str:
        return say("Caches of gs://{bucket}", bucket=self.bucket)

    def rows(self) -> Sequence[Row]:
        return tuple(Row(cache.zone, self._detail(cache), _mark(cache)) for cache in self.caches)

    def _detail(self, cache: Cache) -> str:
        how = say("created now") if cache.zone in self.created else say("was there already")
        return f"{cache.state}, {how}" if self.created else cache.state

    def note(self) -> str:
        if any(cache.state == "creating" for cache in self.caches):
            return say("Still being created: minutes to hours in the cloud. It goes on by itself.")
        return ""


def _mark(cache: Cache) -> State:
    marks: dict[str, State] = {"running": "ok", "creating": "wait"}
    return marks.get(cache.state, "info")


@step(lambda settings: commands.create_cache(settings))
def create(settings: Settings, clients: Clients, *, report: Report | None = None) -> Caches:
    """Create the caches that are wanted and not there; wait for them a short while only.

    Source: guide, "Opcional: Mejora el rendimiento con Anywhere Cache".

    Raises:
        MissingError: No Pod runs, and no zone is chosen: nobody knows where a cache helps.
    """
    wanted = _zones(settings, clients).wanted
    if not wanted:
        raise MissingError(
            say("No Pod runs yet, so nobody knows which zone needs a cache."),
            remedy=say("Run notebooks 06 and 07 first, or choose «zone» in the form."),
        )
    bucket = settings.bucket_name
    there = {cache.zone: cache for cache in caches.find(clients, bucket)}
    made = tuple(z for z in wanted if z not in there or there[z].state == "disabled")
    for zone in made:
        caches.create(clients, bucket, zone)
    if made or any(there[zone].state == "creating" for zone in wanted):
        _settle(clients, bucket, wanted, report)
    return Caches(bucket, tuple(caches.find(clients, bucket)), made)


def _settle(clients: Clients, bucket: str, zones: tuple[str, ...], report: Report | None) -> None:
    """Wait until the caches run, or PATIENCE_S have passed: both are fine."""
    from time import monotonic

    end = monotonic() + PATIENCE_S
    wait_until(
        polled(lambda: [c for c in caches.find(clients, bucket) if c.zone in zones]),
        what=say("Caches of gs://{bucket}", bucket=bucket),
        state=lambda found: ", ".join(f"{c.zone} {c.state}" for c in found),
        ready=lambda found: _settled(found, zones) or monotonic() > end,
        timeout_s=2 * PATIENCE_S,
        meanwhile=say("Cloud Storage goes on creating the caches."),
        report=report,
    )


def _settled(found: Sequence[Cache], zones: Sequence[str]) -> bool:
    return len(found) >= len(zones) and all(cache.state != "creating" for cache in found)


@step(commands.describe_cache)
def describe(settings: Settings, clients: Clients) -> Caches:
    """Return the bucket's caches with their states.

    Source: guide, "Check the status of the cache".
    """
    return Caches(settings.bucket_name, tuple(caches.find(clients, settings.bucket_name)))


@dataclass(frozen=True, repr=False)
class Scaled(Card):
    """The Deployment's Pods after scaling."""

    wanted: int
    ready: int

    def title(self) -> str:
        return say("{ready} of {wanted} ready", ready=self.ready, wanted=self.wanted)

    def rows(self) -> Sequence[Row]:
        return (Row(say("Pods"), str(self.ready), "ok" if self.ready == self.wanted else "wait"),)


@step(lambda settings: commands.scale(settings))
def scale(settings: Settings, clients: Clients, *, report: Report | None = None) -> Scaled:
    """Bring the Deployment to `replicas` Pods and wait until each is ready.

    Source: guide, "El almacenamiento en caché es especialmente beneficioso cuando se escalan
    varios nodos en la misma zona".

    Raises:
        WarmbookError: What waiting does not cure, by name.
    """
    change = {"spec": {"replicas": settings.replicas}}
    clients.kubernetes.merge("Deployment", manifests.DEPLOYMENT, settings.namespace, change)
    seen = wait_for_pods(
        settings,
        clients,
        ready=lambda listed: [p.ready for p in listed] == [True] * settings.replicas,
        report=report,
    )
    return Scaled(settings.replicas, sum(pod.ready for pod in seen))


@dataclass(frozen=True, repr=False)
class Comparison(Card):
    """The loads of the Pods side by side: seconds and GiB/s, and the cache they could use."""

    loads: tuple[tuple[str, float, float], ...]
    cached: bool
    network: Network | None = field(default=None, kw_only=True)
    """The rehearsal's, where it is shaped."""

    def title(self) -> str:
        return say("The loads side by side")

    def rows(self) -> Sequence[Row]:
        return tuple(
            Row(pod, f"{duration(seconds)}, {rate:.2f} GiB/s", "ok")
            for pod, seconds, rate in self.loads
        )

    def note(self) -> str:
        return " ".join((self._told(), *([self.network.label] if self.network else [])))

    def _told(self) -> str:
        if len(self.loads) < 2:
            return say("One load compares with nothing: raise «replicas» and scale again.")
        if not self.cached:
            return say("No cache was running: these loads came from the bucket.")
        return say("A new cache fills as Pods read; it helps several loads at once, seldom one.")

    def record(self) -> dict[str, Any]:
        """Return the loads for the run record."""
        return {"loads": [{"pod": p, "seconds": s, "gib_s": r} for p, s, r in self.loads]}


@step(commands.pods)
def compare(settings: Settings, clients: Clients) -> Comparison:
    """Return the load of each Pod that is ready, as its own log tells it."""
    expected = list_folder(clients, settings.model_uri).size_bytes
    loads = []
    for pod in pods.now(settings, clients):
        told = read(clients.kubernetes.log(pod.name, settings.namespace)).streams
        if pod.ready and told:
            seconds = max(mark.seconds or 0.0 for mark in told)
            loads.append((pod.name, seconds, expected / 2**30 / seconds if seconds else 0.0))
    running = any(cache.state == "running" for cache in caches.find(clients, settings.bucket_name))
    return Comparison(tuple(loads), running, network=clients.network)
