"""What an image with a newer CUDA says on a node whose GPU driver is too old for it."""

from __future__ import annotations

import re
from typing import Any

from ..kubernetes import End
from ..kubernetes.controllers.nodes import DRIVER, GPU

Obj = dict[str, Any]

FIRST_WITH_CUDA_13 = (0, 20, 0)
"""The first release of vLLM whose image holds CUDA 13.

Source: docker/Dockerfile of the released sources, ARG CUDA_VERSION.
"""

END = End(
    (
        "(EngineCore pid=127) ERROR 11-29 00:00:00 [core.py:1202] RuntimeError: The NVIDIA driver "
        "on your system is too old (found version 12020). Please update your GPU driver by "
        "downloading and installing a new version from the URL: "
        "http://www.nvidia.com/Download/index.aspx Alternatively, go to: https://pytorch.org to "
        "install a PyTorch version that has been compiled with your version of the CUDA driver.",
        "RuntimeError: Engine core initialization failed. See root cause above. Failed core "
        "proc(s): {}",
    )
)
"""What vLLM prints then. GKE's default driver, 535, has CUDA 12.2; vLLM's images leave CUDA's
forward compatibility off.

Source: PyTorch, c10/cuda/CUDAFunctions.cpp, as quoted from vLLM's engine in
guqiong96/Lvllmds4#46; vLLM 0.32.0, docs/usage/troubleshooting.md and v1/engine/utils.py.
"""

_IMAGE = re.compile(r"(?:^|/)vllm/vllm-openai(?P<tag>[:@].*)?$")
_RELEASE = re.compile(r":v?(\d+)\.(\d+)(?:\.(\d+))?")


def too_old_for(container: Obj, node: Obj | None) -> End | None:
    """Return how a container ends on the node, None where its driver is new enough."""
    limits = (container.get("resources") or {}).get("limits") or {}
    if node is None or GPU not in limits or not _has_cuda_13(container.get("image", "")):
        return None
    driver = (node["metadata"].get("labels") or {}).get(DRIVER, "latest")
    return END if driver != "latest" else None


def _has_cuda_13(image: str) -> bool:
    """Say whether an image holds CUDA 13; one whose tag tells no release is the newest."""
    found = _IMAGE.search(image)
    if found is None:
        return False
    tag = found["tag"] or ""
    release = _RELEASE.match(tag)
    newer = release is None or tuple(int(n or 0) for n in release.groups()) >= FIRST_WITH_CUDA_13
    return newer and "-cu12" not in tag
