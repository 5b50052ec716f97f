import pytest
import yaml

from warmbook import manifests
from warmbook.settings import Settings

GUIDE = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "vllm-streamer-deployment", "namespace": "vllm"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "vllm-streamer"}},
        "template": {
            "metadata": {"labels": {"app": "vllm-streamer"}},
            "spec": {
                "serviceAccountName": "vllm-streamer",
                "containers": [
                    {
                        "name": "vllm-container",
                        "image": "vllm/vllm-openai:v0.11.1",
                        "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
                        "args": [
                            "--model=gs://my-bucket/models/my-llama",
                            "--load-format=runai_streamer",
                            '--model-loader-extra-config={"distributed":true}',
                            "--host=0.0.0.0",
                            "--port=8000",
                            "--disable-log-requests",
                            "--tensor-parallel-size=1",
                        ],
                        "ports": [{"containerPort": 8000, "name": "api"}],
                        "startupProbe": {
                            "httpGet": {"path": "/health", "port": 8000},
                            "failureThreshold": 60,
                            "periodSeconds": 10,
                            "initialDelaySeconds": 30,
                        },
                        "readinessProbe": {
                            "httpGet": {"path": "/health", "port": 8000},
                            "failureThreshold": 3,
                            "periodSeconds": 10,
                        },
                        "resources": {
                            "limits": {"nvidia.com/gpu": "1"},
                            "requests": {"nvidia.com/gpu": "1"},
                        },
                        "volumeMounts": [{"mountPath": "/dev/shm", "name": "dshm"}],
                    }
                ],
                "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
                "volumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
            },
        },
    },
}
"""The guide's manifest, field by field, for these choices."""


def container(manifest):
    return manifest["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.guide("G18")
def test_the_guides_choices_give_the_guides_manifest(choices):
    chosen = Settings.parse({**choices, "vllm_version": "0.11.1", "max_model_len": 0})
    made = manifests.deployment(chosen)
    assert made["metadata"].pop("labels") == manifests.MANAGED_BY
    assert container(made).pop("env") == [{"name": "RUNAI_STREAMER_LOG_TO_STDERR", "value": "1"}]
    assert made == GUIDE


@pytest.mark.parametrize(
    ("version", "takes"), [("0.11.1", True), ("0.16.0", True), ("0.17.0", False), ("0.32.0", False)]
)
def test_an_argument_that_newer_releases_refuse_is_left_out(choices, version, takes):
    arguments = manifests.arguments(Settings.parse({**choices, "vllm_version": version}))
    assert ("--disable-log-requests" in arguments) is takes


@pytest.mark.guide("G19 G20")
def test_gpus_tensor_parallelism_zone_and_concurrency_reach_the_pod(choices):
    chosen = Settings.parse(
        {
            **choices,
            "gpu_count": 4,
            "tensor_parallel_size": 4,
            "zone": "us-central1-b",
            "concurrency": 16,
        }
    )
    made = manifests.deployment(chosen)
    assert container(made)["resources"]["limits"] == {"nvidia.com/gpu": "4"}
    assert "--tensor-parallel-size=4" in container(made)["args"]
    assert (
        '--model-loader-extra-config={"distributed":true,"concurrency":16}'
        in container(made)["args"]
    )
    pod = made["spec"]["template"]["spec"]
    assert pod["nodeSelector"]["topology.kubernetes.io/zone"] == "us-central1-b"


def test_the_yaml_means_the_same_as_the_object(settings):
    made = manifests.deployment(settings)
    assert yaml.safe_load(manifests.to_yaml(made)) == made
    assert "&id" not in manifests.to_yaml(made)
