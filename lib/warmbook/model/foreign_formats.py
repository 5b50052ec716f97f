"""Folders that another engine's tools wrote: their safetensors files are not for vLLM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..texts import say
from .finding import Finding
from .inspect import Inspection

_OF_A_RANK = re.compile(r"^rank\d+\.(?:safetensors|engine)$")
_NEVER_READ = frozenset(("exl2", "exl3", "eetq", "quanto", "higgs", "vptq", "spqr"))
"""Values of quant_method that vLLM does not know, of formats that other engines have.

Source: vLLM 0.32.0, model_executor/layers/quantization/__init__.py.
"""


def of_another_engine(inspection: Inspection) -> Finding | None:
    """Return what wrote the folder, where vLLM can't read it; None where it may."""
    config = inspection.config or {}
    built = {"pretrained_config", "build_config"} <= config.keys()
    if built or any(map(_OF_A_RANK.match, inspection.folder.here)):
        return _tensorrt()
    if _packed_by_mlx(inspection):
        return _mlx()
    method = _quant_method(config)
    return _never_read(method) if method in _NEVER_READ else None


def _quant_method(config: Mapping[str, Any]) -> str:
    found = config.get("quantization_config")
    method = found.get("quant_method") if isinstance(found, Mapping) else None
    return method.lower() if isinstance(method, str) else ""


def _packed_by_mlx(inspection: Inspection) -> bool:
    """Say whether packed weights have scales and biases beside them, as MLX alone writes them.

    Source: mlx, nn.QuantizedLinear: U32, `scales` and `biases`.
    """
    names = {tensor.name for tensor in inspection.tensors}
    packed = (one.name for one in inspection.tensors if one.dtype == "U32")
    stems = (name.removesuffix("weight") for name in packed if name.endswith(".weight"))
    return any({f"{stem}scales", f"{stem}biases"} <= names for stem in stems)


def _tensorrt() -> Finding:
    """Source: vLLM 0.32.0, asked: «Unrecognized model», as its config.json has no model_type."""
    return Finding(
        "TensorRT-LLM",
        say("a model built or converted for TensorRT-LLM"),
        say("vLLM stops: «Unrecognized model»."),
        say("Take the original model from which it was built, or serve it with TensorRT-LLM."),
    )


def _mlx() -> Finding:
    return Finding(
        "MLX",
        say("weights packed for MLX (Apple's GPUs)"),
        say("vLLM stops: the packed tensors do not fit the model's class."),
        say("Take the original model, or a copy packed for GPUs (AWQ, GPTQ, FP8)."),
    )


def _never_read(method: str) -> Finding:
    return Finding(
        "quantization unknown",
        say("config.json says quant_method {method}", method=method),
        say("vLLM stops: «Unknown quantization method»."),
        say("Take the original model, or a copy packed for GPUs (AWQ, GPTQ, FP8)."),
    )
