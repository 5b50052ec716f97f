"""Pitfalls of the server's arguments: what was asked for and can't be had."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="flag-ambiguous",
        symptom="«ambiguous option: … could match …».",
        cause="An option is abbreviated, and more than one option begins with it.",
        remedy="Write the option in full.",
        source="https://docs.python.org/3/library/argparse.html#argument-abbreviations-prefix-matching",
    ),
    Pitfall(
        name="flag-value",
        symptom="«error: argument …», «expected one argument» or «the following arguments are "
        "required».",
        cause="An argument of the server has no value, or a value that it does not accept.",
        remedy="Correct the argument that the line names; `vllm serve --help` lists the "
        "accepted ones.",
        source="https://docs.vllm.ai/en/latest/cli/serve/",
    ),
    Pitfall(
        name="streamer-missing",
        symptom="«Please install vllm[runai] for runai model streamer support».",
        cause="The image contains the engine without the streamer.",
        remedy="Use vLLM's own image, or install vllm[runai] in yours.",
        source="https://docs.vllm.ai/en/latest/models/extensions/runai_model_streamer.html",
    ),
    Pitfall(
        name="load-format-unknown",
        symptom="«Load format `runai_streamer` is not supported».",
        cause="The engine in the image does not support this load format: it is too old, or a "
        "different engine.",
        remedy="Use vLLM 0.11.1 or later, or the engine's own name for the load format.",
        source="https://github.com/vllm-project/vllm (model_loader/__init__.py)",
    ),
    Pitfall(
        name="weights-not-reloadable",
        symptom="«NotImplementedError: Model reloading with `runai_streamer` format».",
        cause="Waking from sleep level 2 reloads the weights, which the streamer's loader does "
        "not support in this release.",
        remedy="Use sleep level 1, which keeps the weights in the Pod's memory, or restart the "
        "Pod.",
        source="https://github.com/vllm-project/vllm (v1/worker/gpu_model_runner.py)",
    ),
    Pitfall(
        name="context-above-model",
        symptom="«User-specified max_model_len … is greater than the derived max_model_len».",
        cause="The requested context is longer than the model supports.",
        remedy="Lower «max_model_len» to the number in the message, or set it to 0.",
        source="vLLM's released source, 0.11.1: config/model.py",
    ),
    Pitfall(
        name="batch-below-context",
        symptom="«max_num_batched_tokens (…) is smaller than max_model_len».",
        cause="Without chunked prefill, one batch must hold the longest prompt.",
        remedy="Raise --max-num-batched-tokens, lower «max_model_len», or keep chunked prefill "
        "enabled.",
        source="vLLM's released source, 0.11.1: config/scheduler.py",
    ),
    Pitfall(
        name="heads-not-divisible",
        symptom="«Total number of attention heads … must be divisible by tensor parallel size», "
        "or «28 is not divisible by 8».",
        cause="The model's attention heads, or another of its dimensions, can't be divided "
        "evenly among this many GPUs.",
        remedy="Choose another «tensor_parallel_size»: 1, 2, 4 or 8 divide the heads of most "
        "models.",
        source="vLLM's released source, 0.11.1: config/model.py",
    ),
    Pitfall(
        name="block-not-divisible",
        symptom="«… is not divisible by weight quantization block_n», or by min_thread_k.",
        cause="With this many GPUs, the quantized weights are split inside a block.",
        remedy="Lower «gpu_count». A mixture-of-experts model can also run with "
        "--enable-expert-parallel, which does not split the experts.",
        source="https://github.com/vllm-project/vllm/issues/17569",
    ),
    Pitfall(
        name="port-from-service",
        symptom="«VLLM_PORT 'tcp://…' appears to be a URI».",
        cause="A Service in the namespace is named vllm: Kubernetes sets VLLM_PORT to its "
        "address in each Pod, and vLLM reads its own port from that variable.",
        remedy="Rename the Service, or set enableServiceLinks: false in the Pod's spec.",
        source="https://docs.vllm.ai/en/stable/configuration/env_vars/",
    ),
    Pitfall(
        name="quantization-unsupported",
        symptom="«Unknown quantization method», or «quantization method … is not supported».",
        cause="The weights use a quantization that this engine or this GPU does not support.",
        remedy="Remove --quantization, so that config.json decides; or use a later release, "
        "another GPU, or unquantized weights.",
        source="https://docs.vllm.ai/en/latest/features/quantization/",
    ),
    Pitfall(
        name="attention-backend-missing",
        symptom="«No valid attention backend found for cuda with …».",
        cause="No attention kernel of the engine supports this GPU with this model and these "
        "options; «Reasons» in the message names what each kernel lacks.",
        remedy="Remove --kv-cache-dtype and --attention-backend. If each reason is «compute "
        "capability not supported», choose a later GPU or another «vllm_version».",
        source="vLLM's released source, 0.32.0: platforms/cuda.py",
    ),
)
