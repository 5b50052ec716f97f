"""Pitfalls of a model's files: what the engine does not understand, and where it looks."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="sglang-multimodal",
        symptom="«Repo id must be in the form 'repo_name' or 'namespace/repo_name': 'gs://…'».",
        cause="A part of the server takes the bucket's address for a name on Hugging Face: SGLang "
        "does so with the processor of multimodal models, and engines do that know no buckets.",
        remedy="Serve this model with vLLM 0.11.1 or later, or give a local copy of the small "
        "files as the tokenizer's and processor's path.",
        source="https://github.com/sgl-project/sglang/issues",
    ),
    Pitfall(
        name="loader-asks-hub",
        symptom="A 404 from huggingface.co whose URL contains the bucket address.",
        cause="The chosen load format does not support buckets and requests the address from "
        "Hugging Face: bitsandbytes, GGUF and tensorizer do.",
        remedy="Use --load-format=runai_streamer with safetensors weights, or mount the bucket "
        "and pass the folder's path.",
        source="https://github.com/vllm-project/vllm (bitsandbytes_loader.py)",
    ),
    Pitfall(
        name="architecture-unknown",
        symptom="«Model architectures […] are not supported for now», «Transformers does not "
        "recognize this architecture», or «KeyError: 'qwen3'».",
        cause="The model is newer than the engine or than the transformers in its image, or of a "
        "kind that the engine does not serve.",
        remedy="Choose a later «vllm_version»; the model's page names the first that knows it. In "
        "an image of your own: `pip install --upgrade transformers`, as far as the engine allows.",
        source="https://docs.vllm.ai/en/latest/models/supported_models.html",
    ),
    Pitfall(
        name="gguf-unsupported",
        symptom="«GGUF model with architecture … is not supported yet».",
        cause="The weights are a GGUF file, and the transformers in the image reads that format "
        "for a few kinds of models only.",
        remedy="Upload the original model with its safetensors files (`hf download MODEL`, then "
        "notebook 03): the streamer reads only these. Packed weights come as AWQ, GPTQ or FP8.",
        source="https://github.com/vllm-project/vllm/issues/30691",
    ),
    Pitfall(
        name="remote-code-refused",
        symptom="The model «contains custom code», and trust_remote_code is required.",
        cause="Its folder contains Python code, which an engine runs only if told to.",
        remedy="Read the files; if you trust them, add --trust-remote-code and keep them beside "
        "config.json.",
        source="https://docs.vllm.ai/en/latest/cli/serve/",
    ),
    Pitfall(
        name="module-missing",
        symptom="«ModuleNotFoundError: No module named …».",
        cause="The image lacks a Python package that this model or this option needs.",
        remedy="Install the package in an image of your own, or use an engine image that "
        "contains it.",
        source="https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError",
    ),
    Pitfall(
        name="packages-mismatched",
        symptom="«undefined symbol» or «ImportError: cannot import name».",
        cause="Packages in the image have incompatible versions, often after a `pip install` on "
        "top of it.",
        remedy="Use the engine's image unchanged, or install the versions that it pins.",
        source="https://docs.vllm.ai/en/latest/usage/troubleshooting.html",
    ),
    Pitfall(
        name="tokenizer-unreadable",
        symptom="«Couldn't instantiate the backend tokenizer», or «Tokenizer class … does not "
        "exist».",
        cause="The folder contains no tokenizer that the image can read: a file is missing or "
        "truncated, or a package such as sentencepiece is missing.",
        remedy="Upload tokenizer.json and tokenizer_config.json again (notebook 03), or choose a "
        "later «vllm_version».",
        source="https://github.com/huggingface/transformers (tokenization_utils_fast.py)",
    ),
    Pitfall(
        name="model-not-on-hub",
        symptom="«… is not a valid model identifier», or «Repository Not Found».",
        cause="The model is neither a folder in the Pod nor accessible on Hugging Face: the "
        "name is mistyped, the volume is not mounted, or the model is private.",
        remedy="Use the model's gs:// address, or the path of a mounted folder; for a private "
        "model, set HF_TOKEN.",
        source="https://github.com/huggingface/transformers (utils/hub.py)",
    ),
    Pitfall(
        name="processor-missing",
        symptom="«Can't load image processor for …», or no preprocessor_config.json.",
        cause="The model is multimodal, and its preprocessor configuration is not in the "
        "folder, often because only weights and tokenizer were copied.",
        remedy="Upload preprocessor_config.json, processor_config.json and similar files from "
        "the original model, or serve text only with --limit-mm-per-prompt.",
        source="https://github.com/huggingface/transformers (image_processing_base.py)",
    ),
    Pitfall(
        name="config-broken",
        symptom="«It looks like the config file … is not a valid JSON file», or «JSONDecodeError».",
        cause="A small file of the model is truncated, empty, or an HTML page.",
        remedy="Run `warmbook weights gs://BUCKET/PATH`, then upload the file again.",
        source="https://github.com/huggingface/transformers (configuration_utils.py)",
    ),
    Pitfall(
        name="weights-of-another-model",
        symptom="«There is no module or parameter named …», or «size mismatch for …».",
        cause="Weights and config.json belong to different models, or the engine treats this "
        "checkpoint as another architecture.",
        remedy="Upload one complete model to a folder of its own; for a new architecture, "
        "choose a later «vllm_version».",
        source="https://github.com/vllm-project/vllm (model_executor/models/utils.py)",
    ),
    Pitfall(
        name="weights-incomplete",
        symptom="«Following weights were not initialized from checkpoint».",
        cause="A weights file is missing, or belongs to another model.",
        remedy="Run `warmbook weights gs://BUCKET/PATH`, then upload the missing files.",
        source="https://github.com/vllm-project/vllm (default_loader.py)",
    ),
    Pitfall(
        name="hub-token-wrong",
        symptom="«Invalid credentials in Authorization header», or «Invalid user token».",
        cause="Hugging Face rejects HF_TOKEN: it was revoked or mistyped, or ends with a line "
        "break.",
        remedy="Create a new token and store it in the Secret without a line break (`printf`, "
        "not `echo`).",
        source="https://huggingface.co/docs/hub/security-tokens",
    ),
    Pitfall(
        name="hub-busy",
        symptom="Hugging Face answers 429 or 503: «Too Many Requests».",
        cause="The servers behind your address, or your account, asked Hugging Face for more "
        "files than it allows in five minutes; without a token it allows the least.",
        remedy="Wait five minutes, and set HF_TOKEN. Better: copy the model into the bucket "
        "(notebook 03) and give its gs:// address, so that no start asks Hugging Face.",
        source="https://huggingface.co/docs/hub/rate-limits",
    ),
    Pitfall(
        name="hub-unreachable",
        symptom="«We couldn't connect to 'https://huggingface.co'», or a request to it times out.",
        cause="The server requests a file from Hugging Face, and the Pod has no access or is "
        "configured to be offline: often for a draft model, adapter or tokenizer that was "
        "not copied.",
        remedy="Copy that model to the bucket too and pass its gs:// address, or allow the Pod "
        "to access huggingface.co.",
        source="https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables",
    ),
)
