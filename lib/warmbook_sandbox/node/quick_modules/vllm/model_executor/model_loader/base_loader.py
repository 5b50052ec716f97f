"""How the quick engine loads: with the real streamer from a bucket, else from the disk."""

from __future__ import annotations

from pathlib import Path


class BaseModelLoader:
    """Reads every tensor once."""

    def load_model(self, model: str, load_format: str) -> int:
        """Return how many bytes of weights there are; `model` is a URI or a folder."""
        if load_format == "runai_streamer":
            return _streamed(model)
        return sum(_read(path) for path in Path(model).glob("*.safetensors"))


def _streamed(uri: str) -> int:
    from runai_model_streamer import SafetensorsStreamer, list_safetensors

    size_bytes = 0
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(list_safetensors(uri), device="cpu")
        for _, tensor in streamer.get_tensors():
            size_bytes += tensor.numel() * tensor.element_size()
    return size_bytes


def _read(path: Path) -> int:
    from safetensors import safe_open

    size_bytes = 0
    with safe_open(path, "pt") as file:
        for name in file.keys():  # noqa: SIM118 - it is no dict
            tensor = file.get_tensor(name).clone()  # what is mapped is not read yet
            size_bytes += tensor.numel() * tensor.element_size()
    return size_bytes
