"""The guide's own commands for the reader's settings, quoted so that they run as shown.

Each function takes Settings and returns shell lines; a line that only reads the cloud is
written as the guide writes it. Nothing here runs anything.
"""

from __future__ import annotations

import json
from shlex import quote

from ..settings import Settings
from .guide_manifest import APP, DEPLOYMENT, GPU_POOL, PORT, to_yaml
from .manifest import Needs, deployment
from .prompts import PROMPTS, TOKENS

SERVICES = (
    "container.googleapis.com",
    "storage.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
)
"""The APIs that the guide enables: Kubernetes Engine, Cloud Storage, Compute Engine, IAM."""

PROJECT_ROLES = ("roles/container.admin", "roles/storage.admin")
MYSELF = '"user:$(gcloud config get-value account)"'

SERVED = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja", "*.py", "*.tiktoken")
"""Patterns of the files that serving needs; others stay where they are."""

BUCKET_ROLES = ("roles/storage.bucketViewer", "roles/storage.objectUser")
"""The guide's roles on the bucket."""
GIVEN_ROLES = (*BUCKET_ROLES, "roles/storage.objectViewer")
"""Every role on the bucket that the workbook may have given."""


def _line(*words: str) -> str:
    """Join quoted words; an option starts a new line of the command."""
    first, *rest = words
    return first + "".join(f" \\\n  {w}" if w.startswith("--") else f" {w}" for w in rest)


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
    return _line(f"gcloud services enable {listed}", f"--project={quote(settings.project_id)}")


def member(account: str) -> str:
    """Return IAM's name for an e-mail address: a user's or a service account's."""
    kind = "serviceAccount" if account.endswith(".gserviceaccount.com") else "user"
    return f"{kind}:{account}"


def reader(settings: Settings) -> str:
    """Return IAM's name for the reader, quoted; where nobody is named, gcloud's own account."""
    return quote(member(settings.account)) if settings.account else MYSELF


def grant_roles(settings: Settings) -> str:
    """Give the reader the two roles on the project."""
    return "\n".join(
        _line(
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
    return _line("gcloud storage rsync", quote(source), quote(settings.model_uri), "--recursive")


def _from_hub(settings: Settings, name: str, revision: str) -> str:
    """Download what serving needs, then upload it; by hand that takes the disk space."""
    folder = name.rpartition("/")[2]
    download = _line(
        f"hf download {name}",
        *([f"--revision={revision}"] if revision else []),
        *(f"--include={quote(pattern)}" for pattern in SERVED),
        "--exclude='*/*'",
        f"--local-dir={folder}",
    )
    # not recursive: the download keeps a folder of its own in there
    return f"{download}\n{_line('gcloud storage rsync', f'./{folder}', quote(settings.model_uri))}"


def gpu_offer(settings: Settings) -> str:
    """List the zones of the region that have the GPU."""
    return _line(
        "gcloud compute accelerator-types list",
        f"--project={quote(settings.project_id)}",
        f"--filter='name={settings.gpu} AND zone:{settings.region}-*'",
    )


def create_cluster(settings: Settings) -> str:
    """Create the cluster, Autopilot or Standard."""
    name, project = quote(settings.cluster_name), f"--project={quote(settings.project_id)}"
    if settings.mode == "autopilot":
        return _line(
            "gcloud container clusters create-auto",
            name,
            project,
            f"--location={settings.location}",
        )
    return _line(
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
    return _line(
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
    return _line(
        "gcloud container clusters get-credentials",
        quote(settings.cluster_name),
        f"--project={quote(settings.project_id)}",
        f"--location={settings.location}",
    )


def create_namespace(settings: Settings) -> str:
    """Create the Kubernetes namespace."""
    return f"kubectl create namespace {quote(settings.namespace)}"


def create_service_account(settings: Settings) -> str:
    """Create the Kubernetes service account."""
    return _line(
        "kubectl create serviceaccount",
        quote(settings.service_account),
        f"--namespace={quote(settings.namespace)}",
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
            _line(
                "gcloud storage buckets add-iam-policy-binding",
                quote(f"gs://{settings.bucket_name}"),
                f"--member={account}",
                f"--role={role}",
                "--condition=None",
            )
            for role in bucket_roles(settings)
        ]
    )


def bucket_roles(settings: Settings) -> tuple[str, str]:
    """Return the two roles on the bucket: the guide's, or the variant that only reads.

    Source: guide, "Otorga a tu KSA los permisos necesarios"; Cloud Storage, "IAM roles".
    """
    return "roles/storage.bucketViewer", f"roles/storage.{settings.object_role}"


def principal(settings: Settings, project_number: str) -> str:
    """Return the IAM name of the Kubernetes service account.

    Source: guide, "Configura Workload Identity Federation for GKE": the project's number
    first, its ID in the pool.
    """
    return (
        f"principal://iam.googleapis.com/projects/{project_number}/locations/global/"
        f"workloadIdentityPools/{settings.workload_pool}/subject/ns/{settings.namespace}/"
        f"sa/{settings.service_account}"
    )


def deploy(settings: Settings, needs: Needs | None = None) -> str:
    """Write the manifest and create the Deployment."""
    manifest = to_yaml(deployment(settings, needs))
    create = "kubectl create -f vllm-deployment.yaml"
    return f"cat > vllm-deployment.yaml <<'EOF'\n{manifest}EOF\n{create}"


def deployments(settings: Settings) -> str:
    """Wait for the Deployment, then show it."""
    namespace = f"-n {quote(settings.namespace)}"
    return "\n".join(
        (
            # not `rollout status`: that gives up after ten minutes, which a large model may take
            f"kubectl wait deployment/{DEPLOYMENT} {namespace} --for=condition=Available "
            "--timeout=30m",
            f"kubectl get deployments {namespace}",
        )
    )


def pods(settings: Settings) -> str:
    """Show the Deployment's Pods."""
    return f"kubectl get pods -n {quote(settings.namespace)} | grep vllm-streamer"


def logs(settings: Settings) -> str:
    """Show the log of the Deployment's Pod; `-f` follows it while the server starts."""
    return f"kubectl logs deployment/{DEPLOYMENT} -n {quote(settings.namespace)}"


def versions(settings: Settings) -> str:
    """List the packages in the Pod."""
    return f"kubectl exec deployment/{DEPLOYMENT} -n {quote(settings.namespace)} -- pip list"


def ask(settings: Settings, question: str = "What is the capital of France?") -> str:
    """Ask the model over the OpenAI API, through a tunnel."""
    messages = [{"role": "user", "content": question}]
    body = {"model": settings.model_uri, "temperature": 0, "messages": messages}
    return _through_a_tunnel(settings, "chat/completions", body)


def complete(settings: Settings) -> str:
    """Have the model complete every prompt of the comparison, through a tunnel."""
    body = {"model": settings.model_uri, "prompt": PROMPTS, "max_tokens": TOKENS, "temperature": 0}
    return _through_a_tunnel(settings, "completions", {**body, "return_token_ids": True})


def _through_a_tunnel(settings: Settings, path: str, body: object) -> str:
    return "\n".join(
        (
            f"kubectl port-forward deployment/{DEPLOYMENT} {PORT} -n {quote(settings.namespace)} &",
            _line(
                f"curl http://127.0.0.1:{PORT}/v1/{path}",
                "--retry 10",
                "--retry-connrefused",
                "--header 'Content-Type: application/json'",
                f"--data {quote(json.dumps(body))}",
            ),
            "kill $! || true  # the tunnel",
        )
    )


def scale(settings: Settings, replicas: int | None = None) -> str:
    """Set the number of Pods."""
    count = settings.replicas if replicas is None else replicas
    return _line(
        f"kubectl scale deployment/{DEPLOYMENT}",
        f"--replicas={count}",
        f"--namespace={quote(settings.namespace)}",
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
            f"NODE=$(kubectl get pods -n {quote(settings.namespace)} -l app={APP} "
            "-o jsonpath='{.items[0].spec.nodeName}')",
            f"ZONE=$(kubectl get node \"$NODE\" -o jsonpath='{label}')",
            f'{create} "$ZONE"',
        )
    )


def describe_cache(settings: Settings) -> str:
    """Show the bucket's caches."""
    return f"gcloud storage buckets anywhere-caches list gs://{settings.bucket_name}"


def autoscale(settings: Settings) -> str:
    """Let the load decide how many Pods there are; the adapter brings the metric to the cluster.

    Source: GKE, "Configure autoscaling for LLM workloads on GPUs"; the adapter's own manifest.
    """
    adapter = (
        "https://raw.githubusercontent.com/GoogleCloudPlatform/k8s-stackdriver/master/"
        "custom-metrics-stackdriver-adapter/deploy/production/adapter_new_resource_model.yaml"
    )
    account = "subject/ns/custom-metrics/sa/custom-metrics-stackdriver-adapter"
    project = settings.project_id
    number = f"$(gcloud projects describe {project} --format='value(projectNumber)')"
    pool = f"{number}/locations/global/workloadIdentityPools/{project}.svc.id.goog"
    return "\n".join(
        (
            f"kubectl apply -f {adapter}",
            f"gcloud projects add-iam-policy-binding {project} --condition=None \\",
            "  --role=roles/monitoring.viewer \\",
            f'  --member="principal://iam.googleapis.com/projects/{pool}/{account}"',
            "python -m warmbook manifest --autoscaling | kubectl apply -f -",
            f"kubectl get hpa -n {settings.namespace} --watch",
        )
    )


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


def read_weights(settings: Settings) -> str:
    """Read the weights once more beside the server, with the streamer alone."""
    script = (
        "from runai_model_streamer import SafetensorsStreamer, list_safetensors; "
        "reader = SafetensorsStreamer(); "
        f'reader.stream_files(list_safetensors("{settings.model_uri}")); '
        "print(sum(t.numel() * t.element_size() for _, t in reader.get_tensors())); "
        "reader.close()"
    )
    return (
        f"kubectl exec -n {settings.namespace} deployment/{DEPLOYMENT} -- \\\n"
        f"  python3 -c '{script}'"
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
    return _line(
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
