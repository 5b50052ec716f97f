"""What a Hugging Face config.json says of a model, and the KV cache that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import MissingError
from ..texts import say
from .gpus import Gpu, Range

_SIZES = (1, 2, 4, 8, 16)
_NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads"),
    "head_dim": ("head_dim",),
    "hidden_size": ("hidden_size", "n_embd", "d_model"),
    "vocab_size": ("vocab_size",),
    "max_positions": ("max_position_embeddings", "n_positions", "max_seq_len"),
    "window": ("sliding_window",),
}
_PATTERNS = {"gemma2": 2, "gemma3": 6, "gemma3_text": 6}  # every n-th layer sees everything


@dataclass(frozen=True)
class Shape:
    """What a config.json says of a model; None where it is silent.

    `window` is in tokens; `window_layers` see only that far, `full_layers` see everything, and
    the rest (linear attention, state spaces) keep something else for each token or nothing.
    `latent_dim` is the width of a compressed cache (MLA), the same on each GPU.
    """

    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    hidden_size: int | None = None
    vocab_size: int | None = None
    max_positions: int | None = None
    window: int | None = None
    window_layers: int = 0
    full_layers: int = 0
    latent_dim: int | None = None
    dtype: str | None = None

    @classmethod
    def of(cls, config: Mapping[str, object]) -> Shape:
        """Read the text model of a Hugging Face config.json; odd values count as missing."""
        nested = config.get("text_config")
        text = {**config, **(nested if isinstance(nested, Mapping) else {})}
        fields = {name: _first(text, keys) for name, keys in _NAMES.items()}
        layers, heads, hidden = fields["layers"], fields["heads"], fields["hidden_size"]
        fields["kv_heads"] = fields["kv_heads"] or heads
        if not fields["head_dim"] and heads and hidden and hidden % heads == 0:
            fields["head_dim"] = hidden // heads
        if text.get("use_sliding_window") is False:
            fields["window"] = None
        windowed, full = _layer_kinds(text, layers or 0, fields["window"])
        latent, rope = (_first(text, (key,)) for key in ("kv_lora_rank", "qk_rope_head_dim"))
        dtype = text.get("dtype") or text.get("torch_dtype")
        return cls(
            **fields,
            window_layers=windowed,
            full_layers=full,
            latent_dim=latent + rope if latent and rope else None,
            dtype=dtype.removeprefix("torch.") if isinstance(dtype, str) else None,
        )

    def kv_cache(self, gpu: Gpu, tokens: int, shared_by: int = 1, dtype_bytes: int = 2) -> Range:
        """Return the bytes on each GPU that one request of `tokens` needs.

        The most is every layer keeping every token; the least is what vLLM keeps where its
        hybrid cache is on: window and one step. Source: vLLM 0.32.0, v1/kv_cache_interface.py.

        Raises:
            MissingError: config.json does not say the layers, the heads or their width.
        """
        layer = self._layer_bytes(shared_by, dtype_bytes)
        seen = min(tokens, (self.window or tokens) - 1 + gpu.step_tokens)
        least = self.full_layers * tokens + self.window_layers * seen
        return Range(layer * least, layer * tokens * (self.layers or 0))

    def _layer_bytes(self, shared_by: int, dtype_bytes: int) -> int:
        if self.layers and self.latent_dim:
            return self.latent_dim * dtype_bytes
        if not (self.layers and self.kv_heads and self.head_dim):
            needed = {"num_hidden_layers": self.layers, "num_attention_heads": self.kv_heads}
            needed["head_dim"] = self.head_dim
            names = ", ".join(name for name, value in needed.items() if not value)
            raise MissingError(
                say("config.json does not say {names}", names=names),
                remedy=say("See that config.json is the model's own, or choose the GPU yourself."),
            )
        return 2 * max(1, -(-self.kv_heads // shared_by)) * self.head_dim * dtype_bytes

    def tensor_parallel_sizes(self, most: int) -> tuple[int, ...]:
        """Return the powers of two up to `most` that divide the attention heads, as vLLM asks."""
        return tuple(n for n in _SIZES if n == 1 or (n <= most and (self.heads or 1) % n == 0))


def _first(config: Mapping[str, object], keys: tuple[str, ...]) -> int | None:
    values = (config.get(key) for key in keys)
    return next((value for value in values if type(value) is int and value > 0), None)


def _layer_kinds(text: Mapping[str, object], layers: int, window: int | None) -> tuple[int, int]:
    kinds = text.get("layer_types")
    if isinstance(kinds, list) and kinds:
        windowed = min(layers, kinds.count("sliding_attention")) if window else 0
        return windowed, min(layers - windowed, kinds.count("full_attention"))
    if not window:
        return 0, layers
    every = _first(text, ("sliding_window_pattern",)) or _PATTERNS.get(str(text.get("model_type")))
    full = layers // every if every else 0
    return layers - full, full
