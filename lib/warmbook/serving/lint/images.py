"""Images of model servers: which server, whose release the tag names, and for which device."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .words import is_open

_LONGEST = 1000
"""Characters; a registry takes 255 and a tag of 128."""

VLLM, SGLANG, KSERVE, DYNAMO = "vLLM", "SGLang", "KServe", "Dynamo"

_TAG = re.compile(r"(?:-|^)v?(\d+\.\d+\.\d+)")
_OWN_RELEASE = re.compile(
    r"(?:^|/)vllm-openai(?:-cpu|-rocm|-xpu)?$|(?:^|/)vllm-(?:cpu-)?release-repo$"
)
"""Images whose tag is vLLM's own release. Source: vLLM, "Using Docker" and its release pipeline;
Docker Hub's vllm/vllm-openai, -cpu and -rocm, and the same names in other registries."""
_FOREIGN = re.compile(r"(?:^|/)lmcache/")

_SERVERS = (
    (re.compile(r"(?:^|/)(?:kserve/)?huggingfaceserver"), KSERVE),
    (re.compile(r"(?:^|/)sglang[^/]*$"), SGLANG),
    (re.compile(r"(?:^|/)(?:vllm|sglang|tensorrtllm)-runtime$"), DYNAMO),
    (
        re.compile(r"(?:^|/)llm-d(?:-(?:cuda|aws|gke|gb200|rocm|xpu|hpu|cpu|tpu|dev|cuda-dev))*$"),
        VLLM,
    ),
    (re.compile(r"(?:^|/)[^/]*vllm[^/]*$|(?:^|/)vllm/[^/]*$"), VLLM),
)
_BESIDE = re.compile(
    r"router|gateway|proxy|controller|operator|exporter|-sim\b|simulator|scheduler|sidecar|epp\b"
    r"|mock|benchmark|webui|gradio|client|downloader|loader|init\b|extproc|tokenizer|dashboard|genai-perf"
)
"""Names of what stands beside servers and is none."""
OTHER_SERVERS = (
    ("text-generation-inference", "Text Generation Inference"),
    ("tritonserver", "Triton"),
    ("triton", "Triton"),
    ("tensorrt", "TensorRT-LLM"),
    ("trtllm", "TensorRT-LLM"),
    ("jetstream", "JetStream"),
    ("ollama", "Ollama"),
    ("llama.cpp", "llama.cpp"),
    ("lmdeploy", "LMDeploy"),
    ("text-embeddings-inference", "Text Embeddings Inference"),
    ("nim/", "NIM"),
    ("ray-llm", "Ray Serve"),
)
_DEVICES = (
    ("cpu", re.compile(r"(?:^|[-_/.:])cpu(?:$|[-_.:/])")),
    ("tpu", re.compile(r"tpu")),
    ("rocm", re.compile(r"rocm|amd")),
    ("other", re.compile(r"(?:^|[-_/:])(?:xpu|hpu|gaudi|neuron|ascend|npu)")),
)


@dataclass(frozen=True)
class Image:
    """What an image's name tells: `version` of vLLM, "" where it does not; `other` server."""

    server: str = ""
    version: str = ""
    device: str = "gpu"
    other: str = ""
    known: bool = True


def image_of(value: object) -> Image:
    """Return what the name of an image tells; a name that is filled in later tells nothing."""
    text = str(value or "")[:_LONGEST].partition("@")[0]
    name, tag = _parted(text)
    if "/" not in name and not tag:  # what a kustomization puts an image in the place of
        return Image(known=False)
    if is_open(text) or not name.islower():
        return Image(server=_server(name.lower()), known=False)
    device = next((kind for kind, pattern in _DEVICES if pattern.search(text)), "gpu")
    return Image(_server(name), _version(name, tag), device, _other(name))


def _parted(text: str) -> tuple[str, str]:
    """Return name and tag; a port of the registry is no tag."""
    head, _, last = text.rpartition("/")
    last, _, tag = last.partition(":")
    return (f"{head}/{last}" if head else last), tag


def _server(name: str) -> str:
    if _BESIDE.search(name.rpartition("/")[2]):
        return ""
    return next((server for pattern, server in _SERVERS if pattern.search(name)), "")


def _version(name: str, tag: str) -> str:
    own = _OWN_RELEASE.search(name) and not _FOREIGN.search(name)
    told = _TAG.match(tag) if own else None
    return told[1] if told else ""


def _other(name: str) -> str:
    return next((server for part, server in OTHER_SERVERS if part in name), "")
