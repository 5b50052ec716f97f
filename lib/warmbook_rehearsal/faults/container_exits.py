"""Ends of the server's container that this machine can't have, and so are played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kubernetes import End
from .fault import Target, fault, is_server

Obj = dict[str, Any]

PLAYED: tuple[tuple[str, str, str, End], ...] = (
    (
        "oom-killed",
        "the container needs more memory than its limit",
        "host-oom",
        End(("INFO [gpu_model_runner.py] Starting to load model...",), 137, "OOMKilled"),
    ),
    (
        "server-killed",
        "somebody ends the server's process on the node, again and again",
        "server-killed",
        End(("INFO [gpu_model_runner.py] Starting to load model...",), 137),
    ),
    (
        "kv-cache-too-small",
        "the model's full context does not fit beside its weights on this GPU",
        "kv-cache-too-small",
        End(
            (
                "ValueError: To serve at least one request with the models's max seq len (8192), "
                "(2.62 GiB KV cache is needed, which is larger than the available KV cache memory "
                "(1.43 GiB). Based on the available memory, the estimated maximum model length is "
                "4464. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when "
                "initializing the engine.",
                "RuntimeError: Engine core initialization failed.",
            )
        ),
    ),
    (
        "memory-limit-below-tensor",
        "the streamer may not hold as much as the model's largest tensor",
        "memory-limit-below-tensor",
        End(
            (
                "runai_model_streamer.file_streamer.requests_iterator."
                "RunaiStreamerMemoryLimitException: Memory limit supplied: 1000000000 cannot be "
                "smaller than: 1835008000",
            )
        ),
    ),
    (
        "cuda-driver-mismatch",
        "the image's CUDA libraries and the node's driver don't go together",
        "cuda-driver-mismatch",
        End(
            (
                "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 803: system has "
                "unsupported display driver / cuda driver combination",
            )
        ),
    ),
    (
        "gcs-support-missing",
        "the image has the streamer without its part for Cloud Storage",
        "gcs-support-missing",
        End(("ImportError: GCS files module not found. Please install the required package.",)),
    ),
    (
        "gcs-client-failed",
        "the streamer finds no credentials in the Pod",
        "gcs-client-failed",
        End(
            (
                "ValueError: Could not open streamer in libstreamer due to: Failed to create GCS "
                "client",
            )
        ),
    ),
    (
        "file-access-error",
        "the streamer's reader can't read the files, and does not say why",
        "file-access-error",
        End(
            (
                "ValueError: Could not receive response from libstreamer due to: "
                "b'File access error'",
            )
        ),
    ),
    (
        "broadcast-timeout",
        "the GPUs' processes wait for each other's share of the weights in vain",
        "broadcast-timeout",
        End(("RuntimeError: [RunAI Streamer][Distributed] rank 1: broadcast timed out",)),
    ),
    (
        "fd-limit",
        "the container may open fewer files than the streamer needs connections",
        "fd-limit",
        End(
            (
                "ValueError: Could not send request to libstreamer due to: Increase process fd "
                "limit or decrease the concurrency level. Recommended value is the concurrency "
                "multiplied by 64",
            )
        ),
    ),
    (
        "assets-folder-race",
        "several engines make the same folder for the model's small files at once",
        "assets-folder-race",
        End(
            (
                "FileExistsError: [Errno 17] File exists: "
                "'/root/.cache/vllm/assets/model_streamer/263be57c'",
            )
        ),
    ),
    (
        "sharded-on-gs",
        "somebody chose the loader for checkpoints that are sharded beforehand",
        "sharded-on-gs",
        End(
            (
                "ValueError: Could not find checkpoint files 'gs://bucket/model/"
                "model-rank-0-part-*.safetensors', only pre-sharded checkpoints are currently "
                "supported!",
            )
        ),
    ),
    (
        "shm-too-small",
        "the GPUs' processes find too little shared memory to meet in",
        "shm-too-small",
        # source: NVIDIA/nccl, src/misc/shmutils.cc; the segment's name and size are made up
        End(
            (
                "NCCL WARN Error while creating shared memory segment /dev/shm/nccl-Yp4Fbq (size "
                "9637888), error: No space left on device (28)",
                "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for "
                "details)",
            )
        ),
    ),
    (
        "merges-missing",
        "the server does not get a small file that the model's tokenizer needs",
        "merges-missing",
        # unverified: vllm-project/vllm issue 18016 names the file; the words are Python's own
        End(("FileNotFoundError: [Errno 2] No such file or directory: '/tmp/tmp0xj3/merges.txt'",)),
    ),
)
"""Name, what goes wrong, pitfall, and the end: what this machine can't have is played.

Source: the released vLLM and streamer, and the issue threads that the catalogue names.
"""


def _play(end: End) -> Callable[[Target], None]:
    def stage(rehearsal: Target) -> None:
        def ends(pod: Obj) -> End | None:
            return end if is_server(pod) else None

        rehearsal.clusters.each(lambda cluster: cluster.store.fault_hooks.end.append(ends))

    return stage


for _name, _what, _pitfall, _end in PLAYED:
    fault(_name, _what, pitfall=_pitfall)(_play(_end))
