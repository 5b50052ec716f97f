import pytest

from warmbook.serving import gpu_driver, vllm_releases
from warmbook.settings import Settings


def chosen(choices, **more):
    return gpu_driver.chosen(Settings.parse({**choices, **more}))


@pytest.mark.parametrize(
    ("version", "cuda"), [("0.11.1", "12.9.1"), ("0.19.0", "12.9.1"), ("0.21.0", "13.0.2")]
)
def test_the_cuda_of_an_image_is_its_dockerfiles(version, cuda):
    """docker/Dockerfile of the released sources, ARG CUDA_VERSION, read by hand."""
    assert vllm_releases.cuda(version) == cuda


def test_cuda_13_needs_580_and_gke_installs_535():
    """rapidsai/deployment#656: a GKE node with 535.274.02 fails with CUDA 13."""
    assert gpu_driver.suffices("0.19.0") is True
    assert gpu_driver.suffices("0.21.0") is False
    assert gpu_driver.suffices("0.99.0") is None


@pytest.mark.parametrize(
    ("more", "driver"),
    [
        ({"vllm_version": "0.19.0"}, "default"),
        ({"vllm_version": "0.32.0"}, "latest"),
        ({"vllm_version": "0.99.0"}, "latest"),
        ({"vllm_version": "0.19.0", "gpu_driver": "latest"}, "latest"),
        ({"vllm_version": "0.32.0", "gpu_driver": "default"}, "default"),
        ({"vllm_version": "0.19.0", "inference_server": "sglang"}, "latest"),
    ],
)
def test_auto_is_the_default_driver_only_where_it_suffices(choices, more, driver):
    assert chosen(choices, **more) == driver


def test_only_an_explicitly_chosen_driver_can_be_too_old(choices):
    def too_old(**more):
        return gpu_driver.too_old(Settings.parse({**choices, **more}))

    assert too_old(gpu_driver="default")
    assert not too_old()
    assert not too_old(gpu_driver="default", vllm_version="0.19.0")
    assert not too_old(gpu_driver="default", inference_server="sglang")
