"""What the guide does with gcloud: project, bucket, weights, cluster, caches, and cleanup."""

from __future__ import annotations

from collections.abc import Iterable

from ...cloud.projects import OWN_SERVICES, SERVICES
from ...cloud.roles import FURTHER_ROLES, PROJECT_ROLES, bucket_roles, member, principal
from ...model.upload.source import SERVED
from ...settings import Settings
from ...shell import quoted
from .. import gpu_driver
from ..guide_manifest import GPU_POOL
from ..pods import LABELS
from .line import line

ADDONS = "HorizontalPodAutoscaling,HttpLoadBalancing,GcsFuseCsiDriver"
"""Those that a Standard cluster has by default, which gcloud turns off where it is given some,
and the one by which notebook 09 mounts the bucket. Source: gcloud 528, recorded requests."""

MYSELF = '"user:$(gcloud config get-value account)"'


def projects(_: Settings | None = None) -> str:
    """List the projects the reader may see."""
    return "gcloud projects list"


def project(settings: Settings) -> str:
    """Show the project and its number."""
    return f"gcloud projects describe {quoted(settings.project_id)}"


def create_project(settings: Settings) -> str:
    """Create the project."""
    return f"gcloud projects create {quoted(settings.project_id)}"


def billing(settings: Settings) -> str:
    """Show whether billing is on."""
    return f"gcloud billing projects describe {quoted(settings.project_id)}"


def enable_services(settings: Settings) -> str:
    """Enable the guide's APIs."""
    return _enable(settings, SERVICES)


def enable_own_services(settings: Settings) -> str:
    """Enable the APIs that the workbook calls and gcloud can do without."""
    return _enable(settings, OWN_SERVICES)


def _enable(settings: Settings, services: Iterable[str]) -> str:
    listed = " \\\n  ".join(services)
    return line(f"gcloud services enable {listed}", f"--project={quoted(settings.project_id)}")


def reader(settings: Settings) -> str:
    """Return IAM's name for the reader, quoted; where nobody is named, gcloud's own account."""
    return quoted(member(settings.account)) if settings.account else MYSELF


def grant_roles(settings: Settings, roles: Iterable[str] = (*PROJECT_ROLES, *FURTHER_ROLES)) -> str:
    """Give the reader roles on the project: the guide's, and the others that are needed."""
    return "\n".join(
        line(
            "gcloud projects add-iam-policy-binding",
            quoted(settings.project_id),
            f"--member={reader(settings)}",
            f"--role={quoted(role)}",
            "--condition=None",
        )
        for role in roles
    )


def nodes_account(settings: Settings) -> str:
    """Show the service account that nodes run as, once it is there."""
    project = quoted(settings.project_id)
    return "\n".join(
        (
            f"PROJECT_NUMBER=$(gcloud projects describe {project} --format='get(projectNumber)')",
            line(
                "gcloud iam service-accounts describe",
                '"$PROJECT_NUMBER"-compute@developer.gserviceaccount.com',
                f"--project={project}",
            ),
        )
    )


def list_weights(settings: Settings) -> str:
    """List the model's files with their sizes."""
    return f"gcloud storage ls --long {quoted(settings.model_uri + '/')}"


def upload(settings: Settings) -> str:
    """Upload the model's folder; nothing where none is chosen."""
    if not settings.model_source:
        return ""
    name, revision = settings.hub_model
    if name:
        return _from_hub(settings, name, revision)
    source = str(settings.source_folder.absolute())
    return line("gcloud storage rsync", quoted(source), quoted(settings.model_uri), "--recursive")


def _from_hub(settings: Settings, name: str, revision: str) -> str:
    """Download what serving needs, then upload it; by hand that takes the disk space."""
    folder = name.rpartition("/")[2]
    download = line(
        f"hf download {quoted(name)}",
        *([f"--revision={quoted(revision)}"] if revision else []),
        *(f"--include={quoted(pattern)}" for pattern in SERVED),
        "--exclude='*/*'",
        f"--local-dir={quoted(folder)}",
    )
    # not recursive: the download keeps a folder of its own in there
    send = line("gcloud storage rsync", quoted(f"./{folder}"), quoted(settings.model_uri))
    return f"{download}\n{send}"


def gpu_offer(settings: Settings) -> str:
    """List the zones of the region that have the GPU."""
    return line(
        "gcloud compute accelerator-types list",
        f"--project={quoted(settings.project_id)}",
        f"--filter={quoted(f'name={settings.gpu} AND zone:{settings.region}-*')}",
    )


def create_cluster(settings: Settings) -> str:
    """Create the cluster, Autopilot or Standard."""
    name, project = quoted(settings.cluster_name), f"--project={quoted(settings.project_id)}"
    if settings.mode == "autopilot":
        return line(
            "gcloud container clusters create-auto",
            name,
            project,
            f"--location={quoted(settings.location)}",
        )
    return line(
        "gcloud container clusters create",
        name,
        project,
        f"--zone={quoted(settings.location)}",
        f"--workload-pool={quoted(settings.workload_pool)}",
        "--num-nodes=1",
        f"--addons={ADDONS}",
    )


def create_node_pool(settings: Settings) -> str:
    """Create the GPU node pool of a Standard cluster; nothing for Autopilot."""
    if settings.mode == "autopilot":
        return ""
    return line(
        f"gcloud container node-pools create {GPU_POOL}",
        f"--cluster={quoted(settings.cluster_name)}",
        f"--project={quoted(settings.project_id)}",
        f"--zone={quoted(settings.location)}",
        f"--machine-type={quoted(settings.machine_type)}",
        "--num-nodes=1",
        f"--accelerator={quoted(gpu_driver.accelerator(settings))}",
        *(["--spot"] if settings.spot else []),
    )


def get_credentials(settings: Settings) -> str:
    """Let kubectl speak to the cluster."""
    return line(
        "gcloud container clusters get-credentials",
        quoted(settings.cluster_name),
        f"--project={quoted(settings.project_id)}",
        f"--location={quoted(settings.location)}",
    )


def grant_bucket_roles(settings: Settings) -> str:
    """Give the service account the two roles on the bucket."""
    number = (
        f"PROJECT_NUMBER=$(gcloud projects describe {quoted(settings.project_id)} "
        "--format='get(projectNumber)')"
    )
    before, after = map(quoted, principal(settings, "\0").split("\0"))
    account = f'{before}"$PROJECT_NUMBER"{after}'
    return "\n".join(
        [number]
        + [
            line(
                "gcloud storage buckets add-iam-policy-binding",
                quoted(_bucket(settings)),
                f"--member={account}",
                f"--role={quoted(role)}",
                "--condition=None",
            )
            for role in bucket_roles(settings)
        ]
    )


def _bucket(settings: Settings) -> str:
    return f"gs://{settings.bucket_name}"


def bucket_policy(settings: Settings) -> str:
    """Show who has which role on the bucket."""
    return f"gcloud storage buckets get-iam-policy {quoted(_bucket(settings))}"


def create_cache(settings: Settings) -> str:
    """Create a cache in the Pods' zone, or in each zone of the region."""
    create = f"gcloud storage buckets anywhere-caches create {quoted(_bucket(settings))}"
    if settings.mode == "standard" or settings.zone:
        return f"{create} {quoted(settings.zone or settings.location)}"
    if settings.cache_scope == "region":
        project, region = quoted(settings.project_id), quoted(f"region:({settings.region})")
        listed = f"gcloud compute zones list --project={project} --filter={region}"
        return f"{create} $({listed} --format='value(name)')"
    label = r"{.metadata.labels.topology\.kubernetes\.io/zone}"
    return "\n".join(
        (
            f"NODE=$(kubectl get pods -n {quoted(settings.namespace)} -l {LABELS} "
            "-o jsonpath='{.items[0].spec.nodeName}')",
            f"ZONE=$(kubectl get node \"$NODE\" -o jsonpath='{label}')",
            f'{create} "$ZONE"',
        )
    )


def describe_cache(settings: Settings) -> str:
    """Show the bucket's caches."""
    return f"gcloud storage buckets anywhere-caches list {quoted(_bucket(settings))}"


def cache_hits(settings: Settings) -> str:
    """Ask Cloud Monitoring how many bytes each zone had from its cache in the last hour.

    Source: Google's reference architecture for fast vLLM start-up, "Check that replicas read
    from the caches".
    """
    project, bucket = settings.project_id, settings.bucket_name
    read = f'storage_googleapis_com:anywhere_cache_sent_bytes_count{{bucket_name="{bucket}"}}[1h]'
    query = f"sum by (anywhere_cache_zone, anywhere_cache_hit) (increase({read}))"
    monitoring = f"https://monitoring.googleapis.com/v1/projects/{project}/location/global"
    url = f"{monitoring}/prometheus/api/v1/query"
    return (
        'curl -s -H "Authorization: Bearer $(gcloud auth print-access-token)" \\\n'
        f"  --data-urlencode {quoted(f'query={query}')} \\\n"
        f"  {quoted(url)}"
    )


def disable_cache(settings: Settings) -> str:
    """Disable the cache of the zone, or the bucket's caches in the region."""
    disable = "gcloud storage buckets anywhere-caches disable"
    if settings.mode == "standard" or settings.zone:
        cache = f"{settings.bucket_name}/{settings.zone or settings.location}"
        return f"{disable} {quoted(cache)}"
    # the zone of Pods that are gone is not to be had any more
    only = f"--filter={quoted(f'zone:{settings.region}-* AND NOT state:disabled')}"
    return "\n".join(
        (
            f"for ZONE in $({describe_cache(settings)} {only} --format='value(zone)'); do",
            f'  {disable} {quoted(settings.bucket_name)}/"$ZONE"',
            "done",
        )
    )


def delete_cluster(settings: Settings) -> str:
    """Delete the cluster with everything in it."""
    return line(
        "gcloud container clusters delete",
        quoted(settings.cluster_name),
        f"--project={quoted(settings.project_id)}",
        f"--location={quoted(settings.location)}",
    )


def delete_project(settings: Settings) -> str:
    """Delete the whole project."""
    return f"gcloud projects delete {quoted(settings.project_id)}"


def revoke_bucket_roles(settings: Settings) -> str:
    """Take the two roles on the bucket back."""
    return grant_bucket_roles(settings).replace("add-iam-policy", "remove-iam-policy")


def clean_up(settings: Settings) -> str:
    """Delete the cluster, disable the caches, take the roles back."""
    parts = (delete_cluster, disable_cache, revoke_bucket_roles)
    return "\n".join(part(settings) for part in parts)
