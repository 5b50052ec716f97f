"""Asked in the engine's own Python: what vLLM's and the streamer's loaders do with folders.

python ask_engine.py FOLDER...   prints ENDED and JSON: name -> listed, streamed, loaded, config
"""

import json
import sys
from pathlib import Path

import torch
from runai_model_streamer import SafetensorsStreamer, list_safetensors

KNOWN = ("embed_tokens", "q_proj", "up_proj", "norm", "lm_head")
"""Parts of the names of what the model's class has; the class itself would need a whole config."""


def told(ask, *words):
    """Return what is answered, or the exception in words."""
    try:
        return ask(*words)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def streamed(files):
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files)
        return {name: tensor.clone() for name, tensor in streamer.get_tensors()}


def model_of(tensors):
    """Return a module that has the parameters which a Llama has, with these shapes."""
    model = torch.nn.Module()
    for name, tensor in tensors.items():
        if any(part in name for part in KNOWN) and name.startswith(("model.", "lm_head.")):
            *parts, last = name.split(".")
            inner = model
            for part in parts:
                if not hasattr(inner, part):
                    inner.add_module(part, torch.nn.Module())
                inner = getattr(inner, part)
            parameter = torch.nn.Parameter(torch.empty_like(tensor), requires_grad=False)
            inner.register_parameter(last, parameter)
    return model


def loaded(tensors):
    from vllm.model_executor.models.utils import AutoWeightsLoader

    return len(AutoWeightsLoader(model_of(tensors)).load_weights(tensors.items()))


def config(folder):
    from vllm.transformers_utils.config import get_config

    return get_config(folder, trust_remote_code=True).model_type


def ask(folder):
    files = sorted(list_safetensors(str(folder)))
    tensors = told(streamed, files) if files else {}
    return {
        "listed": [Path(file).name for file in files],
        "streamed": tensors if isinstance(tensors, str) else len(tensors),
        "loaded": told(loaded, tensors) if isinstance(tensors, dict) else "",
        "config": told(config, str(folder)),
    }


if __name__ == "__main__":
    folders = map(Path, sys.argv[1:])
    print("ENDED", json.dumps({folder.name: ask(folder) for folder in folders}))
