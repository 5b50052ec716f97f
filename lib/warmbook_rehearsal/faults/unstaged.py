"""The pitfalls that no fault stages, each with the reason: docs/troubleshooting.md says them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_REASONS = {
    "it takes a real GPU, or the driver and the libraries beside it": (
        *("gpu-unsupported", "driver-replaced", "driver-library-missing", "fabric-not-ready"),
        *("gpu-not-visible", "gpu-broken", "gpu-memory-taken", "gpu-memory-too-small"),
        *("gpus-cannot-talk", "block-not-divisible", "distributed-fallback"),
        *("cublas-failed", "device-side-assert", "attention-backend-missing"),
        *("kernel-build-failed", "torch-compile-failed", "claim-not-allocated"),
    ),
    "a rehearsal has one image of the engine, and what is installed in it is whole": (
        *("module-missing", "packages-mismatched", "streamer-missing", "compiler-missing"),
        *("storage-plugin-failed", "ca-bundle-missing", "bucket-kind-unknown", "client-versions"),
        *("load-format-unknown", "wrong-processor"),
    ),
    "a rehearsal's server is vLLM, and SGLang has no double": (
        *("sglang-multimodal", "sglang-extra"),
    ),
    "the node's kernel or compiled code causes it, and this machine's is not to be broken": (
        *("host-memory-short", "process-killed", "threads-limit", "native-crash", "disk-full"),
    ),
    "Pods of a rehearsal have no way to Hugging Face, and the model is never fetched there": (
        *("loader-asks-hub", "hub-token-wrong", "hub-unreachable", "hub-busy"),
    ),
    "the rehearsal's own Hub has a gated model: upload it without a token": ("gated-model",),
    "the rehearsal's model is a plain model of text, whose weights are checked before": (
        *("processor-missing", "weights-incomplete", "gguf-unsupported"),
    ),
    "a rehearsal's disks are folders of this machine: they are in no zone and attached nowhere": (
        *("volume-other-zone", "volume-in-use", "fuse-off"),
    ),
    "the rehearsal's scheduler knows neither affinity between Pods nor priorities": (
        *("affinity-conflict", "pod-preempted"),
    ),
    "the rehearsal's node pools do not grow, and Autopilot's have no maximum and no queue": (
        *("pool-at-maximum", "flex-start-queued", "selector-unmatched"),
    ),
    "it is seen only after another failure, which has its fault": ("scale-up-backoff",),
    "it depends on the network between a node and Cloud Storage, which is loopback here": (
        *("grpc-slow", "storage-unreachable", "storage-busy", "name-not-resolved"),
    ),
    "nothing fails: it says how to read what the server writes or answers": (
        *("success-line-silent", "success-line-lies", "guide-sample-size", "served-name"),
    ),
    "the guide's server has one node, one port and one container, and never sleeps": (
        *("multi-node-config", "port-in-use", "weights-not-reloadable"),
    ),
    "the reader's own choice causes it: a name in the form, or a sign-in that was never made": (
        *("no-credentials", "cluster-missing", "cluster-foreign"),
    ),
    "it tells of a log that somebody cut off": ("cause-not-in-log",),
    "vLLM's parser causes it, and the quick engine takes no abbreviations": ("flag-ambiguous",),
}

UNSTAGED: Mapping[str, str] = MappingProxyType(
    {name: reason for reason, names in _REASONS.items() for name in names}
)
"""Pitfall -> why it can't be staged in a rehearsal."""
