"""Checkups of the GPU's offer and of the cluster: quota, identity of its Pods, names."""

from __future__ import annotations

from typing import Any

from ...cloud.availability import shares_quota
from ...cloud.gke import FAILED, READY, is_marked
from ...serving.guide_manifest import GPU, GPU_POOL
from ...serving.shell_commands import gcloud, kubectl
from ...settings import Settings, machines
from ...texts import say
from . import fixes
from .memo import Memo, Unanswered
from .queries import (
    found_cluster,
    gpu_quota,
    gpu_quota_everywhere,
    gpu_zones,
    machine_gpus,
    namespace,
    nodes,
    service_account,
)
from .result import Checkup


def offered(memo: Memo) -> Checkup:
    """Tell whether the GPU is to be had where the cluster is or will be, and its machine too."""
    settings, zones = memo.settings, memo(gpu_zones)
    here = [zone for zone in zones if zone.startswith(f"{settings.region}-")]
    chosen = settings.zone or (settings.location if settings.mode == "standard" else "")
    if here and (not chosen or chosen in here):
        if settings.mode == "standard" and (wrong := _wrong_machine(memo)):
            return wrong
        return Checkup("ok", say("{gpu} in {zones}", gpu=settings.gpu, zones=", ".join(here)))
    place, others = chosen or settings.region, here or _regions(zones)
    return Checkup(
        "error",
        say("{gpu} is not offered in {place}", gpu=settings.gpu, place=place),
        say("Choose another «location»: {places}.", places=", ".join(others[:5]))
        if others
        else say("No region or zone offers it: choose another «gpu»."),
        gcloud.gpu_offer(settings),
        "gpu-not-offered",
    )


def _wrong_machine(memo: Memo) -> Checkup | None:
    """Return the line for a machine type that GKE would refuse; Autopilot chooses its own.

    GPUs of a type that no machine has built in are attached to it, and GKE judges those.
    """
    settings, gpus = memo.settings, memo(machine_gpus)
    if gpus is None:
        return _no_machine(settings)
    attached = not gpus and not machines.counts(settings.gpu)
    if attached or gpus == {settings.gpu: settings.gpu_count}:
        return None
    wanted = {"count": settings.gpu_count, "gpu": settings.gpu}
    fitting = machines.fitting(settings.gpu, settings.gpu_count)
    return Checkup(
        "error",
        say("{machine} does not have {count} x {gpu}", machine=settings.machine_type, **wanted),
        say("Choose {machines} for machine_type.", machines=", ".join(fitting))
        if fitting
        else say("Choose another «machine_type» or «gpu»."),
        fixes.machine_types(settings),
        "gpu-not-offered",
    )


def _no_machine(settings: Settings) -> Checkup:
    """Return the line for a zone without the machine type."""
    return Checkup(
        "error",
        say(
            "{machine} is not offered in {place}",
            machine=settings.machine_type,
            place=settings.location,
        ),
        say("Choose another «machine_type» or «location»."),
        fixes.machine_types(settings),
        "gpu-not-offered",
    )


def _regions(zones: list[str]) -> list[str]:
    return sorted({zone.rpartition("-")[0] for zone in zones})


def quota(memo: Memo) -> Checkup:
    """Hold the GPUs that are wanted against both quotas; those that are here already count.

    Whether Spot machines count in all regions together is not documented: there it is a warning.
    """
    settings = memo.settings
    needed = settings.gpu_count * settings.replicas
    quotas = {
        settings.region: memo(gpu_quota),
        say("all regions"): memo(gpu_quota_everywhere),
    }
    left = {where: limit - usage for where, (limit, usage) in quotas.items() if limit is not None}
    if any(count < needed for count in left.values()):
        ours = _gpus_here(memo)
        # no more than what is counted as used: of a family's quota nobody knows that
        left = {where: count + min(ours, quotas[where][1]) for where, count in left.items()}
    short = {where: f"{where}: {count:.0f}" for where, count in left.items() if count < needed}
    if not short and settings.region not in left and shares_quota(settings.gpu):
        return _unknown_quota(settings)
    if not short:
        return Checkup("ok", say("GPUs required: {count}, within the quotas", count=needed))
    places = ", ".join(short.values())
    return Checkup(
        "warning" if settings.spot and settings.region not in short else "error",
        say("GPUs required: {count}; remaining quota: {places}", count=needed, places=places),
        say(
            "Request an increase at {url}, or choose another region.",
            url=f"https://console.cloud.google.com/iam-admin/quotas?project={settings.project_id}",
        ),
        pitfall="gpu-quota",
    )


def _unknown_quota(settings: Settings) -> Checkup:
    """Return the line for a family's quota that the reader may not ask for."""
    return Checkup(
        "warning",
        say(
            "the quota of {gpu} in {region} is unknown: Cloud Quotas did not return it",
            gpu=settings.gpu,
            region=settings.region,
        ),
        say("Enable the API, and ask an owner of the project to grant you Cloud Quotas Viewer."),
        fixes.enable(settings, ["cloudquotas.googleapis.com"]),
    )


def _gpus_here(memo: Memo) -> int:
    """Return how many GPUs the cluster has already; the quotas count them as used."""
    try:
        return sum(_gpus(node) for node in memo(nodes))
    except Unanswered:
        return 0


def _gpus(node: dict[str, Any]) -> int:
    capacity = (node.get("status") or {}).get("capacity") or {}
    return int(capacity.get(GPU, 0))


def cluster(memo: Memo) -> Checkup:
    """Tell whether the cluster is there, runs, and is of the mode that was chosen."""
    settings, existing = memo.settings, memo(found_cluster)
    if existing is None:
        return Checkup(
            "error" if memo.due("04") else "info",
            say("no cluster {name} yet; notebook 04 creates it", name=settings.cluster_name),
            say("Run notebook 04.") if memo.due("04") else "",
            gcloud.create_cluster(settings),
            "cluster-missing" if memo.due("04") else "",
        )
    what = f"{existing.name}, {existing.location}, {existing.status.name}"
    if existing.status.name in FAILED:
        return Checkup(
            "error",
            what,
            say("Delete it with notebook 10, then create it again with notebook 04."),
            gcloud.delete_cluster(settings),
            "operation-failed",
        )
    if bool(existing.autopilot.enabled) != (settings.mode == "autopilot"):
        return Checkup(
            "warning",
            say(
                "{cluster}: not of the mode that you chose, {mode}",
                cluster=what,
                mode=settings.mode,
            ),
            say("Choose its mode as «mode», or another «cluster_name» for a cluster of your own."),
            pitfall="cluster-foreign",
        )
    if existing.status.name not in READY:
        return Checkup("warning", what, say("Wait: notebook 04 shows the progress."))
    ours = is_marked(existing.resource_labels)
    return Checkup(
        "ok", what if ours else say("{cluster}, not created by the workbook", cluster=what)
    )


def federation(memo: Memo) -> Checkup:
    """Tell whether Pods of the cluster can have an identity in Google Cloud."""
    settings, existing = memo.settings, cluster_of(memo)
    pool = existing.workload_identity_config.workload_pool
    if pool != settings.workload_pool:
        return Checkup(
            "error",
            say("Workload Identity Federation is disabled on the cluster")
            if not pool
            else say(
                "the cluster's workload identity pool is {pool}, of another project", pool=pool
            ),
            say(
                "Enable it; this takes minutes, and the GPU node pool needs the metadata "
                "server too."
            ),
            f"{fixes.federate(settings)}\n{fixes.serve_metadata(settings)}",
            "wif-off",
        )
    mode = _metadata_mode(existing)
    if existing.autopilot.enabled or mode in ("", "GKE_METADATA"):
        return Checkup("ok", pool)
    unsaid = mode == "MODE_UNSPECIFIED"
    return Checkup(
        "warning" if unsaid else "error",
        say("{pool}: its workload metadata mode is not set", pool=GPU_POOL)
        if unsaid
        else say("{pool} uses {mode}: its Pods use the node's identity", pool=GPU_POOL, mode=mode),
        say("Enable the GKE metadata server on the node pool; its nodes are recreated."),
        fixes.serve_metadata(settings),
        "metadata-server-off",
    )


def _metadata_mode(existing: Any) -> str:
    """Return the mode of the GPU pool, "" where there is no such pool."""
    pool = gpu_pool(existing)
    return "" if pool is None else str(pool.config.workload_metadata_config.mode.name)


def gpu_pool(existing: Any) -> Any | None:
    """Return the pool that notebook 04 makes, None where there is none of its name."""
    return next((pool for pool in existing.node_pools if pool.name == GPU_POOL), None)


def cluster_of(memo: Memo) -> Any:
    """Return the cluster; where there is none, its own line tells."""
    if (found := memo(found_cluster)) is None:
        raise Unanswered(found_cluster, None)
    return found


def inside(memo: Memo) -> Checkup:
    """Tell whether namespace and service account are there."""
    settings = memo.settings
    if not memo(namespace):
        return _absent(
            memo,
            say("no namespace {name} yet; notebook 05 creates it", name=settings.namespace),
            kubectl.create_namespace(settings),
            "namespace-missing",
        )
    if not memo(service_account):
        return _absent(
            memo,
            say(
                "no service account {name} in {namespace} yet; notebook 05 creates it",
                name=settings.service_account,
                namespace=settings.namespace,
            ),
            kubectl.create_service_account(settings),
            "service-account-missing",
        )
    return Checkup("ok", f"{settings.namespace}/{settings.service_account}")


def _absent(memo: Memo, what: str, command: str, pitfall: str) -> Checkup:
    if not memo.due("05"):
        return Checkup("info", what)
    return Checkup("error", what, say("Run notebook 05."), command, pitfall)
