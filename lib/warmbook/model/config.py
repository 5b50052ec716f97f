"""What a Hugging Face config.json says of a model, and the KV cache that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import MissingError
from ..texts import say
from ..units import sizes
from .config_defaults import TextModel
from .gpus import Gpu, Range
from .kv_cache import BF16_BYTES, Kept, kept, latent_width, state_layers, window_of
from .layer_types import MOST_LAYERS, UnknownLayersError
from .odd_fields import odd_field

STEP_TOKENS = 8192
"""The most that vLLM's server computes at once on a GPU of 70 GiB or more, unless told."""
_SIZES = (1, 2, 4, 8, 16)
_NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "hidden_size": ("hidden_size", "n_embd", "d_model"),
    "vocab_size": ("vocab_size",),
    "max_positions": (
        *("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"),
        *("model_max_length", "max_target_positions"),
    ),
}
_KV_HEADS = (
    *("n_head_kv", "num_kv_heads", "num_key_value_heads", "multi_query_group_num"),
    "num_attention_groups",
)
_HEAD_DIM = ("head_dim", "attention_head_dim", "kv_channels", "hidden_size_per_head")


@dataclass(frozen=True)
class Shape:
    """What a config.json, and its class where that is silent, say of a model; None if neither.

    `kept` is what its layers keep of each token; layers that keep nothing of single tokens
    (linear attention, state spaces) are not in it: `state_layers` counts them. `unknown` is what
    could not be understood; `understood` is whether its class is, which config.json calls `name`.
    """

    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    hidden_size: int | None = None
    vocab_size: int | None = None
    max_positions: int | None = None
    window: int | None = None
    latent_dim: int | None = None
    dtype: str | None = None
    kept: tuple[Kept, ...] = ()
    state_layers: int = 0
    unknown: str = ""
    name: str = ""
    understood: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Read the model that writes text; of a value of the wrong type nothing is believed."""
        text = TextModel(config)
        fields: dict[str, Any] = {name: text.count(*names) for name, names in _NAMES.items()}
        fields["layers"] = fields["layers"] or _listed_layers(text)
        if text.get("is_encoder_decoder") is True:  # the other names are the encoder's
            fields["layers"] = text.count("decoder_layers") or fields["layers"]
            fields["heads"] = text.count("decoder_attention_heads") or fields["heads"]
        heads, hidden = fields["heads"], fields["hidden_size"]
        head_dim = text.count(*_HEAD_DIM)
        if not head_dim and heads and hidden and hidden % heads == 0:
            head_dim = hidden // heads
        fields |= {"kv_heads": _kv_heads(text, heads), "head_dim": head_dim}
        fields["window"] = window_of(text)
        dtype = text.values.get("dtype") or text.values.get("torch_dtype")
        shape = replace(cls(), name=text.name, understood=text.known, **fields)
        if isinstance(dtype, str):
            shape = replace(shape, dtype=dtype.removeprefix("torch."))
        return shape._with_cache(text)

    def _with_cache(self, text: TextModel) -> Shape:
        sizes = (self.heads or 0, self.kv_heads or 0, self.head_dim or 0)
        try:
            if odd := odd_field({**text.values, **text.odd}):
                raise UnknownLayersError(odd)
            if (self.layers or 0) > MOST_LAYERS:
                raise UnknownLayersError(f"num_hidden_layers = {self.layers}")
            latent = latent_width(text)
            shape = replace(self, latent_dim=latent)
            states = state_layers(text, self.layers or 0)
            found = kept(text, self.layers or 0, sizes)
            return replace(shape, kept=found, state_layers=states)
        except UnknownLayersError as error:
            return replace(self, unknown=str(error) or "?")

    @property
    def window_layers(self) -> int:
        """How many layers see only a window or a chunk."""
        return sum(one.layers for one in self.kept if one.reach)

    @property
    def full_layers(self) -> int:
        """How many layers see everything."""
        return sum(one.layers for one in self.kept if not (one.reach or one.always))

    def kv_cache(
        self, gpu: Gpu, tokens: int, shared_by: int = 1, dtype_bytes: int = BF16_BYTES
    ) -> Range:
        """Return the bytes on each GPU that one request of `tokens` needs.

        The most is every layer keeping every token; the least is what vLLM keeps where its
        hybrid cache is on: window and one step.

        Raises:
            MissingError: config.json does not say the layers, the heads or their width, or says
                something that is not understood, or names an architecture that is not.
        """
        found = self._cache(tokens, gpu.step_tokens, shared_by, dtype_bytes)
        return self._believed(found)

    def one_sequence(self, tokens: int) -> Range:
        """Return the bytes of `tokens` of one sequence on all GPUs, in bfloat16.

        Raises:
            MissingError: As `kv_cache`.
        """
        return self._believed(self._cache(tokens, STEP_TOKENS, 1, BF16_BYTES))

    def _believed(self, found: Range) -> Range:
        """Return it where the model's class is understood or not named; else it is a guess."""
        if self.understood or not self.name:
            return found
        size = sizes(found.low, found.high)
        only = say("Only if each of its layers has ordinary attention, it is {size}", size=size)
        raise MissingError(f"{self._unheard()}. {only}", remedy=_remedy())

    def _unheard(self) -> str:
        return say(
            "The KV cache is not known: the architecture {name} is not known here", name=self.name
        )

    def _cache(self, tokens: int, step: int, shared_by: int, dtype_bytes: int) -> Range:
        self._check()
        least = most = 0
        for one in self.kept:
            token = one.token_bytes(shared_by, dtype_bytes)
            least += one.least(tokens, step, token)
            most += one.most(tokens, token)
        return Range(least, most)

    def _check(self) -> None:
        if self.unknown:
            told = say(
                "The KV cache is unknown: config.json contains {what}, which is not supported",
                what=self.unknown,
            )
            raise MissingError(told, remedy=_remedy())
        needed = {"num_hidden_layers": self.layers}
        attends = self.kept or not self.layers  # a state space has no heads to name
        if attends and not self.latent_dim and not any(one.always for one in self.kept):
            needed |= {"num_attention_heads": self.kv_heads, "head_dim": self.head_dim}
        if names := ", ".join(name for name, value in needed.items() if not value):
            told = say("config.json lacks {names}", names=names)
            if self.name and not self.understood:  # it may have none, or call them otherwise
                told = f"{self._unheard()}. {told}"
            raise MissingError(told, remedy=_remedy())

    def tensor_parallel_sizes(self, most: int) -> tuple[int, ...]:
        """Return the powers of two up to `most` that divide the attention heads, as vLLM asks."""
        return tuple(n for n in _SIZES if n == 1 or (n <= most and (self.heads or 1) % n == 0))


def _remedy() -> str:
    return say("Check that config.json belongs to the model, or choose the GPU yourself.")


def _listed_layers(text: TextModel) -> int | None:
    """Return how many layers are listed one by one, where no number says it (Nemotron-H)."""
    for key in ("layer_types", "layers_block_type", "hybrid_override_pattern"):
        found = text.values.get(key)
        if isinstance(found, (list, str)) and found:
            return len(found)
    return None


def _kv_heads(text: TextModel, heads: int | None) -> int | None:
    """Return the heads of keys and values; source: vLLM 0.32.0, ModelArchConfigConvertor."""
    if text.get("multi_query") is True and text.get("new_decoder_architecture") is not True:
        return 1  # Falcon 7B, StarCoder
    nested = text.inside("attn_config").get("kv_n_heads")  # MPT, DBRX
    if type(nested) is int and nested > 0:
        return nested
    return text.count(*_KV_HEADS) or heads
