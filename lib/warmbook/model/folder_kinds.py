"""What a folder is where it is no model with safetensors: each kind by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..texts import say
from .finding import Finding
from .folder import Folder
from .inspect import CONFIG, Inspection, named_only

OTHER_FORMATS = (".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".onnx")
ADAPTER_WEIGHTS = "adapter_model.safetensors"
PARAMS = "params.json"
"""Mistral's own config; vLLM reads it where config.json is missing."""
_ADAPTER_TENSOR = re.compile(r"^base_model\.model\.|\.lora_[AB]\b|\.lora_embedding_[AB]\b")
_OF_A_RANK = re.compile(r"^model-rank-\d+-part-\d+\.safetensors$")


def adapter_shards(inspection: Inspection) -> list[str]:
    """Return the files that hold an adapter, by their tensors; by its usual name if unreadable."""
    return [
        shard.name
        for shard in inspection.shards
        if (shard.tensors and all(_ADAPTER_TENSOR.search(one.name) for one in shard.tensors))
        or (not shard.tensors and shard.name == ADAPTER_WEIGHTS)
    ]


def of_kind(inspection: Inspection) -> Iterator[Finding]:
    """Yield at most one finding: what the folder is instead of a model that can be streamed."""
    folder = inspection.folder
    adapters = adapter_shards(inspection)
    if adapters and adapters == folder.shards and CONFIG not in folder.here:
        yield _adapter(adapters)
    elif adapters:
        yield _adapter_beside(adapters)
    elif "model_index.json" in folder.here:
        yield _diffusers()
    elif folder.shards and all(map(_OF_A_RANK.match, folder.shards)):
        yield _pre_sharded(folder.shards)
    elif "speculators_model_type" in (inspection.config or {}):
        yield _speculator()
    elif not folder.shards:
        yield from _without_weights(folder)


def _adapter(names: list[str]) -> Finding:
    return Finding(
        "adapter",
        say("an adapter (LoRA), not a model: {names}", names=named_only(names)),
        say("vLLM stops: there is no config.json of a model."),
        say("Serve its base model with --enable-lora and --lora-modules, or merge the two."),
    )


def _adapter_beside(names: list[str]) -> Finding:
    """An adapter is streamed with the weights, and no class knows its tensors.

    Source: vLLM 0.32.0, model_executor/models/utils.py, AutoWeightsLoader.
    """
    return Finding(
        "adapter beside",
        say("{names}: an adapter beside the weights", names=named_only(names)),
        say("vLLM stops: «There is no module or parameter named 'base_model'»."),
        say("Move the adapter to a folder of its own; name it with --lora-modules."),
    )


def _diffusers() -> Finding:
    return Finding(
        "diffusers",
        say("a pipeline of diffusers: model_index.json"),
        say("vLLM's server takes no such pipeline."),
        say("Take a server for diffusion models, or choose a language model."),
    )


def _pre_sharded(names: list[str]) -> Finding:
    """Source: vLLM 0.32.0, model_executor/model_loader/sharded_state_loader.py."""
    return Finding(
        "pre-sharded",
        say("{names}: weights that vLLM itself has split by GPU", names=named_only(names)),
        say("With --load-format=runai_streamer vLLM does not know the tensors' names."),
        say(
            "Use --load-format=runai_streamer_sharded and the --tensor-parallel-size with which "
            "they were written, or take the original weights."
        ),
    )


def _speculator() -> Finding:
    return Finding(
        "speculator",
        say("a draft model for speculative decoding"),
        say("It can't be served by itself: it needs the model that it was made for."),
        say("Serve that model, and name this one in --speculative-config."),
    )


def _without_weights(folder: Folder) -> Iterator[Finding]:
    """Say why there are no safetensors files at the folder's own level."""
    happens = say("vLLM stops: «Cannot find any safetensors model weights».")
    others = [name for name in folder.here if name.endswith(OTHER_FORMATS)]
    models = [place for place in folder.deeper if f"{place}/{CONFIG}" in folder.files]
    if len(models) > 1:
        addresses = ", ".join(f"{folder.uri}/{place}" for place in models[:5])
        yield Finding(
            "several models",
            say("{count} models below this address", count=len(models)),
            happens,
            say("Choose one: {addresses}.", addresses=addresses),
            pitfall="weights-not-found",
        )
    elif folder.deeper:
        yield Finding(
            "weights deeper",
            say("the safetensors files are one level deeper"),
            happens,
            say("Choose {uri}.", uri=f"{folder.uri}/{(models or folder.deeper)[0]}"),
            pitfall="weights-not-found",
        )
    elif others:
        yield Finding(
            "other format",
            say("only {names}: no safetensors files", names=named_only(others)),
            happens,
            say("Convert the weights to safetensors, or take a copy of the model that has them."),
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
