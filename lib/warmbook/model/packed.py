"""How many parameters tensors hold: packed ones as the numbers in them, scales as none.

Source: the formats' own layouts as vLLM 0.32.0 reads them, model_executor/layers/quantization:
MXFP4 of GPT-OSS, GPTQ and AWQ, compressed-tensors, bitsandbytes, ModelOpt's NVFP4.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .safetensors import BITS, Tensor

_PER_U8 = 2
"""Numbers of 4 bits in a byte."""
_BESIDE = (
    *("_scales", ".scales", ".qzeros", ".g_idx", ".weight_scale", ".weight_scale_2"),
    *(".weight_scale_inv", ".input_scale", ".weight_shape", ".weight_g_idx"),
    *(".weight_zero_point", ".weight_global_scale", ".input_global_scale", ".k_scale"),
    *(".v_scale", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", ".SCB"),
)
"""Ends of the names of what a format keeps beside its packed numbers."""


def parameters(tensors: Sequence[Tensor], config: Mapping[str, Any]) -> int:
    """Return how many parameters the tensors hold."""
    names = {tensor.name for tensor in tensors}
    packed = _packed_bits(config)
    return sum(_held(tensor, names, packed) for tensor in tensors)


def _held(tensor: Tensor, names: Collection[str], bits: int) -> int:
    name = tensor.name
    if _is_beside(name, names):
        return 0
    if name.endswith((".qweight", ".weight_packed")) and BITS[tensor.dtype] > bits:
        return tensor.elements * BITS[tensor.dtype] // bits
    if tensor.dtype == "U8" and (name.endswith("_blocks") or _holds_pairs(name, names)):
        return tensor.elements * _PER_U8
    return tensor.elements


def _is_beside(name: str, names: Collection[str]) -> bool:
    if name.endswith("_scales"):
        return name.removesuffix("scales") + "blocks" in names
    return name.endswith(_BESIDE) or ".quant_state." in name


def _holds_pairs(name: str, names: Collection[str]) -> bool:
    """Say whether a tensor of bytes has its scales or bitsandbytes' maxima beside it."""
    return any(f"{name}{end}" in names for end in ("_scale", ".absmax"))


def _packed_bits(config: Mapping[str, Any]) -> int:
    """Return the bits of a packed number, 4 where config.json does not say."""
    found = config.get("quantization_config") or config.get("compression_config")
    if not isinstance(found, Mapping):
        return 4
    groups = found.get("config_groups")
    inner = groups.values() if isinstance(groups, Mapping) else ()
    weights = [one.get("weights") for one in inner if isinstance(one, Mapping)]
    named = [one.get("num_bits") for one in weights if isinstance(one, Mapping)]
    said = [found.get("bits"), found.get("w_bit"), *named]
    return next((bits for bits in said if type(bits) is int and 2 <= bits <= 8), 4)
