"""What a folder is where it is no model with safetensors: each kind by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..texts import say
from .finding import Finding
from .folder import Folder
from .foreign_formats import of_another_engine
from .inspect import CONFIG, Inspection, Shard, named_only

OTHER_FORMATS = (
    *(".bin", ".pt", ".pth", ".gguf", ".ggml", ".h5", ".msgpack", ".onnx", ".ckpt", ".ot"),
    *(".distcp", ".nemo", ".engine", ".npz", ".tflite", ".litertlm"),
)
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip", ".7z")
UNFINISHED = (".incomplete", ".part", ".partial", ".aria2", ".crdownload", ".tmp", ".download")
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
PARAMS = "params.json"
"""Mistral's own config; vLLM reads it where config.json is missing."""
_ADAPTER_TENSOR = re.compile(
    r"^base_model\.model\.|\.lora_[AB]\b|\.lora_embedding_[AB]\b|\.lora[._](?:down|up)\b"
)
_BESIDE_AN_ADAPTER = (".alpha", ".dora_scale")
_OF_A_RANK = re.compile(r"^model-rank-\d+-part-\d+\.safetensors$")


def adapter_shards(inspection: Inspection) -> list[str]:
    """Return the files that hold an adapter, by their tensors; by its usual name if unreadable."""
    return [shard.name for shard in inspection.shards if _is_adapter(shard)]


def _is_adapter(shard: Shard) -> bool:
    names = [tensor.name for tensor in shard.tensors]
    if not names:
        return shard.name == ADAPTER_WEIGHTS
    own = [name for name in names if _ADAPTER_TENSOR.search(name)]
    return bool(own) and all(name.endswith(_BESIDE_AN_ADAPTER) for name in set(names) - set(own))


def of_kind(inspection: Inspection) -> Iterator[Finding]:
    """Yield at most one finding: what the folder is instead of a model that can be streamed."""
    folder = inspection.folder
    adapters = adapter_shards(inspection)
    if adapters and adapters == folder.shards:
        yield _adapter(adapters, CONFIG in folder.here)
    elif adapters:
        yield _adapter_beside(adapters)
    elif ADAPTER_CONFIG in folder.here and not folder.shards and CONFIG not in folder.here:
        yield _adapter([name for name in folder.here if name.endswith(".bin")], False)
    elif found := of_another_engine(inspection):
        yield found
    elif "model_index.json" in folder.here:
        yield _diffusers()
    elif folder.shards and all(map(_OF_A_RANK.match, folder.shards)):
        yield _pre_sharded(folder.shards)
    elif "speculators_model_type" in (inspection.config or {}):
        yield _speculator()
    elif not folder.shards:
        yield from _without_weights(folder)


def _adapter(names: list[str], configured: bool) -> Finding:
    happens = say("vLLM stops: there is no config.json of a model.")
    if configured:
        happens = say("vLLM stops: «There is no module or parameter named 'base_model'».")
    return Finding(
        "adapter",
        say("an adapter (LoRA), not a model: {names}", names=named_only(names or [ADAPTER_CONFIG])),
        happens,
        say("Serve its base model with --enable-lora and --lora-modules, or merge the two."),
    )


def _adapter_beside(names: list[str]) -> Finding:
    """An adapter is streamed with the weights, and no class knows its tensors.

    Source: vLLM 0.32.0, model_executor/models/utils.py, AutoWeightsLoader.
    """
    return Finding(
        "adapter beside",
        say("{names}: an adapter next to the weights", names=named_only(names)),
        say("vLLM stops: «There is no module or parameter named 'base_model'»."),
        say("Move the adapter to a folder of its own; name it with --lora-modules."),
        pitfall="weights-of-another-model",
    )


def _diffusers() -> Finding:
    return Finding(
        "diffusers",
        say("a pipeline of diffusers: model_index.json"),
        say("vLLM's server does not support such pipelines."),
        say("Use a server for diffusion models, or choose a language model."),
    )


def _pre_sharded(names: list[str]) -> Finding:
    """Source: vLLM 0.32.0, model_executor/model_loader/sharded_state_loader.py."""
    return Finding(
        "pre-sharded",
        say("{names}: pre-sharded weights, split per GPU by vLLM", names=named_only(names)),
        say("With --load-format=runai_streamer, vLLM does not recognize the tensor names."),
        say(
            "Use --load-format=runai_streamer_sharded with the --tensor-parallel-size that they "
            "were written with, or use the original weights."
        ),
    )


def _speculator() -> Finding:
    return Finding(
        "speculator",
        say("a draft model for speculative decoding"),
        say("It can't be served alone: it needs its target model."),
        say("Serve the target model, and name this one in --speculative-config."),
    )


def _without_weights(folder: Folder) -> Iterator[Finding]:
    """Say why there are no safetensors files at the folder's own level."""
    happens = say("vLLM stops: «Cannot find any safetensors model weights».")
    others = [name for name in folder.here if name.endswith(OTHER_FORMATS)]
    others = others or sorted(name for name in folder.files if name.endswith(OTHER_FORMATS))
    misnamed = [name for name in folder.here if ".safetensors" in name.lower()]
    misnamed = [name for name in misnamed if not name.endswith((".json", ".metadata"))]
    unfinished = [name for name in folder.here if name.endswith(UNFINISHED)]
    archives = [name for name in folder.here if name.lower().endswith(ARCHIVES)]
    models = [place for place in folder.deeper if f"{place}/{CONFIG}" in folder.files]
    if len(models) > 1:
        addresses = ", ".join(f"{folder.uri}/{place}" for place in models[:5])
        yield Finding(
            "several models",
            say("{count} models under this address", count=len(models)),
            happens,
            say("Choose one: {addresses}.", addresses=addresses),
            pitfall="weights-not-found",
        )
    elif folder.deeper:
        yield Finding(
            "weights deeper",
            say("the safetensors files are in a folder below"),
            happens,
            say("Choose {uri}.", uri=f"{folder.uri}/{(models or folder.deeper)[0]}"),
            pitfall="weights-not-found",
        )
    elif unfinished:
        yield Finding(
            "download unfinished",
            say("{names}: a download that did not end", names=named_only(unfinished)),
            happens,
            say("Download the model again, to its end, then upload it."),
            pitfall="weights-not-found",
        )
    elif misnamed:
        yield Finding(
            "weights misnamed",
            say("{names}: the name does not end in .safetensors", names=named_only(misnamed)),
            happens,
            say("Rename the files so that they end in .safetensors."),
            pitfall="weights-not-found",
        )
    elif archives:
        yield Finding(
            "archive",
            say("an archive: {names}", names=named_only(archives)),
            happens,
            say("Unpack it, then upload the files in it."),
            pitfall="weights-not-found",
        )
    elif others:
        yield Finding(
            "other format",
            say("only {names}: no safetensors files", names=named_only(others)),
            happens,
            say("Convert the weights to safetensors, or use a copy of the model in that format."),
            pitfall="weights-not-found",
        )
    else:
        yield Finding(
            "no weights",
            say("no safetensors files"),
            happens,
            say("Check «model_uri», or name a local folder as «model_source»."),
            pitfall="weights-not-found",
        )
