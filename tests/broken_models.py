"""Models with one fault each, as files: what people have really put into buckets."""

import json
import struct

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5135149760\n"


def safetensors(**tensors):
    """Return a file of float32 tensors, name to number of elements."""
    header, end = {}, 0
    for name, count in tensors.items():
        header[name] = entry([count], end, end + 4 * count)
        end += 4 * count
    return raw(header, bytes(end))


def entry(shape, start, end, dtype="F32"):
    """Return a tensor's entry in a header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def raw(header, data=b""):
    """Return a file of this header, JSON or bytes, and this data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def index(**files):
    """Return an index, tensor to file."""
    return json.dumps({"metadata": {}, "weight_map": files}).encode()


INDEX = "model.safetensors.index.json"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
SOUND = {
    ONE: safetensors(a=10, b=20),
    TWO: safetensors(c=30),
    INDEX: index(a=ONE, b=ONE, c=TWO),
    "config.json": b'{"architectures": ["LlamaForCausalLM"]}',
    "tokenizer.json": b"{}",
}


def but(**changes):
    """Return the sound model with files changed, or removed where the change is None."""
    renamed = {"one": ONE, "two": TWO, "index": INDEX}
    changed = {renamed.get(name, name): data for name, data in changes.items()}
    return {n: d for n, d in {**SOUND, **changed}.items() if d is not None}


def moved(folder):
    """Return the sound model with its weights in a folder below."""
    return {f"{folder}/{n}" if n.endswith("tensors") else n: d for n, d in SOUND.items()}


BROKEN = {
    "shard missing": but(two=None),
    "shard extra": but(**{"adapter.safetensors": safetensors(d=5)}),
    "consolidated beside": but(index=None, **{"consolidated.safetensors": safetensors(e=60)}),
    "cut short": but(one=SOUND[ONE][:-1]),
    "git-lfs pointer": but(one=LFS),
    "other format": {"pytorch_model.bin": b"x", "config.json": b"{}", "tokenizer.json": b"{}"},
    "weights deeper": moved("weights"),
    "no weights": {"config.json": b"{}", "tokenizer.json": b"{}"},
    "original folder": but(**{"original/config.json": b"{}"}),
    "no tokenizer": but(**{"tokenizer.json": None}),
    "no config": but(**{"config.json": None}),
    "config broken": but(**{"config.json": b"{"}),
    "index broken": but(index=b"["),
    "unknown dtype": but(two=raw({"c": entry([8], 0, 4, "F4_NEW")}, bytes(4))),
    "header not JSON": but(two=raw(b"{nonsense", bytes(9))),
    "header too long": but(two=struct.pack("<Q", 2**60) + bytes(9)),
    "overlap": but(two=raw({"c": entry([2], 0, 8), "d": entry([2], 4, 12)}, bytes(12))),
    "gap": but(two=raw({"c": entry([1], 0, 4), "d": entry([1], 8, 12)}, bytes(12))),
    "bytes left over": but(two=SOUND[TWO] + b"x"),
    "broken entry": but(two=raw({"c": entry([3], 0, 4)}, bytes(4))),
    "tensor missing": but(index=index(a=ONE, b=ONE, c=TWO, z=TWO)),
    "tensor twice": but(two=safetensors(a=10, c=30)),
}
"""Fault -> the files of a model that has it, and no other that stops the server."""
