from pathlib import Path

import pytest
import yaml

from warmbook.__main__ import main
from warmbook.cloud import gke
from warmbook.serving import guide_manifest
from warmbook.settings import Settings

GUIDE = Path(__file__).parents[1] / "agreement" / "guide" / "vllm-deployment.yaml"
FILLED = {
    "NAMESPACE": "vllm",
    "KSA_NAME": "vllm-streamer",
    "BUCKET_NAME": "my-bucket",
    "PATH_TO_MODEL": "models/my-llama",
}


@pytest.mark.guide("G18")
def test_as_in_the_guide_is_the_guides_own_yaml(settings):
    text = GUIDE.read_text()
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    assert guide_manifest.as_in_the_guide(settings) == yaml.safe_load(text)


@pytest.mark.guide("G19 G20")
def test_the_guides_placeholders_are_the_readers_settings(choices):
    chosen = {"gpu": "nvidia-h100-80gb", "gpu_count": 4, "tensor_parallel_size": 2, "replicas": 3}
    made = guide_manifest.as_in_the_guide(Settings.parse({**choices, **chosen}))
    pod = made["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert made["spec"]["replicas"] == 3
    assert container["resources"]["limits"] == {"nvidia.com/gpu": "4"}
    assert "--tensor-parallel-size=2" in container["args"]
    assert pod["nodeSelector"] == {gke.ACCELERATOR: "nvidia-h100-80gb"}


def test_the_yaml_means_the_same_as_the_object(settings):
    made = guide_manifest.as_in_the_guide(settings)
    assert yaml.safe_load(guide_manifest.to_yaml(made)) == made
    assert "&id" not in guide_manifest.to_yaml(made)


def test_the_command_line_prints_the_guides_own(choices, capsys):
    given = [word for name, value in choices.items() for word in ("-p", name, value)]
    assert main(["manifest", "--as-in-the-guide", *given]) == 0
    made = guide_manifest.as_in_the_guide(Settings.parse(choices))
    assert capsys.readouterr().out == guide_manifest.to_yaml(made)


def test_the_job_that_compares_loaders_is_printed_as_the_strict_api_takes_it(
    up_to, chosen, clients, capsys
):
    up_to("identity")
    assert main(["manifest", "--comparison"]) == 0
    job = yaml.safe_load(capsys.readouterr().out)
    assert (job["kind"], job["spec"]["backoffLimit"]) == ("Job", 0)
    assert clients.kubernetes.create(job)["metadata"]["name"] == job["metadata"]["name"]
    clients.kubernetes.delete("Job", job["metadata"]["name"], chosen.namespace)
