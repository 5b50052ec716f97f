"""Tier 4: a cache and its metric, the comparison of loaders, a queue, a Standard cluster."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..cloud import anywhere_cache, gke
from ..display.progress import polled, wait_until
from ..errors import WaitTimeoutError
from ..measure.loaders.catalog import FUSE
from ..model.fit import allocatable, machine
from ..serving import gpu_driver, guide_manifest, pods
from ..steps import autoscaling, cache, cluster, compare, scaling, streaming
from .checks import Facts, NotReachedError, check, hold
from .ledger import Entry
from .session import Session

CACHE_S = 1200
"""How long a cache may take to run before the tier goes on without, in seconds."""

ROOM = 0.1
"""Share by which a node's memory for Pods may differ from what the sizing computes."""


@check(4, "cache-while-creating")
def cache_that_is_being_created(session: Session) -> Facts:
    """Make a cache by notebook 08, and try to disable it while it is being created."""
    from google.api_core.exceptions import GoogleAPICallError

    settings, clients = session.settings, session.clients
    for zone in cache.zones(settings, clients).wanted:
        session.ledger.add(Entry("cache", zone))
    made = cache.create(settings, clients, report=session.report)
    busy = [one.zone for one in made.caches if one.state == "creating"]
    if not busy:
        raise NotReachedError(f"no cache was still being created: {made.caches}")
    name = f"projects/_/buckets/{session.run}/anywhereCaches/{busy[0]}"
    try:
        clients.caches.disable_anywhere_cache(name=name)
    except GoogleAPICallError as error:
        return {"zone": busy[0], "said": str(error)[:300]}
    return hold(False, zone=busy[0])


@check(4, "cache-metric")
def metric_of_the_cache(session: Session) -> Facts:
    """Read the weights twice beside a running cache, and wait for Cloud Monitoring to tell."""
    settings, clients = session.settings, session.clients
    _cache_runs(session)
    begun = datetime.now(timezone.utc)
    first = _read(session)
    told = cache.hits(settings, clients, since=begun, report=session.report)
    if told.declined:
        raise NotReachedError(told.declined)
    facts = {"zones": told.record()["zones"], "reads": first.record()["reads"]}
    return hold(any(one.hit_bytes for one in told.zones), **facts)


def _cache_runs(session: Session) -> None:
    try:
        wait_until(
            polled(lambda: anywhere_cache.find(session.clients, session.run)),
            what=f"gs://{session.run}",
            state=lambda found: ", ".join(f"{one.zone} {one.state}" for one in found),
            ready=lambda found: any(one.state == "running" for one in found),
            timeout_s=CACHE_S,
            report=session.report,
        )
    except WaitTimeoutError as error:
        raise NotReachedError(error.what) from None


def _read(session: Session) -> scaling.Reads:
    """Return reads of the weights beside the server, made once in a run."""
    if "reads" not in session.kept:
        session.kept["reads"] = scaling.read(
            session.settings, session.clients, report=session.report
        )
    reads: scaling.Reads = session.kept["reads"]
    return reads


@check(4, "reread-beside-server")
def reading_beside_the_server(session: Session) -> Facts:
    """Read the weights again in the server's Pod, and see that it was not killed for it."""
    read = _read(session)
    restarts = [pod.restarts for pod in pods.now(session.settings, session.clients)]
    return hold(not any(restarts), restarts=restarts, reads=read.record()["reads"])


@check(4, "loaders-fork")
def comparison_of_loaders(session: Session) -> Facts:
    """Compare the loaders by notebook 09: a process is forked for each load."""
    compared = _compared(session)
    facts = {one.name: list(one.rounded) for one in compared.runs}
    return hold(len(facts) >= 2, **facts)


def _compared(session: Session) -> compare.Compared:
    """Return the comparison, made once in a run."""
    if "compared" not in session.kept:
        served = session.kept.get("served")
        session.kept["compared"] = compare.by_loader(
            session.settings,
            session.clients,
            served=served.record() if served else None,
            report=session.report,
        )
        # the server comes back after the comparison
        streaming.wait_available(session.settings, session.clients, report=session.report)
    compared: compare.Compared = session.kept["compared"]
    return compared


@check(4, "job-keeps-node")
def node_of_the_job(session: Session) -> Facts:
    """See that the comparison's Job got the GPU that the server had given back."""
    _compared(session)
    events = session.clients.kubernetes.list_objects("Event", session.settings.namespace)
    grown = [
        one["involvedObject"]["name"]
        for one in events
        if one.get("reason") == "TriggeredScaleUp"
        and not one["involvedObject"]["name"].startswith(guide_manifest.DEPLOYMENT)
    ]
    return hold(not grown, scaled_up=grown, events=len(events))


@check(4, "fuse-on-autopilot")
def loader_fuse(session: Session) -> Facts:
    """See that the loader that reads through Cloud Storage FUSE was compared too."""
    compared = _compared(session)
    names = [one.name for one in compared.runs]
    left_out = {row.name: row.detail for row in compared.left_out}
    if FUSE not in names and session.clients.rehearsal:
        raise NotReachedError(left_out.get(FUSE, "it was not compared"))
    return hold(FUSE in names, compared=names, left_out=left_out)


@check(4, "gpu-server-parity")
def server_beside_the_default_loader(session: Session) -> Facts:
    """Hold the server's answers against those of vLLM's default loader."""
    server = _compared(session).parity.server
    if server is None or server.verdict in ("declined", "unjudged"):
        raise NotReachedError("the answers of one side are not known")
    return hold(server.verdict in ("equal", "different"), verdict=server.verdict)


@check(4, "queue-metric")
def autoscaling_by_the_queue(session: Session) -> Facts:
    """Let a queue ask for a second Pod; without the adapter in the cluster nothing is shown."""
    settings = session.settings.model_copy(update={"max_replicas": 2})
    seen = autoscaling.by_queue(settings, session.clients, report=session.report)
    autoscaling.by_queue(session.settings, session.clients, report=session.report)  # takes it back
    if seen.off:
        raise NotReachedError(seen.off)
    return {"waiting": seen.most_waiting, "asked_after_s": round(seen.asked_after_s)}


@check(4, "standard-cluster", needed=True)
def standard_cluster(session: Session) -> Facts:
    """Make a Standard cluster and its Spot GPU pool by notebook 04; the server of before goes."""
    settings, clients = session.standard, session.standard_clients
    first = session.settings
    session.clients.kubernetes.delete("Deployment", guide_manifest.DEPLOYMENT, first.namespace)
    session.ledger.add(Entry("cluster", settings.cluster_name, settings.location))
    made = cluster.create(settings, clients, report=session.report)
    pool = cluster.create_node_pool(settings, clients, report=session.report)
    return hold(pool.ready, version=made.version, machine=pool.machine_type, gpus=pool.gpus)


@check(4, "pool-metadata-server")
def metadata_server_of_the_pool(session: Session) -> Facts:
    """Read how the pool's Pods get their identity."""
    name = f"{session.standard_clients.cluster_path(session.standard)}/nodePools"
    pool = session.standard_clients.clusters.get_node_pool(name=f"{name}/{guide_manifest.GPU_POOL}")
    mode = pool.config.workload_metadata_config.mode.name
    return hold(mode == "GKE_METADATA", mode=mode)


def _gpu_nodes(session: Session) -> list[dict[str, Any]]:
    nodes = session.standard_clients.kubernetes.list_objects("Node", labels=gke.ACCELERATOR)
    if not nodes:
        raise NotReachedError("no node of the pool is there")
    return nodes


@check(4, "spot-on-standard")
def spot_label_of_the_pool(session: Session) -> Facts:
    """Read the label of the pool's nodes."""
    spots = [node["metadata"]["labels"].get(gke.SPOT, "") for node in _gpu_nodes(session)]
    return hold(all(one == "true" for one in spots), labels=spots)


@check(4, "driver-of-nodes")
def driver_label_of_the_pool(session: Session) -> Facts:
    """Read the label of the pool's nodes that the server selects."""
    wanted = gpu_driver.chosen(session.standard)
    drivers = [node["metadata"]["labels"].get(gke.DRIVER, "") for node in _gpu_nodes(session)]
    return hold(all(one == wanted for one in drivers), wanted=wanted, labels=drivers)


@check(4, "node-allocatable")
def memory_for_pods(session: Session) -> Facts:
    """Hold a node's memory for Pods against what the sizing computes."""
    from kubernetes.utils.quantity import parse_quantity

    (node, *_) = _gpu_nodes(session)
    kind = node["metadata"]["labels"].get(gke.MACHINE_TYPE, "")
    found = int(parse_quantity(node["status"]["allocatable"]["memory"]))
    computed = allocatable(machine(kind))
    facts = {"machine": kind, "bytes": found, "computed": computed}
    return hold(abs(found - computed) <= ROOM * computed, **facts)
