"""Several Pods of the server: bring them up, and let them read the weights all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..cloud import anywhere_cache, gke
from ..cloud.clients import Clients
from ..display.card import Card, Row
from ..display.picture import Picture
from ..display.progress import Report
from ..display.step import step
from ..doctor.pods.rollout import wait_for_pods
from ..measure.loaders import reread
from ..measure.loaders.card import Times, spread
from ..measure.loaders.catalog import Runs
from ..measure.runs import schema
from ..model.gpus import GIB, Machine, machines
from ..model.load_estimate import CACHE_GBPS, REGION_GBPS, crowded, limit_name
from ..serving import guide_manifest, pods
from ..serving.shell_commands import kubectl
from ..settings import Settings
from ..texts import say


@dataclass(frozen=True, repr=False)
class Scaled(Card):
    """The Deployment's Pods after scaling."""

    wanted: int
    ready: int

    def title(self) -> str:
        return say("{ready} of {wanted} ready", ready=self.ready, wanted=self.wanted)

    def rows(self) -> Sequence[Row]:
        return (
            Row(say("Pods"), str(self.ready), "ok" if self.ready == self.wanted else "warning"),
        )


@step(lambda settings: kubectl.scale(settings))
def scale(settings: Settings, clients: Clients, *, report: Report | None = None) -> Scaled:
    """Bring the Deployment to `replicas` Pods and wait until each is ready.

    Source: guide, "El almacenamiento en caché es especialmente beneficioso cuando se escalan
    varios nodos en la misma zona".

    Raises:
        WarmbookError: What waiting does not cure, by name.
    """
    change = {"spec": {"replicas": settings.replicas}}
    clients.kubernetes.merge("Deployment", guide_manifest.DEPLOYMENT, settings.namespace, change)
    seen = wait_for_pods(
        settings,
        clients,
        ready=lambda listed: [p.ready for p in listed] == [True] * settings.replicas,
        report=report,
    )
    return Scaled(settings.replicas, sum(pod.ready for pod in seen))


@dataclass(frozen=True, repr=False)
class Reads(Times):
    """Reads of the weights by one Pod alone and by all at once, without a cache or with one.

    `cached` says whether a cache ran in each zone of the Pods; `before` is the same without.
    """

    pods: int
    alone: Runs
    together: Runs | None
    size_bytes: int
    cached: bool
    begun: datetime
    machine: Machine | None = None
    before: Reads | None = None

    def title(self) -> str:
        if self.cached:
            return say("Reading the weights with a cache")
        return say("Reading the weights without a cache")

    def rows(self) -> Sequence[Row]:
        return tuple(self._rows())

    def _rows(self) -> Iterator[Row]:
        for runs, at_once in self.groups:
            rate = at_once * self.size_bytes / GIB / runs.median_s
            yield Row(runs.name, f"{spread(runs)}; {rate:.2f} GiB/s")
        yield from self._limits()

    @property
    def groups(self) -> tuple[tuple[Runs, int], ...]:
        """The reads, and how many Pods took part in each."""
        own = ((self.alone, 1), *(((self.together, self.pods),) if self.together else ()))
        return (*(self.before.groups if self.compares and self.before else ()), *own)

    @property
    def compares(self) -> bool:
        """Whether there are reads without a cache to hold these against."""
        return bool(self.cached and self.before and not self.before.cached)

    def _limits(self) -> Iterator[Row]:
        """Yield from how many Pods on something binds that they share, in the cloud."""
        if self.machine is None:
            return
        shared = {
            say("the region's quota (an estimate)"): REGION_GBPS,
            say("initial limit of a zone's cache"): CACHE_GBPS,
        }
        for name, gbps in shared.items():
            told = say(
                "{gbps:g} Gbps: the limit from {count} Pods on, each with its own {machine}",
                gbps=gbps,
                count=crowded(self.machine, gbps),
                machine=limit_name("nic", self.machine),
            )
            yield Row(name, told)

    def sentence(self) -> str:
        """Return what follows from the figures, and no more than that."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.together is None:
            yield say("One Pod can't be compared: raise «replicas» and scale again.")
        elif self.alone.clearly_faster_than(self.together):
            yield say(
                "{count} at once take {times:.1f} times as long as one alone: they share a limit.",
                count=self.pods,
                times=self.together.median_s / self.alone.median_s,
            )
        else:
            yield say(
                "No clear difference between one alone and {count} at once: no shared limit yet.",
                count=self.pods,
            )
        if self.before is not None:
            yield self._with_cache()

    def _with_cache(self) -> str:
        if not self.cached:
            return say("No cache is running in the zone of these Pods yet: try again later.")
        if not self.compares or self.before is None:
            return say(
                "A cache was running from the start: there is no read without it to compare."
            )
        with_it, without = self._beside(self.before)
        if with_it.clearly_faster_than(without):
            return say(
                "With the cache: {share:.0%} of the time without it.",
                share=with_it.median_s / without.median_s,
            )
        return say("Not clearly faster with the cache: the difference may be chance.")

    @property
    def cache_effect(self) -> str | None:
        """`faster` or `same` as without the cache; None where that was not compared."""
        if not self.compares or self.before is None:
            return None
        with_it, without = self._beside(self.before)
        return "faster" if with_it.clearly_faster_than(without) else "same"

    def _beside(self, before: Reads) -> tuple[Runs, Runs]:
        """Return the reads that are compared: those of most Pods with the cache, and without."""
        return self.together or self.alone, before.together or before.alone

    def plot(self) -> Picture:
        """Return the reads as a picture."""
        return self.drawn(*(runs for runs, _ in self.groups))

    def record(self) -> dict[str, Any]:
        """Return the reads for the run record."""
        return schema.Replicas(
            pods=self.pods,
            bytes=self.size_bytes,
            cached=self.cached,
            reads=tuple(
                schema.RecordedReads(name=runs.name, pods=at_once, seconds=runs.rounded)
                for runs, at_once in self.groups
            ),
            sentence=self.sentence(),
        ).dumped()


@step(kubectl.read_weights)
def read(
    settings: Settings,
    clients: Clients,
    *,
    before: Reads | None = None,
    report: Report | None = None,
) -> Reads:
    """Let the streamer read the weights again beside the server: in one Pod, then in all at once.

    `compare_runs` times each, in turn, into the host's memory; the first is shown apart, for it
    fills a cache. Nothing is restarted. `before` is what was measured without a cache. No round
    begins after `compare_minutes`.

    Source: guide, "Opcional: Mejora el rendimiento con Anywhere Cache"; Google's own tests with
    one, two and six loads at once.

    Raises:
        MissingError: No Pod is ready.
        ResourceFailedError: A reader ended before its work was done.
    """
    ready = pods.ready_now(settings, clients)
    begun = datetime.now(timezone.utc)
    labels = pods.node_labels(clients, ready)
    cached = _cached(settings, clients, {found.get(gke.ZONE, "") for found in labels})
    budget_s = 60.0 * settings.compare_minutes
    done = reread.read(settings, clients, [p.name for p in ready], budget_s=budget_s, report=report)
    kind = labels[0].get(gke.MACHINE_TYPE)
    alone, together = _names(len(ready), cached)
    return Reads(
        len(ready),
        Runs(alone, done.alone),
        Runs(together, done.together) if done.together else None,
        done.size_bytes,
        cached,
        begun,
        next((found for found in machines() if found.name == kind), None),
        before,
        cut_short=done.cut_short,
        rehearsal=bool(clients.rehearsal),
        network=clients.network,
    )


def _cached(settings: Settings, clients: Clients, zones: set[str]) -> bool:
    found = anywhere_cache.find(clients, settings.bucket_name)
    return zones <= {cache.zone for cache in found if cache.state == "running"}


def _names(count: int, cached: bool) -> tuple[str, str]:
    if cached:
        return say("one alone, cache"), say("{count} at once, cache", count=count)
    return say("one alone"), say("{count} at once", count=count)
