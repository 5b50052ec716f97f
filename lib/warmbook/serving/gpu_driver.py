"""The GPU driver: which of GKE's two the CUDA in a server's image needs."""

from __future__ import annotations

from typing import Literal

from ..settings import Settings
from . import vllm_releases

Driver = Literal["default", "latest"]

LEAST_BRANCH = {12: 525, 13: 580}
"""The first branch of NVIDIA's driver that runs a CUDA of this major version.

Source: NVIDIA, CUDA Toolkit release notes, "CUDA minor version compatibility". vLLM's images
leave CUDA's forward compatibility off (`VLLM_ENABLE_CUDA_COMPATIBILITY=0` in docker/Dockerfile).
"""

DEFAULT_BRANCH = 535
"""The branch of GKE's default driver; `latest` brought 580.126.20 beside it.

Source: accelerated-platforms, pod snapshot reference architecture (2026-09): 535.288.01;
rapidsai/deployment#656 (2026-02): 535.274.02, on which CUDA 13 fails.
"""


def suffices(vllm_version: str) -> bool | None:
    """Say whether GKE's default driver runs the release's image; None where that is not known."""
    try:
        major = int(vllm_releases.cuda(vllm_version).partition(".")[0])
    except LookupError:
        return None
    return LEAST_BRANCH[major] <= DEFAULT_BRANCH if major in LEAST_BRANCH else None


def chosen(settings: Settings) -> Driver:
    """Return the driver that the form chooses; `auto` is the default one only where it suffices.

    A newer driver runs an older CUDA too, so `latest` serves what is not known: SGLang's images
    and releases that were not read.
    """
    if settings.gpu_driver != "auto":
        return settings.gpu_driver
    known = settings.inference_server == "vllm" and suffices(settings.vllm_version)
    return "default" if known else "latest"


def too_old(settings: Settings) -> bool:
    """Say whether the form insists on a driver that is known not to run the image."""
    vllm = settings.inference_server == "vllm"
    return chosen(settings) == "default" and vllm and suffices(settings.vllm_version) is False


def accelerator(settings: Settings) -> str:
    """Return gcloud's words for the GPUs of a machine and their driver."""
    return f"type={settings.gpu},count={settings.gpu_count},gpu-driver-version={chosen(settings)}"
