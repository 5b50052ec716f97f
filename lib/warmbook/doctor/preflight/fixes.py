"""Commands that mend what the guide's own commands don't, quoted so that they run as shown."""

from __future__ import annotations

from collections.abc import Iterable

from ...cloud.roles import bucket_roles, member
from ...serving import gpu_driver
from ...serving.guide_manifest import GPU_POOL
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...shell import quoted

SIGN_IN = "gcloud auth application-default login"
DRIVER_INSTALLER = (
    "https://raw.githubusercontent.com/GoogleCloudPlatform/container-engine-accelerators/"
    "f2cf4197a5c3f0f20133be15d5fad8b7453beed5/"
    "nvidia-driver-installer/cos/daemonset-preloaded.yaml"
)
"""The commit is the last that changed the manifest, of July 2025; the installer itself is the one
that GKE has put on the node.
Source: GKE, "Run GPUs in Standard node pools", manual installation of drivers."""


def after(pitfall: str, settings: Settings) -> str:
    """Return the command that helps where a question failed by this pitfall, "" if none does."""
    known = {
        "no-credentials": SIGN_IN,
        "credentials-expired": SIGN_IN,
        "quota-project": quota_project(settings),
        "project-missing": gcloud.projects(),
        "role-missing": gcloud.grant_roles(settings),
        "bucket-missing": create_bucket(settings),
        "api-off": gcloud.enable_services(settings),
    }
    return known.get(pitfall, "")


def quota_project(settings: Settings) -> str:
    """Let the reader's requests count against the project, and have the right to."""
    given = gcloud.grant_roles(settings, ("roles/serviceusage.serviceUsageConsumer",))
    project = quoted(settings.project_id)
    return f"{given}\ngcloud auth application-default set-quota-project {project}"


def link_billing(settings: Settings) -> str:
    """Link a billing account; which one is the reader's to say."""
    project = quoted(settings.project_id)
    return (
        "gcloud billing accounts list\n"
        f"gcloud billing projects link {project} --billing-account=ACCOUNT_ID"
    )


def enable(settings: Settings, services: Iterable[str]) -> str:
    """Enable these APIs."""
    project = quoted(settings.project_id)
    return f"gcloud services enable {' '.join(map(quoted, sorted(services)))} --project={project}"


def act_as(settings: Settings, account: str) -> str:
    """Let the reader make nodes that run as this service account."""
    return (
        f"gcloud iam service-accounts add-iam-policy-binding {quoted(account)} "
        f"--project={quoted(settings.project_id)} --member={gcloud.reader(settings)} "
        "--role=roles/iam.serviceAccountUser"
    )


def machine_types(settings: Settings) -> str:
    """List the zones of the region that have the machine type."""
    return (
        f"gcloud compute machine-types list --project={quoted(settings.project_id)} "
        f"--filter={quoted(f'name={settings.machine_type} AND zone~^{settings.region}-')}"
    )


def create_bucket(settings: Settings) -> str:
    """Create the model's bucket where the cluster will be."""
    return (
        f"gcloud storage buckets create {quoted(f'gs://{settings.bucket_name}')} "
        f"--project={quoted(settings.project_id)} --location={quoted(settings.region)} "
        "--uniform-bucket-level-access"
    )


def uniform_access(settings: Settings) -> str:
    """Turn uniform bucket-level access on."""
    bucket = quoted(f"gs://{settings.bucket_name}")
    return f"gcloud storage buckets update {bucket} --uniform-bucket-level-access"


def grant_to(settings: Settings, account: str) -> str:
    """Give a Google service account the two roles on the bucket."""
    return "\n".join(
        f"gcloud storage buckets add-iam-policy-binding {quoted(f'gs://{settings.bucket_name}')} "
        f"--member={quoted(member(account))} --role={role} --condition=None"
        for role in bucket_roles(settings)
    )


def federate(settings: Settings) -> str:
    """Turn Workload Identity Federation on for the cluster."""
    return (
        f"gcloud container clusters update {quoted(settings.cluster_name)} {_place(settings)} "
        f"--workload-pool={quoted(settings.workload_pool)}"
    )


def serve_metadata(settings: Settings) -> str:
    """Turn GKE's metadata server on for the GPU pool."""
    return (
        f"gcloud container node-pools update {GPU_POOL} "
        f"--cluster={quoted(settings.cluster_name)} {_place(settings)} "
        "--workload-metadata=GKE_METADATA"
    )


def install_driver() -> str:
    """Let Google's installer put the driver on the nodes."""
    return f"kubectl apply -f {DRIVER_INSTALLER}"


def latest_driver(settings: Settings) -> str:
    """Let the GPU pool's nodes have GKE's latest driver.

    Source: GKE, "Run GPUs in Standard node pools", drivers of existing node pools.
    """
    return (
        f"gcloud container node-pools update {GPU_POOL} "
        f"--cluster={quoted(settings.cluster_name)} {_place(settings)} "
        f"--accelerator={quoted(gpu_driver.accelerator(settings))}"
    )


def mount_buckets(settings: Settings) -> str:
    """Turn on the add-on by which Pods mount buckets."""
    return (
        f"gcloud container clusters update {quoted(settings.cluster_name)} {_place(settings)} "
        "--update-addons=GcsFuseCsiDriver=ENABLED"
    )


def larger_disk(settings: Settings, disk_gb: int) -> str:
    """Make the GPU pool anew with a larger boot disk."""
    return (
        f"gcloud container node-pools delete {GPU_POOL} "
        f"--cluster={quoted(settings.cluster_name)} {_place(settings)}\n"
        f"{gcloud.create_node_pool(settings)} \\\n  --disk-size={disk_gb}"
    )


def upgrade(requirements: Iterable[str]) -> str:
    """Install the libraries anew."""
    return f"python -m pip install --upgrade {' '.join(map(quoted, requirements))}"


def _place(settings: Settings) -> str:
    return f"--project={quoted(settings.project_id)} --location={quoted(settings.location)}"
