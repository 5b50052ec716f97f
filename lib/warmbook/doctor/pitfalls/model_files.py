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
        symptom="A 404 from huggingface.co whose address has the bucket's in it.",
        cause="The loader that was chosen knows no buckets and asks Hugging Face for the address: "
        "bitsandbytes, GGUF and tensorizer's do.",
        remedy="Write --load-format=runai_streamer with safetensors weights, or mount the bucket "
        "and give the folder's path.",
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
        symptom="The model «contains custom code», and trust_remote_code is asked for.",
        cause="Its folder has Python files of its own, which no engine runs unless told to.",
        remedy="Read the files; if you trust them, add --trust-remote-code and keep them beside "
        "config.json.",
        source="https://docs.vllm.ai/en/latest/cli/serve/",
    ),
    Pitfall(
        name="module-missing",
        symptom="«ModuleNotFoundError: No module named …».",
        cause="The image lacks a Python package that this model or this option needs.",
        remedy="Install the package in an image of your own, or take the engine's image that has "
        "it.",
        source="https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError",
    ),
    Pitfall(
        name="packages-mismatched",
        symptom="«undefined symbol» or «ImportError: cannot import name».",
        cause="Packages in the image are of releases that do not fit each other, often after a "
        "`pip install` on top of it.",
        remedy="Take the engine's image as it is, or install the releases that it pins.",
        source="https://docs.vllm.ai/en/latest/usage/troubleshooting.html",
    ),
    Pitfall(
        name="tokenizer-unreadable",
        symptom="«Couldn't instantiate the backend tokenizer», or «Tokenizer class … does not "
        "exist».",
        cause="The folder has no tokenizer that the image can read: its file is missing or cut "
        "off, or a package such as sentencepiece is.",
        remedy="Upload tokenizer.json and tokenizer_config.json again (notebook 03), or choose a "
        "later «vllm_version».",
        source="https://github.com/huggingface/transformers (tokenization_utils_fast.py)",
    ),
    Pitfall(
        name="model-not-on-hub",
        symptom="«… is not a valid model identifier», or «Repository Not Found».",
        cause="What the server was told to serve is neither a folder of the Pod nor a model that "
        "Hugging Face shows it: the name is mistyped, the volume is not mounted there, or the "
        "model is private.",
        remedy="Write the model's gs:// address, or the path of a mounted folder; for a private "
        "model set HF_TOKEN.",
        source="https://github.com/huggingface/transformers (utils/hub.py)",
    ),
    Pitfall(
        name="processor-missing",
        symptom="«Can't load image processor for …», or no preprocessor_config.json.",
        cause="The model reads pictures, video or sound, and the file that says how is not in its "
        "folder; often a copy of the weights and the tokenizer alone.",
        remedy="Upload preprocessor_config.json, processor_config.json and the like from the "
        "original model, or serve text only with --limit-mm-per-prompt.",
        source="https://github.com/huggingface/transformers (image_processing_base.py)",
    ),
    Pitfall(
        name="config-broken",
        symptom="«It looks like the config file … is not a valid JSON file», or «JSONDecodeError».",
        cause="A small file of the model is cut off, empty, or a page of HTML in its place.",
        remedy="Look with `warmbook weights gs://BUCKET/PATH`, then upload the file again.",
        source="https://github.com/huggingface/transformers (configuration_utils.py)",
    ),
    Pitfall(
        name="weights-of-another-model",
        symptom="«There is no module or parameter named …», or «size mismatch for …».",
        cause="Weights and config.json are of different models, or the engine reads this "
        "checkpoint as another architecture.",
        remedy="Upload one model whole into a folder of its own; for a new kind of model choose a "
        "later «vllm_version».",
        source="https://github.com/vllm-project/vllm (model_executor/models/utils.py)",
    ),
    Pitfall(
        name="weights-incomplete",
        symptom="«Following weights were not initialized from checkpoint».",
        cause="A file of the weights is missing, or is of another model.",
        remedy="Look with `warmbook weights gs://BUCKET/PATH`, then upload what is missing.",
        source="https://github.com/vllm-project/vllm (default_loader.py)",
    ),
    Pitfall(
        name="hub-token-wrong",
        symptom="«Invalid credentials in Authorization header», or «Invalid user token».",
        cause="HF_TOKEN is set and Hugging Face does not know it: revoked, mistyped, or with a "
        "line break at its end.",
        remedy="Make a new token and put it into the Secret without a line break (`printf`, not "
        "`echo`).",
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
        cause="The server asks Hugging Face for a file, and the Pod has no way there or is told "
        "to be offline: often a draft model, an adapter or a tokenizer that is named and not "
        "copied.",
        remedy="Copy that model into the bucket too and give its gs:// address, or let the Pod "
        "reach huggingface.co.",
        source="https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables",
    ),
)
