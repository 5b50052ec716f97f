"""What the guide does with kubectl: namespace, service account, server, Pods, questions."""

from __future__ import annotations

import json

from ...settings import Settings
from ...shell import quoted
from ..draft import Needs
from ..guide_manifest import DEPLOYMENT, PORT, to_yaml
from ..manifest import deployment
from ..prompts import PROMPTS, QUESTION, TOKENS
from .line import line


def create_namespace(settings: Settings) -> str:
    """Create the Kubernetes namespace."""
    return f"kubectl create namespace {quoted(settings.namespace)}"


def create_service_account(settings: Settings) -> str:
    """Create the Kubernetes service account."""
    return line(
        "kubectl create serviceaccount",
        quoted(settings.service_account),
        f"--namespace={quoted(settings.namespace)}",
    )


def deploy(settings: Settings, needs: Needs | None = None) -> str:
    """Write the manifest and create the Deployment."""
    manifest = to_yaml(deployment(settings, needs))
    create = "kubectl create -f vllm-deployment.yaml"
    return f"cat > vllm-deployment.yaml <<'EOF'\n{manifest}EOF\n{create}"


def deployments(settings: Settings) -> str:
    """Wait for the Deployment, then show it."""
    namespace = f"-n {quoted(settings.namespace)}"
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
    return f"kubectl get pods -n {quoted(settings.namespace)} | grep vllm-streamer"


def logs(settings: Settings) -> str:
    """Show the log of the Deployment's Pod; `-f` follows it while the server starts."""
    return f"kubectl logs deployment/{DEPLOYMENT} -n {quoted(settings.namespace)}"


def versions(settings: Settings) -> str:
    """List the packages in the Pod."""
    return f"kubectl exec deployment/{DEPLOYMENT} -n {quoted(settings.namespace)} -- pip list"


def ask(settings: Settings, question: str = QUESTION) -> str:
    """Ask the model over the OpenAI API, through a tunnel."""
    messages = [{"role": "user", "content": question}]
    body = {"model": settings.model_uri, "temperature": 0, "messages": messages}
    return _through_a_tunnel(settings, "chat/completions", body)


def complete(settings: Settings) -> str:
    """Have the model complete every prompt of the comparison, through a tunnel."""
    body = {"model": settings.model_uri, "prompt": PROMPTS, "max_tokens": TOKENS, "temperature": 0}
    return _through_a_tunnel(settings, "completions", {**body, "return_token_ids": True})


def _through_a_tunnel(settings: Settings, path: str, body: object) -> str:
    namespace = quoted(settings.namespace)
    return "\n".join(
        (
            f"kubectl port-forward deployment/{DEPLOYMENT} {PORT} -n {namespace} &",
            line(
                f"curl http://127.0.0.1:{PORT}/v1/{path}",
                "--retry 10",
                "--retry-connrefused",
                "--header 'Content-Type: application/json'",
                f"--data {quoted(json.dumps(body))}",
            ),
            "kill $! || true  # port-forward",
        )
    )


def scale(settings: Settings, replicas: int | None = None) -> str:
    """Set the number of Pods."""
    count = settings.replicas if replicas is None else replicas
    return line(
        f"kubectl scale deployment/{DEPLOYMENT}",
        f"--replicas={count}",
        f"--namespace={quoted(settings.namespace)}",
    )


def autoscale(settings: Settings) -> str:
    """Let the load decide how many Pods there are; the adapter brings the metric to the cluster.

    Source: GKE, "Configure autoscaling for LLM workloads on GPUs"; the adapter's own manifest.
    """
    adapter = (
        "https://raw.githubusercontent.com/GoogleCloudPlatform/k8s-stackdriver/"
        "af49d863755c0535f598cfde9288ae9a75251d38/"  # with the adapter v0.16.9-gke.0
        "custom-metrics-stackdriver-adapter/deploy/production/adapter_new_resource_model.yaml"
    )
    account = "subject/ns/custom-metrics/sa/custom-metrics-stackdriver-adapter"
    project = settings.project_id
    number = f"$(gcloud projects describe {quoted(project)} --format='value(projectNumber)')"
    pool = quoted(f"/locations/global/workloadIdentityPools/{project}.svc.id.goog/{account}")
    return "\n".join(
        (
            f"kubectl apply -f {adapter}",
            f"gcloud projects add-iam-policy-binding {quoted(project)} --condition=None \\",
            "  --role=roles/monitoring.viewer \\",
            f'  --member=principal://iam.googleapis.com/projects/"{number}"{pool}',
            "python -m warmbook manifest --autoscaling | kubectl apply -f -",
            f"kubectl get hpa -n {quoted(settings.namespace)} --watch",
        )
    )


def read_weights(settings: Settings) -> str:
    """Read the weights once more beside the server, with the streamer alone."""
    script = (
        "import sys; "
        "from runai_model_streamer import SafetensorsStreamer, list_safetensors; "
        "reader = SafetensorsStreamer(); "
        "reader.stream_files(list_safetensors(sys.argv[1])); "
        "print(sum(t.numel() * t.element_size() for _, t in reader.get_tensors())); "
        "reader.close()"
    )
    return (
        f"kubectl exec -n {quoted(settings.namespace)} deployment/{DEPLOYMENT} -- \\\n"
        f"  python3 -c {quoted(script)} {quoted(settings.model_uri)}"
    )
