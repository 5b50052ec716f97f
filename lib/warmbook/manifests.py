"""Settings in, Kubernetes objects out: what the guide's YAML says, for this reader."""

from __future__ import annotations

import json
from typing import Any

import yaml

from . import oracle
from .settings import Settings

Manifest = dict[str, Any]

DEPLOYMENT = "vllm-streamer-deployment"
GPU_POOL = "g2-gpu-pool"
APP = "vllm-streamer"
CONTAINER = "vllm-container"
PORT = 8000
GPU = "nvidia.com/gpu"
ACCELERATOR = "cloud.google.com/gke-accelerator"
MANAGED_BY = {"app.kubernetes.io/managed-by": "warmbook"}
"""Label of everything that the workbook creates; cleanup looks for it."""


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


def deployment(settings: Settings) -> Manifest:
    """Return the Deployment of vLLM with the streamer.

    Source: guide, "Implementa vLLM con Run:ai Model Streamer", field by field. Added to the
    guide's: the label of the workbook, the streamer's log, `--max-model-len` where set, and
    the zone where the Pods are held in one.
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": DEPLOYMENT,
            "namespace": settings.namespace,
            "labels": MANAGED_BY,
        },
        "spec": {
            "replicas": settings.replicas,
            "selector": {"matchLabels": {"app": APP}},
            "template": {"metadata": {"labels": {"app": APP}}, "spec": _pod(settings)},
        },
    }


def _pod(settings: Settings) -> Manifest:
    selector = {ACCELERATOR: settings.gpu}
    if settings.zone:
        selector["topology.kubernetes.io/zone"] = settings.zone
    return {
        "serviceAccountName": settings.service_account,
        "containers": [_container(settings)],
        "nodeSelector": selector,
        "volumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
    }


def _container(settings: Settings) -> Manifest:
    gpus = {GPU: str(settings.gpu_count)}
    health = {"httpGet": {"path": "/health", "port": PORT}}
    return {
        "name": CONTAINER,
        "image": f"vllm/vllm-openai:v{settings.vllm_version}",
        "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
        "args": arguments(settings),
        "env": [{"name": "RUNAI_STREAMER_LOG_TO_STDERR", "value": "1"}],
        "ports": [{"containerPort": PORT, "name": "api"}],
        # 30 s + 60 x 10 s: ten minutes for imports, weights and compilation
        "startupProbe": {
            **health,
            "failureThreshold": 60,
            "periodSeconds": 10,
            "initialDelaySeconds": 30,
        },
        "readinessProbe": {**health, "failureThreshold": 3, "periodSeconds": 10},
        "resources": {"limits": gpus, "requests": gpus},
        "volumeMounts": [{"mountPath": "/dev/shm", "name": "dshm"}],
    }


def arguments(settings: Settings) -> list[str]:
    """Return vLLM's arguments: the guide's, without the one that newer releases refuse."""
    return [
        f"--model={settings.model_uri}",
        "--load-format=runai_streamer",
        f"--model-loader-extra-config={loader_config(settings)}",
        "--host=0.0.0.0",
        f"--port={PORT}",
        *_quiet(settings.vllm_version),
        f"--tensor-parallel-size={settings.tensor_parallel_size}",
        *([f"--max-model-len={settings.max_model_len}"] if settings.max_model_len else []),
    ]


def loader_config(settings: Settings) -> str:
    """Return the streamer's parameters as JSON without spaces, as the guide writes them."""
    config: dict[str, object] = {"distributed": True}
    if settings.concurrency:
        config["concurrency"] = settings.concurrency
    return json.dumps(config, separators=(",", ":"))


def _quiet(vllm_version: str) -> list[str]:
    # from 0.17.0 on vLLM refuses it, and not logging requests is its default
    flag = "--disable-log-requests"
    return [flag] if oracle.accepts(vllm_version, flag) else []


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True  # limits and requests are one dict: write it twice, as people do

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def to_yaml(manifest: Manifest) -> str:
    """Return the object as YAML in the order a person writes it."""
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=10_000)
