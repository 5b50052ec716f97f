"""Fields of config.json whose value can't be what they stand for.

Such a file is not believed: transformers 5.19 refuses it by the types of its classes' fields
(configuration_utils.py, `strict`), and what stands in its place is anyone's guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .config_defaults import NESTED

LARGEST_NUMBER = 10**9
"""A config.json that names more heads, layers or tokens is not believed."""

_NUMBERS = frozenset(
    [
        *("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers"),
        *("num_attention_heads", "n_head", "n_heads", "decoder_attention_heads"),
        *("hidden_size", "n_embd", "d_model", "head_dim", "attention_head_dim", "kv_channels"),
        *("hidden_size_per_head", "v_head_dim", "n_head_kv", "multi_query_group_num"),
        *("num_attention_groups", "max_position_embeddings", "n_positions", "max_seq_len"),
        *("seq_length", "max_source_positions", "max_target_positions"),
        *("sliding_window", "attention_window_size", "local_attention_window_size"),
        *("attention_chunk_size", "max_window_layers", "num_kv_shared_layers", "kv_lora_rank"),
        *("qk_rope_head_dim", "index_head_dim", "global_head_dim", "num_global_key_value_heads"),
        *("swa_num_key_value_heads", "swa_head_dim", "swa_v_head_dim", "attn_layer_period"),
        *("attn_layer_offset", "full_attention_interval", "layer_group_size"),
        *("no_rope_layer_interval", "sliding_window_size"),
    ]
)
_NUMBERS_OR_LISTS = frozenset(["num_key_value_heads", "num_kv_heads"])
"""A number for each layer in some models."""
_SWITCHES = frozenset(
    [
        *("use_sliding_window", "is_encoder_decoder", "multi_query", "use_cla"),
        *("new_decoder_architecture", "attention_k_eq_v"),
    ]
)
_LISTS = frozenset(
    [
        *("layer_types", "layers_block_type", "block_types", "block_configs", "attn_type_list"),
        *("hybrid_layer_pattern", "no_rope_layers", "attn_layer_indices", "full_attn_idxs"),
        *("hybrid_layer_ids",),
    ]
)
_OBJECTS = frozenset(NESTED) - {"decoder"}


def odd_field(values: Mapping[str, Any]) -> str:
    """Return the first field of a wrong type, and its value; "" where there is none."""
    return next(_odd(values), "")


def _odd(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if value is not None and not _may_be(name, value):
            yield f"{name} = {_short(value)}"


def _may_be(name: str, value: Any) -> bool:
    if name in _NUMBERS_OR_LISTS and isinstance(value, list):
        return all(_counts(one, 0) for one in value)
    if name in _NUMBERS or name in _NUMBERS_OR_LISTS:
        return _counts(value, int(name in _NUMBERS_OR_LISTS))
    for names, kind in ((_SWITCHES, bool), (_LISTS, list), (_OBJECTS, Mapping)):
        if name in names:
            return isinstance(value, kind)
    return True


def _counts(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= LARGEST_NUMBER


def _short(value: Any) -> str:
    """Return a value as JSON has it, shortened."""
    if isinstance(value, (list, Mapping)):
        return "[...]" if isinstance(value, list) else "{...}"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
