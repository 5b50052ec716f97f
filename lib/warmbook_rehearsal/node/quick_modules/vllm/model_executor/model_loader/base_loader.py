"""How the quick engine loads: with the real streamer from a bucket, else from the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch  # noqa: F401 - here, as in vLLM, so that a fork need not import it
from runai_model_streamer import SafetensorsStreamer, list_safetensors
from safetensors import safe_open


class BaseModelLoader:
    """Reads every tensor once."""

    def load_model(self, model: str, load_format: str) -> int:
        """Return how many bytes of weights there are; `model` is a URI or a folder."""
        tensors = _streamed(model) if load_format == "runai_streamer" else _read(Path(model))
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _streamed(uri: str) -> Iterator[Any]:
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(list_safetensors(uri), device="cpu")
        yield from (tensor for _, tensor in streamer.get_tensors())


def _read(folder: Path) -> Iterator[Any]:
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no dict
                yield file.get_tensor(name).clone()  # what is mapped is not read yet
