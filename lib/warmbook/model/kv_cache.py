"""The KV cache of one sequence, from what each layer keeps of each token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .config_defaults import TextModel
from .layer_types import LayerType, UnknownLayersError, layer_types

BF16_BYTES = 2
_INDEX_SCALE_BYTES = 4


@dataclass(frozen=True)
class Kept:
    """What so many `layers` keep of each token that they reach: `heads` of `width` numbers.

    Keys and values together. `reach` is in tokens, None where they see everything. `latent` is
    compressed (MLA): each GPU has all of it. `index_bytes` is what a sparse layer keeps beside,
    in a dtype of its own. `always`: so many tokens of the encoder, whatever the context.
    """

    heads: int
    width: int
    reach: int | None = None
    latent: bool = False
    index_bytes: int = 0
    always: int = 0
    layers: int = 1

    def token_bytes(self, shared_by: int, dtype_bytes: int) -> int:
        """Return the bytes of one token on each of the GPUs that share the heads."""
        heads = self.heads if self.latent else max(1, -(-self.heads // shared_by))
        return self.layers * heads * self.width * dtype_bytes

    def least(self, tokens: int, step: int, token_bytes: int) -> int:
        """Return the bytes that vLLM needs where its hybrid cache is on: window and one step.

        Source: vLLM 0.32.0, v1/kv_cache_interface.py, SlidingWindowSpec. For chunks it counts
        one token more.
        """
        seen = min(tokens, (self.reach or tokens) - 1 + step)
        return token_bytes * (self.always or seen)

    def most(self, tokens: int, token_bytes: int) -> int:
        """Return the bytes where every token is kept."""
        return self.layers * self.index_bytes * tokens + token_bytes * (self.always or tokens)


def kept(text: TextModel, layers: int, sizes: tuple[int, int, int]) -> tuple[Kept, ...]:
    """Return what the layers keep, alike ones together; `sizes`: heads, KV heads, head's width.

    Raises:
        UnknownLayersError: The config names something that is not understood here.
    """
    if text.get("is_encoder_decoder") is True:
        return tuple(_of_decoder(text))
    window = window_of(text)
    types = _types(text, layers)
    found: Counter[Kept] = Counter()
    for at, kind in enumerate(one.removesuffix("+state") for one in types):
        if kind not in ("none", "state") and (one := _layer(text, at, kind, sizes, window)):
            found[one] += 1
    twice = 2 if text.model_type == "longcat_flash" else 1  # two attentions in each of its layers
    return tuple(replace(one, layers=twice * count) for one, count in found.items())


def state_layers(text: TextModel, layers: int) -> int:
    """Return how many layers keep a state of constant size beside the KV cache, or instead of it.

    Raises:
        UnknownLayersError: As `kept`.
    """
    return (
        0
        if text.get("is_encoder_decoder") is True
        else sum("state" in one for one in _types(text, layers))
    )


def _types(text: TextModel, layers: int) -> list[LayerType]:
    types = list(layer_types(text, layers, window_of(text)))
    if shared := text.get("num_kv_shared_layers"):  # the last ones read what earlier ones keep
        shared = min(int(shared), layers) if type(shared) is int else 0
        types[layers - shared :] = ["none"] * shared
    return types


def window_of(text: TextModel) -> int | None:
    """Return the window of the layers that have one, in tokens; None where it is off."""
    if text.get("use_sliding_window") is False:
        return None
    return text.count("sliding_window", "attention_window_size", "local_attention_window_size")


def _layer(
    text: TextModel, at: int, kind: str, sizes: tuple[int, int, int], window: int | None
) -> Kept | None:
    reach = {"window": window, "chunk": text.count("attention_chunk_size")}.get(kind)
    if latent := latent_width(text):
        index = text.count("index_head_dim") if kind == "indexed" else None
        beside = index + _INDEX_SCALE_BYTES * -(-index // 128) if index else 0
        return Kept(1, latent, reach, latent=True, index_bytes=beside)
    if kind == "indexed":
        raise UnknownLayersError("indexed_attention")
    heads, kv_heads, width = sizes
    blocks = text.listed("block_configs")
    if blocks and not (kv_heads := _of_block(blocks, at, heads)):
        return None
    per_layer = text.listed("num_key_value_heads", "num_kv_heads")
    if per_layer:
        if at >= len(per_layer) or type(per_layer[at]) is not int:
            raise UnknownLayersError("num_key_value_heads")
        kv_heads = per_layer[at]
    values = text.count("v_head_dim") or width
    if kind == "window":
        kv_heads = text.count("swa_num_key_value_heads") or kv_heads
        width = text.count("swa_head_dim") or width
        values = text.count("swa_v_head_dim") or values
    elif wide := _global_width(text):
        width = values = wide
        if text.get("attention_k_eq_v") is True:
            kv_heads = text.count("num_global_key_value_heads") or kv_heads
    return Kept(kv_heads, width + values, reach)


def _global_width(text: TextModel) -> int | None:
    """Return the width of the heads of full layers, where those of the others are narrower."""
    if text.model_type.startswith(("gemma4", "diffusion_gemma")):
        return text.count("global_head_dim", "full_attention_head_dim")
    return None


def latent_width(text: TextModel) -> int | None:
    """Return how many numbers MLA keeps of a token, None without it.

    Source: vLLM 0.32.0, transformers_utils/model_arch_config_convertor.py: latent and RoPE part.

    Raises:
        UnknownLayersError: The config has the latent only, or vLLM's class does not use it.
    """
    if not (latent := text.count("kv_lora_rank")):
        return None
    rope = text.get("qk_rope_head_dim")
    if type(rope) is not int or rope < 0 or text.model_type == "minicpm3":
        raise UnknownLayersError("kv_lora_rank")
    return latent + rope


def _of_block(blocks: Sequence[Any], at: int, heads: int) -> int:
    """Return the KV heads of one block of Nemotron's searched models; 0 without attention."""
    block = blocks[at] if at < len(blocks) else None
    match block:
        case {"attention": {"no_op": True} | {"replace_with_linear": True}}:
            return 0
        case {"attention": {"n_heads_in_group": int(group)}} if group > 0:
            return heads // group
        case {"attention": {"num_key_value_heads": int(kv_heads)}} if kv_heads > 0:
            return kv_heads
    raise UnknownLayersError("block_configs")


def _of_decoder(text: TextModel) -> Iterator[Kept]:
    """Yield what a decoder keeps of its own tokens and of the encoder's, as Whisper does."""
    layers, heads, width = map(text.count, ("decoder_layers", "decoder_attention_heads", "d_model"))
    encoder = text.count("max_source_positions")
    if not (layers and heads and width and encoder):
        raise UnknownLayersError("is_encoder_decoder")
    yield Kept(heads, 2 * (width // heads), layers=layers)
    yield Kept(heads, 2 * (width // heads), always=encoder, layers=layers)
