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
    ("rest", re.compile(r"^\w*norm")),  # such as post_attention_layernorm
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
    largest stack; another one, such as a vision tower, is one block with what belongs to it.
    """
    stacks: dict[str, dict[int, Counter[str]]] = {}
    others: list[Tensor] = []
    for tensor in tensors:
        if found := _LAYER.match(tensor.name):
            layer = stacks.setdefault(found[1], {}).setdefault(int(found[2]), Counter())
            layer[_kind(tensor.name[found.end() :])] += tensor.size_bytes
        else:
            others.append(tensor)
    main = max(stacks, key=lambda name: _weight(stacks[name]), default="")
    layers = stacks.pop(main, {})
    towers: dict[str, Counter[str]] = {}
    for name, stack in stacks.items():
        tower = _part(name, main) or name.rpartition(".")[2] or "layers"
        towers.setdefault(tower, Counter()).update(sum(stack.values(), Counter()))
    beside: dict[str, Counter[str]] = {}
    for tensor in others:
        part = _part(tensor.name, main)
        block = towers.get(part) or beside.setdefault(_place(tensor.name), Counter())
        block["rest"] += tensor.size_bytes
    listed = [("embedding", beside.pop("embedding"))] if "embedding" in beside else []
    listed += [(str(number), layer) for number, layer in sorted(layers.items())]
    listed += [*sorted(beside.items()), *sorted(towers.items())]
    return tuple(Block(name, parts) for name, parts in listed)


def _part(name: str, main: str) -> str:
    """Return the part of the model that a name is in, "" for the part with the layers."""
    part, of_main = (one.removeprefix("model.").partition(".")[0] for one in (name, main))
    return part if part != of_main else ""


def _weight(stack: Mapping[int, Counter[str]]) -> int:
    return sum(parts.total() for parts in stack.values())


def _kind(name: str) -> str:
    return next((kind for kind, pattern in _KIND_OF if pattern.search(name)), "rest")


def _place(name: str) -> str:
    if _HEAD.search(name):
        return "head"
    return "embedding" if _EMBEDDING.search(name) and "vision" not in name else "rest"
