"""The root cause of a Pod's diagnosis: what Google Cloud's own settings add to its evidence."""

from __future__ import annotations

import re

from ...cloud import roles
from ...cloud.bucket_access import held
from ...cloud.clients import Clients
from ...cloud.gke import ACCELERATOR
from ...cloud.objects import at
from ...serving.guide_manifest import DEPLOYMENT
from ...settings import Settings
from . import Diagnosis

PERMISSION = re.compile(r"storage\.(?:buckets|objects)\.\w+")


def find_root_cause(diagnosis: Diagnosis, settings: Settings, clients: Clients) -> Diagnosis:
    """Return the pitfall behind the one that the Pod shows, or that one where none is behind.

    A 403 may have its cause in a role that is bound to another name, or in a cluster without
    Workload Identity Federation; a node without its GPU in a pool that installs no driver. That
    no node has a GPU lasts where no pool has it either and GKE makes none by itself.
    Where Google Cloud does not answer, `diagnosis` stays.
    """
    from google.api_core.exceptions import GoogleAPICallError

    find = {
        "bucket-viewer-missing": _bound_elsewhere,
        "object-role-missing": _bound_elsewhere,
        "metadata-server-off": _without_federation,
        "driver-not-ready": _without_driver,
        "driver-too-old": _without_driver,
        "gpu-not-offered": _without_pool,
    }.get(diagnosis.pitfall)
    try:
        return (find and find(diagnosis, settings, clients)) or diagnosis
    except GoogleAPICallError:
        return diagnosis


def _bound_elsewhere(
    diagnosis: Diagnosis, settings: Settings, clients: Clients
) -> Diagnosis | None:
    """Look for a member with the role that misses the Pod's account by a little."""
    permission = PERMISSION.search(diagnosis.quote)
    policy = clients.storage.bucket(settings.bucket_name).get_iam_policy(requested_policy_version=3)
    project = clients.projects.get_project(name=f"projects/{settings.project_id}")
    account = clients.kubernetes.find(
        "ServiceAccount", settings.service_account, settings.namespace
    )
    name = roles.identity(settings, project.name.partition("/")[2], account)
    has = held(policy.bindings, name, settings)
    if permission is None or permission[0] in has.certain or permission[0] not in has.near:
        return None
    pitfall, member = has.near[permission[0]]
    return Diagnosis(pitfall, member, hopeless=True)


def _without_federation(
    diagnosis: Diagnosis, settings: Settings, clients: Clients
) -> Diagnosis | None:
    cluster = clients.clusters.get_cluster(name=clients.cluster_path(settings))
    if cluster.workload_identity_config.workload_pool:
        return None
    return Diagnosis("wif-off", diagnosis.quote, hopeless=True)


def _without_driver(diagnosis: Diagnosis, settings: Settings, clients: Clients) -> Diagnosis | None:
    """Look for a pool that is told to install no driver; what is left unsaid tells nothing."""
    cluster = clients.clusters.get_cluster(name=clients.cluster_path(settings))
    for pool in cluster.node_pools:
        for gpu in pool.config.accelerators:
            version = gpu.gpu_driver_installation_config.gpu_driver_version
            if version == type(version).INSTALLATION_DISABLED:
                return Diagnosis("driver-not-installed", diagnosis.quote, hopeless=True)
    return None


def _without_pool(diagnosis: Diagnosis, settings: Settings, clients: Clients) -> Diagnosis | None:
    """Look whether a pool, grown or not, could have the GPU that the Deployment selects."""
    cluster = clients.clusters.get_cluster(name=clients.cluster_path(settings))
    deployment = clients.kubernetes.find("Deployment", DEPLOYMENT, settings.namespace)
    wanted = at(deployment, "spec", "template", "spec", "nodeSelector", ACCELERATOR)
    offered = {
        gpu.accelerator_type for pool in cluster.node_pools for gpu in pool.config.accelerators
    }
    if cluster.autoscaling.enable_node_autoprovisioning or wanted in offered:
        return None
    return Diagnosis(diagnosis.pitfall, diagnosis.quote, hopeless=True)
