"""Where a model's bytes lie: in its embedding, in each of its layers, in what stands beside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .safetensors import Tensor

KINDS = ("attention", "mlp", "experts", "rest")
"""What a layer's bytes belong to, in the order in which they are drawn."""

_LAYER = re.compile(r"^(.*?)(?:^|\.)(?:layers|layer|h|blocks|block)\.(\d{1,6})(?:\.|$)")
_KIND_OF = (
    ("experts", re.compile(r"expert")),
    ("attention", re.compile(r"attn|attention|self_att|\bq_proj|\bk_proj|\bv_proj|\bo_proj")),
    ("mlp", re.compile(r"mlp|feed_forward|ffn|\bfc\d?\b|gate_proj|up_proj|down_proj")),
)
_EMBEDDING = re.compile(r"embed|wte|wpe")
_HEAD = re.compile(r"lm_head|^output\.|\.output\.")


@dataclass(frozen=True)
class Block:
    """A part of the model, bytes by kind; `name` is a layer's number, or such as "embedding"."""

    name: str
    parts: Mapping[str, int]

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(self.parts.values())


def blocks(tensors: Iterable[Tensor]) -> tuple[Block, ...]:
    """Return the model's blocks in the order of its work; their bytes are those of the tensors.

    Known by the names that Hugging Face models give their tensors. The layers are those of the
    largest stack; another one, such as a vision tower, is one block.
    """
    layers: dict[str, dict[int, Counter[str]]] = {}
    beside: dict[str, Counter[str]] = {}
    for tensor in tensors:
        if found := _LAYER.match(tensor.name):
            stack = layers.setdefault(found[1], {}).setdefault(int(found[2]), Counter())
            stack[_kind(tensor.name[found.end() :])] += tensor.size_bytes
        else:
            beside.setdefault(_place(tensor.name), Counter())["rest"] += tensor.size_bytes
    main = max(layers, key=lambda name: _weight(layers[name]), default="")
    listed = [Block("embedding", beside.pop("embedding"))] if "embedding" in beside else []
    listed += [Block(str(number), parts) for number, parts in sorted(layers.pop(main, {}).items())]
    listed += [Block(name, parts) for name, parts in sorted(beside.items())]
    listed += [
        Block(name.strip(".").partition(".")[0] or "layers", sum(stack.values(), Counter()))
        for name, stack in sorted(layers.items())
    ]
    return tuple(listed)


def _weight(stack: Mapping[int, Counter[str]]) -> int:
    return sum(parts.total() for parts in stack.values())


def _kind(name: str) -> str:
    return next((kind for kind, pattern in _KIND_OF if pattern.search(name)), "rest")


def _place(name: str) -> str:
    if _HEAD.search(name):
        return "head"
    return "embedding" if _EMBEDDING.search(name) and "vision" not in name else "rest"
