"""Kubernetes objects for the reader's choices: the guide's own YAML, field by field."""

from __future__ import annotations

from typing import Any

import yaml

from ..cloud.gke import ACCELERATOR
from ..settings import Settings

Manifest = dict[str, Any]

DEPLOYMENT = "vllm-streamer-deployment"
GPU_POOL = "g2-gpu-pool"
APP = "vllm-streamer"
CONTAINER = "vllm-container"
PORT = 8000
GPU = "nvidia.com/gpu"
MANAGED_BY = {"app.kubernetes.io/managed-by": "warmbook"}
"""Label of everything that the workbook creates; cleanup looks for it."""

QUEUE_METRIC = "vllm:num_requests_waiting"
WAITING = 5
"""Requests that may wait in each Pod's queue before another Pod is asked for."""

OURS = ",".join(f"{name}={value}" for name, value in MANAGED_BY.items())
"""The same as a selector."""

AUTOSCALING = ("HorizontalPodAutoscaler", "PodMonitoring")
"""Kinds of what lets a queue ask for more Pods."""

GUIDE_VLLM = "0.11.1"
"""The release in the guide's manifest."""


def namespace(settings: Settings) -> Manifest:
    """Return the Namespace of everything that runs."""
    metadata = {"name": settings.namespace, "labels": MANAGED_BY}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def service_account(settings: Settings) -> Manifest:
    """Return the ServiceAccount that the Pods run as."""
    metadata = {
        "name": settings.service_account,
        "namespace": settings.namespace,
        "labels": MANAGED_BY,
    }
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def as_in_the_guide(settings: Settings) -> Manifest:
    """Return the guide's Deployment with its placeholders filled in, and nothing else changed.

    What the guide tells its readers to adapt is the reader's: names, the model, the GPU and
    how many, the tensor-parallel size, the Pods. Its release of vLLM is the guide's. Source:
    guide, "Implementa vLLM con Run:ai Model Streamer".
    """
    pod = {
        "serviceAccountName": settings.service_account,
        "containers": [_container(settings)],
        "nodeSelector": {ACCELERATOR: settings.gpu},
        "volumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": DEPLOYMENT, "namespace": settings.namespace},
        "spec": {
            "replicas": settings.replicas,
            "selector": {"matchLabels": {"app": APP}},
            "template": {"metadata": {"labels": {"app": APP}}, "spec": pod},
        },
    }


def _container(settings: Settings) -> Manifest:
    gpus = {GPU: str(settings.gpu_count)}
    health = {"httpGet": {"path": "/health", "port": PORT}}
    return {
        "name": CONTAINER,
        "image": f"vllm/vllm-openai:v{GUIDE_VLLM}",
        "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
        "args": [
            f"--model={settings.model_uri}",
            "--load-format=runai_streamer",
            # no space after the colon: YAML would read a map instead of a text
            '--model-loader-extra-config={"distributed":true}',
            "--host=0.0.0.0",
            f"--port={PORT}",
            "--disable-log-requests",
            f"--tensor-parallel-size={settings.tensor_parallel_size}",
        ],
        "ports": [{"containerPort": PORT, "name": "api"}],
        # 30 s + 60 x 10 s: ten minutes for imports, weights and compilation
        "startupProbe": {
            **health,
            "failureThreshold": 60,
            "periodSeconds": 10,
            "initialDelaySeconds": 30,
        },
        "readinessProbe": {**health, "failureThreshold": 3, "periodSeconds": 10},
        "resources": {"limits": gpus, "requests": dict(gpus)},
        "volumeMounts": [{"mountPath": "/dev/shm", "name": "dshm"}],
    }


def pod_monitoring(settings: Settings) -> Manifest:
    """Return what has Managed Service for Prometheus collect the server's own metrics.

    Source: Google Cloud, "Managed Service for Prometheus", PodMonitoring.
    """
    return {
        "apiVersion": "monitoring.googleapis.com/v1",
        "kind": "PodMonitoring",
        "metadata": _of_deployment(settings),
        "spec": {
            "selector": {"matchLabels": {"app": APP}},
            "endpoints": [{"port": PORT, "path": "/metrics", "interval": "15s"}],
        },
    }


def autoscaler(settings: Settings) -> Manifest:
    """Return the autoscaler: more Pods while requests wait in vLLM's queue, up to `max_replicas`.

    Its metric needs the Custom Metrics Stackdriver Adapter in the cluster. Source: GKE,
    "Configure autoscaling for LLM workloads on GPUs"; the target is Google's own.
    """
    metric = {"name": f"prometheus.googleapis.com|{QUEUE_METRIC}|gauge"}
    target = {"type": "AverageValue", "averageValue": str(WAITING)}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _of_deployment(settings),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": DEPLOYMENT},
            "minReplicas": settings.replicas,
            "maxReplicas": max(settings.replicas, settings.max_replicas),
            "metrics": [{"type": "Pods", "pods": {"metric": metric, "target": target}}],
        },
    }


def _of_deployment(settings: Settings) -> Manifest:
    return {"name": DEPLOYMENT, "namespace": settings.namespace, "labels": MANAGED_BY}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True  # probes share their path: write it twice, as people do

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def to_yaml(manifest: Manifest) -> str:
    """Return the object as YAML in the order a person writes it."""
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=10_000)
