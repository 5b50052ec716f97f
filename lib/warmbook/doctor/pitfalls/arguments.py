"""Pitfalls of the server's arguments: what was asked for and can't be had."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="flag-ambiguous",
        symptom="«ambiguous option: … could match …».",
        cause="An option is written short, and more than one begins so.",
        remedy="Write the option out.",
        source="https://docs.python.org/3/library/argparse.html#argument-abbreviations-prefix-matching",
    ),
    Pitfall(
        name="flag-value",
        symptom="«error: argument …», «expected one argument» or «the following arguments are "
        "required».",
        cause="An argument of the server has no value, or one that it does not take.",
        remedy="Correct what the line names; `vllm serve --help` lists what is taken.",
        source="https://docs.vllm.ai/en/latest/cli/serve/",
    ),
    Pitfall(
        name="streamer-missing",
        symptom="«Please install vllm[runai] for runai model streamer support».",
        cause="The image has the engine without the streamer.",
        remedy="Take vLLM's own image, or install vllm[runai] in yours.",
        source="https://docs.vllm.ai/en/latest/models/extensions/runai_model_streamer.html",
    ),
    Pitfall(
        name="load-format-unknown",
        symptom="«Load format `runai_streamer` is not supported».",
        cause="The engine in the image does not know this loader: it is too old, or another "
        "engine.",
        remedy="Take vLLM 0.11.1 or later, or the engine's own name for the loader.",
        source="https://github.com/vllm-project/vllm (model_loader/__init__.py)",
    ),
    Pitfall(
        name="weights-not-reloadable",
        symptom="«NotImplementedError: Model reloading with `runai_streamer` format».",
        cause="Waking from sleep level 2 loads the weights again, which the streamer's loader "
        "does not do in this release.",
        remedy="Use sleep level 1, which keeps the weights in the Pod's memory, or start the Pod "
        "anew.",
        source="https://github.com/vllm-project/vllm (v1/worker/gpu_model_runner.py)",
    ),
    Pitfall(
        name="context-above-model",
        symptom="«User-specified max_model_len … is greater than the derived max_model_len».",
        cause="A longer context is asked for than the model was made for.",
        remedy="Lower «max_model_len» to the number in the message, or leave it out.",
        source="vLLM's released source, 0.11.1: config/model.py",
    ),
    Pitfall(
        name="batch-below-context",
        symptom="«max_num_batched_tokens (…) is smaller than max_model_len».",
        cause="Without chunked prefill one batch has to hold the longest prompt.",
        remedy="Raise --max-num-batched-tokens, lower «max_model_len», or leave chunked prefill "
        "on.",
        source="vLLM's released source, 0.11.1: config/scheduler.py",
    ),
    Pitfall(
        name="heads-not-divisible",
        symptom="«Total number of attention heads … must be divisible by tensor parallel size», "
        "or «28 is not divisible by 8».",
        cause="The model's heads, or another of its sizes, can't be shared out evenly among so "
        "many GPUs.",
        remedy="Choose another «tensor_parallel_size»: 1, 2, 4 or 8 divide the heads of most "
        "models.",
        source="vLLM's released source, 0.11.1: config/model.py",
    ),
    Pitfall(
        name="block-not-divisible",
        symptom="«… is not divisible by weight quantization block_n», or by min_thread_k.",
        cause="So many GPUs cut the quantized weights into pieces that are no whole blocks.",
        remedy="Lower «gpu_count»; for a mixture of experts --enable-expert-parallel leaves the "
        "experts whole.",
        source="https://github.com/vllm-project/vllm/issues/17569",
    ),
    Pitfall(
        name="port-from-service",
        symptom="«VLLM_PORT 'tcp://…' appears to be a URI».",
        cause="A Service of the namespace is called vllm: Kubernetes gives each Pod VLLM_PORT with "
        "its address, and vLLM reads its own port there.",
        remedy="Give the Service another name, or write enableServiceLinks: false in the Pod's "
        "spec.",
        source="https://docs.vllm.ai/en/stable/configuration/env_vars/",
    ),
    Pitfall(
        name="quantization-unsupported",
        symptom="«Unknown quantization method», or «quantization method … is not supported».",
        cause="The weights are packed in a way that this engine or this GPU does not read.",
        remedy="Leave --quantization out, so that config.json decides; or take a later release, "
        "another GPU, or unpacked weights.",
        source="https://docs.vllm.ai/en/latest/features/quantization/",
    ),
    Pitfall(
        name="attention-backend-missing",
        symptom="«No valid attention backend found for cuda with …».",
        cause="No attention kernel of the engine serves this GPU with this model and these "
        "options; «Reasons» in the message names what each of them lacks.",
        remedy="Leave --kv-cache-dtype and --attention-backend out; where all that fits says "
        "«compute capability not supported», choose a later GPU or another «vllm_version».",
        source="vLLM's released source, 0.32.0: platforms/cuda.py",
    ),
)
