"""An image with CUDA 13 on GKE's default driver ends in PyTorch's words.

The words: PyTorch, c10/cuda/CUDAFunctions.cpp, as a vLLM engine printed them in
guqiong96/Lvllmds4#46; 535, GKE's default driver, has CUDA 12.2.
"""

import pytest

from warmbook.serving import vllm_releases
from warmbook_rehearsal.node.gpu_driver import FIRST_WITH_CUDA_13, too_old_for

DRIVER = "cloud.google.com/gke-gpu-driver-version"


def container(image, gpus=1):
    limits = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    return {"image": image, "resources": {"limits": limits}}


def node(driver):
    return {"metadata": {"labels": {DRIVER: driver} if driver else {}}}


@pytest.mark.parametrize(
    ("image", "driver", "ends"),
    [
        ("vllm/vllm-openai:v0.32.0", "default", True),
        ("docker.io/vllm/vllm-openai:v0.21.0", "default", True),
        ("vllm/vllm-openai:v0.32.0", "latest", False),
        ("vllm/vllm-openai:v0.32.0", "", False),
        ("vllm/vllm-openai:v0.32.0-cu129", "default", False),
        ("vllm/vllm-openai:v0.19.0", "default", False),
        ("vllm/vllm-openai:v0.11.1", "default", False),
        ("vllm/vllm-openai", "default", True),
        ("vllm/vllm-openai:nightly", "default", True),
        ("vllm/vllm-openai:v0.19", "default", False),
        ("vllm/vllm-openai-cpu:v0.32.0", "default", False),
        ("python:3.12", "default", False),
    ],
)
def test_only_a_newer_cuda_on_the_default_driver_ends_so(image, driver, ends):
    end = too_old_for(container(image), node(driver))
    assert bool(end) is ends
    if end:
        assert end.code == 1
        assert "(found version 12020)" in end.lines[0]


def test_without_a_gpu_the_driver_is_not_checked():
    assert too_old_for(container("vllm/vllm-openai:v0.32.0", gpus=0), node("default")) is None


def test_the_first_release_is_the_one_that_the_workbook_has_read():
    majors = {v: vllm_releases.cuda(v).partition(".")[0] for v in vllm_releases.covered()}
    first = next(version for version, major in majors.items() if major == "13")
    assert tuple(map(int, first.split("."))) == FIRST_WITH_CUDA_13
