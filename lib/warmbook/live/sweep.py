"""Delete what runs have made, by label and ledger, and list until nothing is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..cloud import anywhere_cache, gke
from ..cloud.api_errors import google_reason
from ..cloud.clients import Clients
from ..cloud.errors import explained
from ..cloud.iam import revoke_on_bucket
from ..display.progress import Report, polled, wait_until
from ..errors import InterruptedWaitError, WarmbookError
from ..model.upload.multipart import Multipart
from ..settings import Settings
from ..steps import cleanup
from ..texts import say
from .cost import SWEEP_S
from .ledger import Ledger
from .session import LABEL, PREFIX, due, run_of, settings_of


@dataclass(frozen=True, order=True)
class Left:
    """Something that a run has made and that is still there."""

    kind: str
    name: str
    place: str
    run: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.place})"

    def overdue(self, now: datetime | None = None) -> bool:
        """Say whether its run should have been over by now."""
        return due(self.run) < (now or datetime.now(timezone.utc))


def left(settings: Settings, clients: Clients) -> list[Left]:
    """Return what runs of this project have left: clusters and buckets, the rest is in them.

    A cluster counts by the run's name and the workbook's label, or by a run's ledger.
    """
    buckets = list(_buckets(clients))
    return sorted([*buckets, *_clusters(settings, clients, _written_down(clients, buckets))])


def _written_down(clients: Clients, buckets: Iterable[Left]) -> set[tuple[str, str]]:
    """Return name and place of each cluster that a ledger names."""
    entries = (entry for one in buckets for entry in Ledger(clients, one.name).entries())
    return {(entry.name, entry.place) for entry in entries if entry.kind == "cluster"}


def _clusters(
    settings: Settings, clients: Clients, written: Collection[tuple[str, str]]
) -> Iterable[Left]:
    from google.api_core.exceptions import Forbidden

    parent = f"projects/{settings.project_id}/locations/-"
    try:
        listed = clients.clusters.list_clusters(parent=parent).clusters
    except Forbidden as error:
        if google_reason(error) == "SERVICE_DISABLED":  # no API, so no cluster
            return
        raise
    for one in listed:
        ours = gke.is_marked(one.resource_labels) or (one.name, one.location) in written
        if run_of(one.name) and ours:
            yield Left("cluster", one.name, one.location, run_of(one.name))


def _buckets(clients: Clients) -> Iterable[Left]:
    for one in clients.storage.list_buckets(prefix=PREFIX):
        run = run_of(one.name)
        if run and one.labels.get(LABEL) == run:
            yield Left("bucket", one.name, str(one.location), run)


def sweep(
    settings: Settings, clients: Clients, wanted: Callable[[Left], bool], report: Report
) -> list[Left]:
    """Delete what is `wanted` of all that runs have left; return what is still there of it.

    Clusters first, then what the ledger names, the bucket last: after a crash, and after a sweep
    that was cut short itself, the next one finds the same. What was left is listed again until
    nothing is, for SWEEP_S seconds.

    Raises:
        WaitTimeoutError: Something is still there then.
    """
    refusals: dict[Left, str] = {}

    def again() -> list[Left]:
        found = list(filter(wanted, left(settings, clients)))
        refusals.clear()
        for one in sorted(found, key=lambda one: one.kind != "cluster"):
            waits = any(other.kind == "cluster" and other.run == one.run for other in found)
            if one.kind == "cluster" or not waits:  # the ledger is needed until they are gone
                refusals[one] = _refusal(settings, clients, one, report)
        return list(filter(wanted, left(settings, clients)))

    def state(found: list[Left]) -> str:
        told = (f"{one} {refusals.get(one, '')}".rstrip() for one in found)
        return ", ".join(told) or say("gone")

    return wait_until(
        polled(again),
        what=say("Deleting the resources of the check"),
        state=state,
        ready=lambda found: not found,
        timeout_s=SWEEP_S,
        meanwhile=say("Run the sweep again; it continues."),
        report=report,
    )


def _refusal(settings: Settings, clients: Clients, one: Left, report: Report) -> str:
    """Delete one thing; return why it does not go now, "" where it does. It is tried again."""
    try:
        with explained():
            if one.kind == "cluster":
                _delete_cluster(settings, clients, one, report)
            else:
                _delete_bucket(clients, one.name)
    except InterruptedWaitError:
        raise
    except WarmbookError as error:
        return error.what
    return ""


def _delete_cluster(settings: Settings, clients: Clients, one: Left, report: Report) -> None:
    """Delete a cluster as notebook 10 does, with the roles that its Pods had.

    One that has lost its label notebook 10 takes for somebody else's, the ledger does not.
    """
    from google.api_core.exceptions import NotFound

    mode = "autopilot" if one.place.count("-") == 1 else "standard"
    chosen = settings_of(settings, one.run, mode=mode, location=one.place, cluster_name=one.name)
    own = Clients(chosen.project_id, chosen).confirmed()
    cleanup.delete(chosen, own, report=report)
    with suppress(NotFound):
        clients.clusters.delete_cluster(name=own.cluster_path(chosen))


def _delete_bucket(clients: Clients, name: str) -> None:
    """Take back what the bucket's ledger names, empty the bucket and delete it.

    A cache that is still being created can't be disabled: the bucket stays until it can.
    """
    from google.api_core.exceptions import NotFound

    bucket = clients.storage.bucket(name)
    try:
        for entry in Ledger(clients, name).entries():
            if entry.kind == "role":
                revoke_on_bucket(bucket, [entry.name], entry.place.__eq__)
        for cache in anywhere_cache.find(clients, name):
            if cache.state != "disabled":
                anywhere_cache.disable(clients, name, cache.zone)
        _empty(clients, bucket)
        bucket.delete()
    except NotFound:  # gone in the meantime
        return


def _empty(clients: Clients, bucket: Any) -> None:
    from google.api_core.exceptions import NotFound

    wire = Multipart(clients, bucket.name, threading.Event())
    for one in wire.unfinished(""):
        wire.abort(one.name, one.upload_id)
    for blob in bucket.list_blobs(versions=True):
        if blob.temporary_hold:
            blob.temporary_hold = False
            blob.patch()
        try:
            blob.delete()
        except NotFound:
            continue
