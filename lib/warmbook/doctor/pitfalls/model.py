"""Pitfalls of the model's files: licence, shards, and what lies beside them."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="gated-model",
        symptom="Hugging Face returns 401 or 403: «Access to model … is restricted».",
        cause="The model's terms were not accepted, or the token of the account that accepted "
        "them is not set.",
        remedy="Accept the terms on the model's page, then set HF_TOKEN to that account's token.",
        source="https://huggingface.co/docs/hub/models-gated",
    ),
    Pitfall(
        name="shard-broken",
        symptom="«… is truncated or empty», «Corrupted File», «Corrupted Tensor» or «Unsupported "
        "dtype».",
        cause="A safetensors file in the bucket is truncated, missing, or a git-lfs pointer.",
        remedy="Run `warmbook weights gs://BUCKET/PATH`, then upload the file that it names again.",
        source="https://github.com/run-ai/runai-model-streamer (safetensors_pytorch.py)",
    ),
    Pitfall(
        name="original-folder",
        symptom="The model is not recognized, or the wrong configuration is read.",
        cause="The copy in the bucket contains the repository's original/ folder, and small "
        "files are read from sub-folders too.",
        remedy="Delete original/ from the bucket, and exclude it from uploads.",
        source="https://github.com/run-ai/runai-model-streamer/issues/117",
    ),
    Pitfall(
        name="config-missing",
        symptom="«Could not detect config format for no config file found».",
        cause="config.json is not at the model address, or the address names another folder: an "
        "empty listing is not an error yet.",
        remedy="Check «model_uri»; run notebook 03: it looks at the folder.",
        source="vLLM's released source, 0.11.1: transformers_utils/config.py",
    ),
    Pitfall(
        name="weights-not-found",
        symptom="«Cannot find any safetensors model weights».",
        cause="The folder contains no safetensors files at its top level: they are in a "
        "sub-folder, or in another format.",
        remedy="Set «model_uri» to the folder that contains the safetensors files, or convert "
        "the weights.",
        source="vLLM's released source, 0.11.1: runai_streamer_loader.py",
    ),
    Pitfall(
        name="merges-missing",
        symptom="A tokenizer file such as merges.txt is not found.",
        cause="Old vLLM releases downloaded only some of a model's small files.",
        remedy="Use vLLM 0.11.1 or later.",
        source="https://github.com/vllm-project/vllm/issues/18016",
    ),
)
