"""Pitfalls of the model's files: licence, shards, and what lies beside them."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="gated-model",
        symptom="Hugging Face answers 401 or 403: «Access to model … is restricted».",
        cause="The model's licence was not accepted, or no token of the account that accepted "
        "it is set.",
        remedy="Accept the licence on the model's page, then set HF_TOKEN to that account's token.",
        source="https://huggingface.co/docs/hub/models-gated",
    ),
    Pitfall(
        name="shard-broken",
        symptom="«… is truncated or empty», «Corrupted File», «Corrupted Tensor» or «Unsupported "
        "dtype».",
        cause="A safetensors file in the bucket is cut short, missing, or a git-lfs pointer in "
        "its place.",
        remedy="Look with `warmbook weights gs://BUCKET/PATH`, then upload the file that it "
        "names again, whole.",
        source="https://github.com/run-ai/runai-model-streamer (safetensors_pytorch.py)",
    ),
    Pitfall(
        name="original-folder",
        symptom="The model is not recognised, or a wrong configuration is read.",
        cause="The copy in the bucket holds the repository's original/ folder, and the small "
        "files are fetched from sub-folders too.",
        remedy="Delete original/ from the bucket, and leave it out when you upload.",
        source="https://github.com/run-ai/runai-model-streamer/issues/117",
    ),
    Pitfall(
        name="config-missing",
        symptom="«Could not detect config format for no config file found».",
        cause="config.json is not at the model's address, or the address is of another folder: "
        "fetching nothing is no error yet.",
        remedy="Check «model_uri»; run notebook 03: it looks at the folder.",
        source="vLLM's released source, 0.11.1: transformers_utils/config.py",
    ),
    Pitfall(
        name="weights-not-found",
        symptom="«Cannot find any safetensors model weights».",
        cause="The folder has no safetensors files at its own level: they are deeper, or of "
        "another format.",
        remedy="Name the folder that holds the safetensors files in «model_uri», or convert the "
        "weights.",
        source="vLLM's released source, 0.11.1: runai_streamer_loader.py",
    ),
    Pitfall(
        name="merges-missing",
        symptom="A tokenizer's file such as merges.txt is not found.",
        cause="Old releases of vLLM fetched only part of a model's small files.",
        remedy="Take vLLM 0.11.1 or later.",
        source="https://github.com/vllm-project/vllm/issues/18016",
    ),
)
