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

_RELEASE = re.compile(r"vllm/vllm-openai:v?(\d+)\.(\d+)\.(\d+)(?![\w.]*-cu12)")


def too_old_for(pod: Obj, node: Obj | None) -> End | None:
    """Return how the Pod's container ends on the node, None where its driver is new enough."""
    container = pod["spec"]["containers"][0]
    limits = (container.get("resources") or {}).get("limits") or {}
    release = _RELEASE.search(container["image"])
    if node is None or release is None or GPU not in limits:
        return None
    newer = tuple(map(int, release.groups())) >= FIRST_WITH_CUDA_13
    driver = (node["metadata"].get("labels") or {}).get(DRIVER, "latest")
    return END if newer and driver != "latest" else None
