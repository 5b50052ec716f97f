"""Run by the engine's interpreter: a package with a GGUF model in, a safetensors folder out."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

SHARD = "64MB"
"""Size of a shard: small, so that a small model is sharded as large ones are."""

TENSORS = 272
WANTED = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def convert(package: Path, folder: Path) -> None:
    """Write the model that the package carries to `folder`, in bfloat16 and in shards."""
    import gguf
    import torch

    # transformers parses the file three times, and lists the tensors' names once a module: half
    # of the conversion. Source: transformers 5, modeling_gguf_pytorch_utils.py
    gguf.GGUFReader = cache(gguf.GGUFReader)
    gguf.get_tensor_name_map = cache(gguf.get_tensor_name_map)
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    (gguf,) = package.rglob("*.gguf")
    # Weights packed as GGUF can't be saved, hence dequantize.
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size=SHARD)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)


def verify(folder: Path) -> None:
    """Exit with a message unless the folder holds all of a model that vLLM can serve."""
    if missing := [name for name in WANTED if not (folder / name).exists()]:
        sys.exit(f"the converted model lacks {', '.join(missing)}")
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    shards = set(index["weight_map"].values())
    if len(index["weight_map"]) != TENSORS or any(not (folder / name).exists() for name in shards):
        sys.exit(
            f"the converted model has {len(index['weight_map'])} tensors in {len(shards)} files"
        )


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
    verify(Path(sys.argv[2]))
