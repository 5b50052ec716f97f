"""Ends of the server's container by what it was asked for, as somebody edits it; played.

Each follows from the arguments and variables of the Pod, from its node or from the model's
config.json in the bucket, and is over when that is mended. Source of the lines: the released
vLLM, and the public reports that tests/corpus/diagnosis was written after.
"""

from __future__ import annotations

from typing import Any

from ..kubernetes import End, Store
from ..kubernetes.controllers.nodes import ACCELERATOR, GPU
from ..kubernetes.objects import namespace_of
from . import asked
from .deployment import (
    add_arguments,
    add_variable,
    as_server_comes,
    change_container,
    change_pod,
    replace_argument,
)
from .fault import DEPLOYMENT, Target, fault
from .mends import DEPLOY_AGAIN, WRITABLE, typed, variables
from .model import config
from .playing import play

Obj = dict[str, Any]

BEFORE_AMPERE = {
    "nvidia-tesla-t4": ("Tesla T4", "7.5"),
    "nvidia-tesla-v100": ("Tesla V100-SXM2-16GB", "7.0"),
}
"""GPUs without bfloat16: their names and compute capabilities. Source: NVIDIA, "CUDA GPUs"."""

DTYPES = ("auto", "bfloat16", "float", "float16", "float32", "half")
"""What vLLM's --dtype takes."""

PACKINGS = ("awq", "bitsandbytes", "compressed-tensors", "fp8", "gguf", "gptq", "modelopt", "mxfp4")
"""The best known of what vLLM's --quantization takes."""

PATIENCE_S = 60
"""How long the server's processes take to find each other, in seconds; the figure is made up."""

CACHE = "/root/.cache"
SERVICE = "vllm"


@fault(
    "more-ranks-than-gpus",
    "somebody splits the model over two GPUs, and the Pod still requests one",
    pitfall="too-few-gpus",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def more_ranks_than_gpus(rehearsal: Target) -> None:
    """Change the first Deployment; as many GPUs, or sending the manifest again, mends it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        ranks, gpus = asked.ranks(pod), asked.gpus(pod)
        said = f"World size ({ranks}) is larger than the number of available GPUs ({gpus}) in this"
        return End((f"ValueError: {said} node.",)) if ranks > gpus else None

    add_arguments(rehearsal, "--tensor-parallel-size=2")
    play(rehearsal, ends)


@fault(
    "heads-not-divisible",
    "somebody splits the model over a number of GPUs that does not divide its attention heads",
    pitfall="heads-not-divisible",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def heads_not_divisible(rehearsal: Target) -> None:
    """Ask for four GPUs in the first Deployment; a number that divides the heads mends it."""

    def change(server: Obj) -> None:
        server.setdefault("args", []).append("--tensor-parallel-size=4")
        for one in server["resources"].values():
            one.update({GPU: "4"} if GPU in one else {})

    def ends(pod: Obj, _: Obj) -> End | None:
        heads = config(rehearsal).get("num_attention_heads", 0)
        parts = int(asked.figure(pod, "--tensor-parallel-size", 1))
        said = f"Total number of attention heads ({heads}) must be divisible by tensor parallel"
        return End((f"ValueError: {said} size ({parts}).",)) if heads % parts else None

    change_container(rehearsal, change)
    play(rehearsal, ends)


@fault(
    "context-above-model",
    "somebody requests a longer context than the model supports",
    pitfall="context-above-model",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def context_above_model(rehearsal: Target) -> None:
    """Ask for a million tokens in the first Deployment; sending the manifest again mends it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        longest = config(rehearsal).get("max_position_embeddings", 0)
        length = int(asked.figure(pod, "--max-model-len", 0))
        said = (
            f"ValueError: User-specified max_model_len ({length}) is greater than the derived "
            f"max_model_len (max_position_embeddings={longest} or model_max_length=None in "
            "model's config.json)."
        )
        return End((said,)) if longest and length > longest else None

    add_arguments(rehearsal, "--max-model-len=1000000")
    play(rehearsal, ends)


@fault(
    "batch-below-context",
    "somebody disables chunked prefill and leaves batches shorter than the longest prompt",
    pitfall="batch-below-context",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def batch_below_context(rehearsal: Target) -> None:
    """Change the first Deployment; longer batches, or chunked prefill, mend it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        whole = "--no-enable-chunked-prefill" in asked.words(pod)
        batch = int(asked.figure(pod, "--max-num-batched-tokens", 0))
        length = int(asked.figure(pod, "--max-model-len", 0))
        said = f"max_num_batched_tokens ({batch}) is smaller than max_model_len ({length})."
        return End((f"ValueError: {said}",)) if whole and 0 < batch < length else None

    add_arguments(rehearsal, "--no-enable-chunked-prefill", "--max-num-batched-tokens=1024")
    play(rehearsal, ends)


@fault(
    "dtype-not-on-gpu",
    "somebody writes an older GPU into the server's node selector, which has no bfloat16",
    pitfall="dtype-not-on-gpu",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def dtype_not_on_gpu(rehearsal: Target) -> None:
    """Select a T4 in the first Deployment; --dtype=half, or another GPU, mends it."""

    def select(pod: Obj) -> None:
        selector = pod["spec"].get("nodeSelector") or {}
        pod["spec"]["nodeSelector"] = {**selector, ACCELERATOR: "nvidia-tesla-t4"}

    def ends(pod: Obj, _: Obj) -> End | None:
        selected = (pod["spec"].get("nodeSelector") or {}).get(ACCELERATOR, "")
        name, capability = BEFORE_AMPERE.get(selected, ("", ""))
        said = (
            "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least "
            f"8.0. Your {name} GPU has compute capability {capability}. You can use float16 "
            "instead by explicitly setting the `dtype` flag in CLI, for example: --dtype=half."
        )
        whole = asked.argument(pod, "--dtype") in ("", "auto", "bfloat16")
        return End((said,)) if name and whole else None

    change_pod(rehearsal, select)
    play(rehearsal, ends)


@fault(
    "flag-value",
    "somebody writes a value that the argument does not accept",
    pitfall="flag-value",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def flag_value(rehearsal: Target) -> None:
    """Add --dtype=bf16 to the first Deployment; bfloat16 mends it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        given = asked.argument(pod, "--dtype") or "auto"
        said = f"argument --dtype: invalid choice: {given!r} (choose from {', '.join(DTYPES)})"
        return End((f"api_server.py: error: {said}",), 2) if given not in DTYPES else None

    add_arguments(rehearsal, "--dtype=bf16")
    play(rehearsal, ends)


@fault(
    "quantization-unknown",
    "somebody names a quantization method that the server does not support",
    pitfall="quantization-unsupported",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def quantization_unknown(rehearsal: Target) -> None:
    """Add --quantization=int8 to the first Deployment; leaving it out mends it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        given = asked.argument(pod, "--quantization")
        said = f"Unknown quantization method: {given}. Must be one of {[*PACKINGS]}."
        return End((f"ValueError: {said}",)) if given and given not in PACKINGS else None

    add_arguments(rehearsal, "--quantization=int8")
    play(rehearsal, ends)


@fault(
    "model-not-on-hub",
    "somebody enters a Hugging Face name instead of the bucket's address, and mistypes it",
    pitfall="model-not-on-hub",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def model_not_on_hub(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""
    mistyped = "my-org/smol-lm"

    def ends(pod: Obj, _: Obj) -> End | None:
        said = (
            f"OSError: {mistyped} is not a local folder and is not a valid model identifier listed "
            "on 'https://huggingface.co/models'"
        )
        return End((said,)) if asked.model_uri(pod) == mistyped else None

    replace_argument(rehearsal, f"--model={rehearsal.model_uri}", f"--model={mistyped}")
    play(rehearsal, ends)


@fault(
    "service-called-vllm",
    "somebody creates a Service named vllm in the namespace, so that Kubernetes sets VLLM_PORT",
    pitfall="port-from-service",
    mend=typed("kubectl delete service vllm -n $NAMESPACE"),
    places=(DEPLOYMENT,),
)
def service_called_vllm(rehearsal: Target) -> None:
    """Make the Service as the server comes; deleting it, or enableServiceLinks false, mends it.

    The variable is played. Source: Kubernetes, "Service", "Environment variables".
    """

    def make(store: Store, deployment: Obj) -> None:
        namespace = namespace_of(deployment) or "default"
        spec = {"selector": {"app": SERVICE}, "ports": [{"port": 8000, "targetPort": 8000}]}
        metadata = {"name": SERVICE, "namespace": namespace}
        if not store.find("Service", namespace, SERVICE):
            store.create("Service", {"metadata": metadata, "spec": spec}, manager="kubectl")
            rehearsal.put_back(lambda: _delete_service(store, namespace))

    def is_there(store: Store, deployment: Obj) -> bool:
        return bool(store.find("Service", namespace_of(deployment) or "default", SERVICE))

    def ends(pod: Obj, _: Obj) -> End | None:
        linked = pod["spec"].get("enableServiceLinks") is not False
        place = namespace_of(pod), SERVICE
        running = rehearsal.clusters.running
        found = any(one.store.find("Service", *place) for one in running)
        said = (
            "ValueError: VLLM_PORT 'tcp://10.8.0.12:8000' appears to be a URI. This may be caused "
            "by a Kubernetes service discovery issue"
        )
        return End((said,)) if linked and found else None

    as_server_comes(rehearsal, make, is_there)
    play(rehearsal, ends)


def _delete_service(store: Store, namespace: str) -> None:
    if store.find("Service", namespace, SERVICE):
        store.delete("Service", namespace, SERVICE)


@fault(
    "root-read-only",
    "somebody makes the container's file system read-only, and the server keeps a cache there",
    pitfall="folder-not-writable",
    mend=WRITABLE,
    places=(DEPLOYMENT,),
)
def root_read_only(rehearsal: Target) -> None:
    """Change the first Deployment; a volume where the cache is mends it."""
    end = End((f"OSError: [Errno 30] Read-only file system: '{CACHE}/vllm'",))

    def ends(pod: Obj, _: Obj) -> End | None:
        server = asked.server_of(pod)
        fixed = (server.get("securityContext") or {}).get("readOnlyRootFilesystem")
        mounted = {one["mountPath"].rstrip("/") for one in server.get("volumeMounts") or ()}
        return end if fixed and not mounted & {CACHE, "/root", f"{CACHE}/vllm"} else None

    def change(server: Obj) -> None:
        context = server.get("securityContext") or {}
        server["securityContext"] = {**context, "readOnlyRootFilesystem": True}

    change_container(rehearsal, change)
    play(rehearsal, ends)


@fault(
    "engine-start-timeout",
    "somebody limits the time that the server's processes wait for each other to five seconds",
    pitfall="engine-start-timeout",
    mend=variables("VLLM_ENGINE_READY_TIMEOUT_S-"),
    places=(DEPLOYMENT,),
)
def engine_start_timeout(rehearsal: Target) -> None:
    """Set the variable in the first Deployment; a minute and more, or none, mends it."""
    name = "VLLM_ENGINE_READY_TIMEOUT_S"
    end = End(("TimeoutError: Timed out waiting for engine core processes to start.",))

    def ends(pod: Obj, _: Obj) -> End | None:
        given = asked.variable(pod, name)
        return end if given.isdecimal() and int(given) < PATIENCE_S else None

    add_variable(rehearsal, name, "5")
    play(rehearsal, ends)
