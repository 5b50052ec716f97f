"""What each layer of a model keeps of the tokens before: everything, a window, nothing.

A rule for each way in which configs name it; where no rule holds, that is said.
Source: transformers 5.19, the configuration classes; vLLM 0.32.0, model_executor/models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ..texts import say
from .config_defaults import TextModel, encoders

LayerType = Literal[
    "full", "window", "chunk", "indexed", "state", "none", "full+state", "window+state"
]
"""`state` keeps something of constant size, whatever the context; `none` keeps nothing at all."""

MOST_LAYERS = 10_000
"""A config.json that names more is not believed."""

_NAMED: dict[str, LayerType] = {
    **dict.fromkeys(("full_attention", "attention", "global_attention", "global", "full"), "full"),
    # attention and a state space side by side
    **dict.fromkeys(("hybrid", "parallel"), "full+state"),
    **dict.fromkeys(("sliding_attention", "local_attention", "sliding", "local"), "window"),
    "hybrid_sliding": "window+state",
    "chunked_attention": "chunk",
    "indexed_attention": "indexed",
    **dict.fromkeys(("linear_attention", "mamba", "mamba2", "recurrent", "conv", "kda"), "state"),
    **dict.fromkeys(("gated_deltanet", "lightning_attention"), "state"),
    **dict.fromkeys(("moe", "mlp"), "none"),
}
_LETTERS: dict[str, LayerType] = {
    "*": "full",  # Nemotron-H: attention, Mamba, an MLP, experts
    "M": "state",
    **dict.fromkeys("-E", "none"),
    "L": "window",  # EXAONE 4: local and global
    "G": "full",
}
_NO_ATTENTION = ("mamba", "mamba2", "falcon_mamba", "rwkv", "xlstm")
_ENCODERS = ("bert", "roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "electra")
"""Those that transformers can use as decoders, too; its other ones are in the table."""
_HINTS = ("mamba", "ssm_", "linear_attn", "lightning", "rwkv", "recurrent", "d_state", "d_conv")
"""Parts of names by which a config says that not all its layers are attention."""
_CROSS = (
    *("cross_attention_layers", "use_cla", "compress_ratios", "sparse_attention_config"),
    *("H_cycles", "loop_num", "total_ut_steps", "interleaved_sliding_window"),
)
"""Settings of a cache that no rule here works out, such as how often the layers run."""


class UnknownLayersError(ValueError):
    """What a layer keeps can't be told from this config.json; the text says what it names."""


def layer_types(text: TextModel, layers: int, window: int | None) -> Sequence[LayerType]:
    """Return the type of each of the layers; `window` is in tokens, None without one.

    Raises:
        UnknownLayersError: No rule holds.
    """
    if text.model_type in _NO_ATTENTION:
        return ["state"] * layers
    if text.model_type in {*_ENCODERS, *encoders()} and not text.values.get("is_decoder"):
        return ["none"] * layers
    if found := next((name for name in _CROSS if text.values.get(name)), ""):
        raise UnknownLayersError(found)
    rules = (_by_name, _by_letters, _by_numbers, _by_places, _by_period, _by_window, _by_class)
    for rule in rules:
        if (types := rule(text, layers)) is not None:
            return _first(types, layers, window)
    return _first(_alike(text, layers, window), layers, window)


def _first(types: Sequence[LayerType], layers: int, window: int | None) -> list[LayerType]:
    """Return as many as there are layers; without a window every such layer sees everything."""
    if len(types) < layers:
        raise UnknownLayersError(say("{count} of {layers} layers", count=len(types), layers=layers))
    return [_everything(one) if not window else one for one in types[:layers]]


def _everything(one: LayerType) -> LayerType:
    unbounded: dict[LayerType, LayerType] = {"window": "full", "window+state": "full+state"}
    return unbounded.get(one, one)


def _by_name(text: TextModel, layers: int) -> list[LayerType] | None:
    if cycle := text.listed("block_types"):  # RecurrentGemma repeats it
        types = [_named(cycle[at % len(cycle)]) for at in range(layers)]
        return ["window" if one == "full" else one for one in types]
    for key in ("layer_types", "layers_block_type"):
        found = text.values.get(key)
        if isinstance(found, list) and found:
            return [_named(one) for one in found[:MOST_LAYERS]]
    return None


def _named(name: Any) -> LayerType:
    if isinstance(name, str) and name in _NAMED:
        return _NAMED[name]
    raise UnknownLayersError(str(name)[:40])


def _by_letters(text: TextModel, layers: int) -> list[LayerType] | None:
    pattern = text.values.get("hybrid_override_pattern")
    if isinstance(pattern, str) and pattern:
        return [_lettered(letter) for letter in pattern[:MOST_LAYERS]]
    pattern = text.values.get("sliding_window_pattern")
    if isinstance(pattern, str) and pattern:
        return [_lettered(pattern[at % len(pattern)]) for at in range(layers)]
    return None


def _lettered(letter: str) -> LayerType:
    if letter in _LETTERS:
        return _LETTERS[letter]
    raise UnknownLayersError(letter)


def _by_numbers(text: TextModel, layers: int) -> list[LayerType] | None:
    """Read lists of 0 and 1: MiniMax, MiMo, Llama 4."""
    for key, one, other in (
        ("attn_type_list", "full", "state"),
        ("hybrid_layer_pattern", "window", "full"),
    ):
        if found := text.listed(key):
            return [_of_two(number, one, other) for number in found[:MOST_LAYERS]]
    if text.model_type != "llama4_text" and "attention_chunk_size" not in text.values:
        return None
    if not text.count("attention_chunk_size"):
        return ["full"] * layers
    if found := text.listed("no_rope_layers"):
        return [_of_two(number, "chunk", "full") for number in found[:MOST_LAYERS]]
    every = text.count("no_rope_layer_interval") or 4
    return ["chunk" if (at + 1) % every else "full" for at in range(layers)]


def _of_two(number: Any, one: Any, other: Any) -> LayerType:
    if number in (0, 1):
        return one if number else other
    raise UnknownLayersError(str(number)[:40])


def _by_places(text: TextModel, layers: int) -> list[LayerType] | None:
    """Read lists of the layers with full attention, counted from 0, by Kimi from 1."""
    kimi = text.inside("linear_attn_config").get("full_attn_layers")
    if isinstance(kimi, list):
        places = {one - 1 for one in kimi if type(one) is int}
        return ["full" if at in places else "state" for at in range(layers)]
    for key in ("attn_layer_indices", "full_attn_idxs", "hybrid_layer_ids"):
        if isinstance(found := text.values.get(key), list):
            places = {one for one in found if type(one) is int}
            return ["full" if at in places else "state" for at in range(layers)]
    return None


def _by_period(text: TextModel, layers: int) -> list[LayerType] | None:
    if every := text.count("attn_layer_period"):
        first = text.count("attn_layer_offset") or 0
        return ["full" if at % every == first else "state" for at in range(layers)]
    if every := text.count("full_attention_interval"):
        return ["state" if (at + 1) % every else "full" for at in range(layers)]
    if every := text.count("layer_group_size"):  # Ling: the layers after the last group are full
        grouped = layers // every * every
        return ["state" if (at + 1) % every and at < grouped else "full" for at in range(layers)]
    return None


def _by_window(text: TextModel, layers: int) -> list[LayerType] | None:
    if every := text.count("sliding_window_pattern", "_sliding_window_pattern"):
        return ["window" if (at + 1) % every else "full" for at in range(layers)]
    after = text.get("max_window_layers")
    if text.get("use_sliding_window") is True and type(after) is int:
        return ["window" if at >= after else "full" for at in range(layers)]
    return None


def _by_class(text: TextModel, layers: int) -> list[LayerType] | None:
    if "layer_types" not in text.assumed:
        return None
    if not (cycle := text.assumed["layer_types"]):
        raise UnknownLayersError(text.model_type)
    types = [_named(cycle[at % len(cycle)]) for at in range(layers)]
    if text.model_type.startswith("gemma4"):  # its last layer is full, whatever comes before
        types[-1:] = ["full"]
    return types


def _alike(text: TextModel, layers: int, window: int | None) -> list[LayerType]:
    if not text.known and (hint := next(filter(_hints, text.values), "")):
        raise UnknownLayersError(hint)
    return ["window" if window else "full"] * layers


def _hints(name: str) -> bool:
    return any(hint in name for hint in _HINTS)
