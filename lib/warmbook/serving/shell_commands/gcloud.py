"""What the guide does with gcloud: project, bucket, weights, cluster, caches, and cleanup."""

from __future__ import annotations

from shlex import quote

from ...cloud.projects import SERVICES
from ...cloud.roles import PROJECT_ROLES, bucket_roles, member, principal
from ...model.upload.source import SERVED
from ...settings import Settings
from ..guide_manifest import GPU_POOL
from ..pods import LABELS
from .line import line

MYSELF = '"user:$(gcloud config get-value account)"'


def projects(_: Settings | None = None) -> str:
    """List the projects the reader may see."""
    return "gcloud projects list"


def project(settings: Settings) -> str:
    """Show the project and its number."""
    return f"gcloud projects describe {quote(settings.project_id)}"


def create_project(settings: Settings) -> str:
    """Create the project."""
    return f"gcloud projects create {quote(settings.project_id)}"


def billing(settings: Settings) -> str:
    """Show whether billing is on."""
    return f"gcloud billing projects describe {quote(settings.project_id)}"


def enable_services(settings: Settings) -> str:
    """Enable the guide's APIs."""
    listed = " \\\n  ".join(SERVICES)
    return line(f"gcloud services enable {listed}", f"--project={quote(settings.project_id)}")


def reader(settings: Settings) -> str:
    """Return IAM's name for the reader, quoted; where nobody is named, gcloud's own account."""
    return quote(member(settings.account)) if settings.account else MYSELF


def grant_roles(settings: Settings) -> str:
    """Give the reader the two roles on the project."""
    return "\n".join(
        line(
            "gcloud projects add-iam-policy-binding",
            quote(settings.project_id),
            f"--member={reader(settings)}",
            f"--role={role}",
            "--condition=None",
        )
        for role in PROJECT_ROLES
    )


def list_weights(settings: Settings) -> str:
    """List the model's files with their sizes."""
    return f"gcloud storage ls --long {quote(settings.model_uri + '/')}"


def upload(settings: Settings) -> str:
    """Upload the model's folder; nothing where none is chosen."""
    if not settings.model_source:
        return ""
    name, revision = settings.hub_model
    if name:
        return _from_hub(settings, name, revision)
    source = str(settings.source_folder.absolute())
    return line("gcloud storage rsync", quote(source), quote(settings.model_uri), "--recursive")


def _from_hub(settings: Settings, name: str, revision: str) -> str:
    """Download what serving needs, then upload it; by hand that takes the disk space."""
    folder = name.rpartition("/")[2]
    download = line(
        f"hf download {name}",
        *([f"--revision={revision}"] if revision else []),
        *(f"--include={quote(pattern)}" for pattern in SERVED),
        "--exclude='*/*'",
        f"--local-dir={folder}",
    )
    # not recursive: the download keeps a folder of its own in there
    return f"{download}\n{line('gcloud storage rsync', f'./{folder}', quote(settings.model_uri))}"


def gpu_offer(settings: Settings) -> str:
    """List the zones of the region that have the GPU."""
    return line(
        "gcloud compute accelerator-types list",
        f"--project={quote(settings.project_id)}",
        f"--filter='name={settings.gpu} AND zone:{settings.region}-*'",
    )


def create_cluster(settings: Settings) -> str:
    """Create the cluster, Autopilot or Standard."""
    name, project = quote(settings.cluster_name), f"--project={quote(settings.project_id)}"
    if settings.mode == "autopilot":
        return line(
            "gcloud container clusters create-auto",
            name,
            project,
            f"--location={settings.location}",
        )
    return line(
        "gcloud container clusters create",
        name,
        project,
        f"--zone={settings.location}",
        f"--workload-pool={settings.workload_pool}",
        "--num-nodes=1",
    )


def create_node_pool(settings: Settings) -> str:
    """Create the GPU node pool of a Standard cluster; nothing for Autopilot."""
    if settings.mode == "autopilot":
        return ""
    accelerator = f"type={settings.gpu},count={settings.gpu_count},gpu-driver-version=default"
    return line(
        f"gcloud container node-pools create {GPU_POOL}",
        f"--cluster={quote(settings.cluster_name)}",
        f"--project={quote(settings.project_id)}",
        f"--zone={settings.location}",
        f"--machine-type={quote(settings.machine_type)}",
        "--num-nodes=1",
        f"--accelerator={accelerator}",
        *(["--spot"] if settings.spot else []),
    )


def get_credentials(settings: Settings) -> str:
    """Let kubectl speak to the cluster."""
    return line(
        "gcloud container clusters get-credentials",
        quote(settings.cluster_name),
        f"--project={quote(settings.project_id)}",
        f"--location={settings.location}",
    )


def grant_bucket_roles(settings: Settings) -> str:
    """Give the service account the two roles on the bucket."""
    number = (
        f"PROJECT_NUMBER=$(gcloud projects describe {quote(settings.project_id)} "
        "--format='get(projectNumber)')"
    )
    account = principal(settings, '"$PROJECT_NUMBER"')
    return "\n".join(
        [number]
        + [
            line(
                "gcloud storage buckets add-iam-policy-binding",
                quote(f"gs://{settings.bucket_name}"),
                f"--member={account}",
                f"--role={role}",
                "--condition=None",
            )
            for role in bucket_roles(settings)
        ]
    )


def create_cache(settings: Settings) -> str:
    """Create a cache in the Pods' zone, or in each zone of the region."""
    create = f"gcloud storage buckets anywhere-caches create gs://{settings.bucket_name}"
    if settings.mode == "standard" or settings.zone:
        return f"{create} {settings.zone or settings.location}"
    if settings.cache_scope == "region":
        project, region = quote(settings.project_id), f"region:({settings.region})"
        listed = f"gcloud compute zones list --project={project} --filter='{region}'"
        return f"{create} $({listed} --format='value(name)')"
    label = r"{.metadata.labels.topology\.kubernetes\.io/zone}"
    return "\n".join(
        (
            f"NODE=$(kubectl get pods -n {quote(settings.namespace)} -l {LABELS} "
            "-o jsonpath='{.items[0].spec.nodeName}')",
            f"ZONE=$(kubectl get node \"$NODE\" -o jsonpath='{label}')",
            f'{create} "$ZONE"',
        )
    )


def describe_cache(settings: Settings) -> str:
    """Show the bucket's caches."""
    return f"gcloud storage buckets anywhere-caches list gs://{settings.bucket_name}"


def cache_hits(settings: Settings) -> str:
    """Ask Cloud Monitoring how many bytes each zone had from its cache in the last hour.

    Source: Google's reference architecture for fast vLLM start-up, "Check that replicas read
    from the caches".
    """
    project, bucket = settings.project_id, settings.bucket_name
    read = f'storage_googleapis_com:anywhere_cache_sent_bytes_count{{bucket_name="{bucket}"}}[1h]'
    query = f"sum by (anywhere_cache_zone, anywhere_cache_hit) (increase({read}))"
    monitoring = f"https://monitoring.googleapis.com/v1/projects/{project}/location/global"
    return (
        'curl -s -H "Authorization: Bearer $(gcloud auth print-access-token)" \\\n'
        f"  --data-urlencode 'query={query}' \\\n"
        f"  {monitoring}/prometheus/api/v1/query"
    )


def disable_cache(settings: Settings) -> str:
    """Disable the cache of the zone, or the bucket's caches in the region."""
    disable = "gcloud storage buckets anywhere-caches disable"
    if settings.mode == "standard" or settings.zone:
        return f"{disable} {settings.bucket_name}/{settings.zone or settings.location}"
    # the zone of Pods that are gone is not to be had any more
    only = f"--filter='zone:{settings.region}-* AND NOT state:disabled'"
    return "\n".join(
        (
            f"for ZONE in $({describe_cache(settings)} {only} --format='value(zone)'); do",
            f'  {disable} {settings.bucket_name}/"$ZONE"',
            "done",
        )
    )


def delete_cluster(settings: Settings) -> str:
    """Delete the cluster with everything in it."""
    return line(
        "gcloud container clusters delete",
        quote(settings.cluster_name),
        f"--project={quote(settings.project_id)}",
        f"--location={settings.location}",
    )


def delete_project(settings: Settings) -> str:
    """Delete the whole project."""
    return f"gcloud projects delete {quote(settings.project_id)}"


def revoke_bucket_roles(settings: Settings) -> str:
    """Take the two roles on the bucket back."""
    return grant_bucket_roles(settings).replace("add-iam-policy", "remove-iam-policy")


def clean_up(settings: Settings) -> str:
    """Delete the cluster, disable the caches, take the roles back."""
    parts = (delete_cluster, disable_cache, revoke_bucket_roles)
    return "\n".join(part(settings) for part in parts)
