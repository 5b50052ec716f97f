"""Ends of the server's container by its machine: memory, GPU, driver, files; played.

Each follows from what the Pod asks for, from its node or from the bucket, and is over when that
is mended. Source of the lines: the released vLLM and streamer, and the issue threads that the
catalogue of pitfalls names.
"""

from __future__ import annotations

from typing import Any

from ..kubernetes import End
from ..kubernetes.controllers.nodes import ACCELERATOR
from . import asked
from .deployment import change_pod
from .fault import DEPLOYMENT, Target, fault
from .mends import ANOTHER_NODE, DEPLOY_AGAIN, chosen, memory, variables
from .playing import play, play_on_first_node, play_with_release

Obj = dict[str, Any]

LOADS = "INFO [gpu_model_runner.py] Starting to load model..."

MORE = 1.25
"""How many times the first server's memory is enough."""

FULL_TOKENS, FULL_GIB, LEFT_GIB = 8192, 2.62, 0.72
"""The model's whole context, what its KV cache takes, and what the weights leave of the GPU.

What they leave is too little for the 4096 tokens that the form chooses, and enough for 2048."""

USUAL_SHARE, GPU_GIB, BLOCK_TOKENS = 0.9, 22.0, 16
"""vLLM's share of the GPU unless it is told, the L4's memory, and a block of its KV cache."""

SMALL_GPUS = ("", "nvidia-l4", "nvidia-tesla-t4")

OWN_FOLDERS_FROM = (0, 16)
"""From here on vLLM does not delete and make its assets' folder at each start."""

FILES, FILES_PER_READER = 256, 64
"""How many files the node lets a container open, and how many each reader needs.

Source of the second: the streamer, response_code.cc.
"""


@fault(
    "oom-killed",
    "the container needs more memory than its limit",
    pitfall="host-oom",
    mend=memory("64Gi"),
)
def oom_killed(rehearsal: Target) -> None:
    """Let the server need a quarter more than the first one asks for.

    That much, or a smaller buffer for the streamer than the first one's, mends it.
    """
    first: list[tuple[float, float]] = []
    killed = End((LOADS,), 137, "OOMKilled")

    def ends(pod: Obj, _: Obj) -> End | None:
        memory, buffer = asked.memory_bytes(pod), _buffer_bytes(pod)
        first[:] = first or [(memory, buffer)]
        return killed if memory < first[0][0] * MORE and buffer >= first[0][1] else None

    play(rehearsal, ends)


def _buffer_bytes(pod: Obj) -> float:
    """Return what a process of the streamer may hold; -1 is no limit."""
    limit = asked.streamers(pod, "memory_limit", asked.STREAMER_MEMORY)
    return limit if limit >= 0 else float("inf")


@fault(
    "server-killed",
    "somebody kills the server's process on the node repeatedly",
    pitfall="server-killed",
    mend=ANOTHER_NODE,
)
def server_killed(rehearsal: Target) -> None:
    """End it on the node of the first server; another node mends it."""
    play_on_first_node(rehearsal, End((LOADS,), 137))


@fault(
    "kv-cache-too-small",
    "the model's full context does not fit beside its weights on this GPU",
    pitfall="kv-cache-too-small",
    mend=chosen(max_model_len="2048"),
)
def kv_cache_too_small(rehearsal: Target) -> None:
    """Leave LEFT_GIB for it; a shorter context, a greater share or more GPU mends it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        length = asked.figure(pod, "--max-model-len", FULL_TOKENS)
        needed, left = FULL_GIB * length / FULL_TOKENS, _left_gib(pod)
        return _no_room(int(length), needed, left) if needed > left else None

    play(rehearsal, ends)


def _left_gib(pod: Obj) -> float:
    """Return what the weights leave for the KV cache, in GiB."""
    gpu = (pod["spec"].get("nodeSelector") or {}).get(ACCELERATOR, "")
    if gpu not in SMALL_GPUS or asked.figure(pod, "--tensor-parallel-size", 1) > 1:
        return float("inf")
    share = asked.figure(pod, "--gpu-memory-utilization", USUAL_SHARE)
    return max(0.0, LEFT_GIB + (share - USUAL_SHARE) * GPU_GIB)


def _no_room(length: int, needed_gib: float, left_gib: float) -> End:
    longest = int(left_gib / FULL_GIB * FULL_TOKENS) // BLOCK_TOKENS * BLOCK_TOKENS
    return End(
        (
            f"ValueError: To serve at least one request with the models's max seq len ({length}), "
            f"({needed_gib:.2f} GiB KV cache is needed, which is larger than the available KV "
            f"cache memory ({left_gib:.2f} GiB). Based on the available memory, the estimated "
            f"maximum model length is {longest}. Try increasing `gpu_memory_utilization` or "
            "decreasing `max_model_len` when initializing the engine.",
            "RuntimeError: Engine core initialization failed.",
        )
    )


@fault(
    "cuda-driver-mismatch",
    "the image's CUDA libraries and the node's driver are incompatible",
    pitfall="cuda-driver-mismatch",
    mend=variables("LD_LIBRARY_PATH=/usr/local/nvidia/lib64"),
)
def cuda_driver_mismatch(rehearsal: Target) -> None:
    """End the server until LD_LIBRARY_PATH lets it find the node's driver first."""
    end = End(
        (
            "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 803: system has "
            "unsupported display driver / cuda driver combination",
        )
    )

    def ends(pod: Obj, _: Obj) -> End | None:
        first = asked.variable(pod, "LD_LIBRARY_PATH").partition(":")[0]
        return end if first.rstrip("/") != "/usr/local/nvidia/lib64" else None

    play(rehearsal, ends)


@fault(
    "fd-limit",
    "the container's limit of open files is lower than the streamer's number of connections",
    pitfall="fd-limit",
    mend=chosen(concurrency="4"),
)
def fd_limit(rehearsal: Target) -> None:
    """Let containers open 256 files; a concurrency of 4, or `ulimit -n`, mends it."""
    end = End(
        (
            "ValueError: Could not send request to libstreamer due to: Increase process fd "
            "limit or decrease the concurrency level. Recommended value is the concurrency "
            "multiplied by 64",
        )
    )

    def ends(pod: Obj, _: Obj) -> End | None:
        readers = asked.streamers(pod, "concurrency", asked.STREAMER_CONCURRENCY)
        return end if readers * FILES_PER_READER > asked.open_files(pod, FILES) else None

    play(rehearsal, ends)


@fault(
    "assets-folder-race",
    "several engines create the same folder for the model's small files at the same time",
    pitfall="assets-folder-race",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def assets_folder_race(rehearsal: Target) -> None:
    """Write a release into the first Deployment that does so.

    VLLM_ASSETS_CACHE, or a later release, mends it.
    """
    folder = "/root/.cache/vllm/assets/model_streamer/263be57c"
    end = End((f"FileExistsError: [Errno 17] File exists: '{folder}'",))

    def ends(pod: Obj) -> End | None:
        own = asked.variable(pod, "VLLM_ASSETS_CACHE")
        return end if asked.release(pod) < OWN_FOLDERS_FROM and not own else None

    play_with_release(rehearsal, "v0.14.0", ends)


@fault(
    "shm-too-small",
    "the processes of the GPUs have too little shared memory to communicate",
    pitfall="shm-too-small",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def shm_too_small(rehearsal: Target) -> None:
    """Take the mount at /dev/shm out of the first Deployment; one of more than 64 MiB mends it.

    Source: NVIDIA/nccl, src/misc/shmutils.cc; the segment's name and size are made up.
    """
    end = End(
        (
            "NCCL WARN Error while creating shared memory segment /dev/shm/nccl-Yp4Fbq (size "
            "9637888), error: No space left on device (28)",
            "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for "
            "details)",
        )
    )

    def ends(pod: Obj, _: Obj) -> End | None:
        return end if asked.shm_bytes(pod) <= asked.UNASKED_SHM else None

    change_pod(rehearsal, _without_shm)
    play(rehearsal, ends)


def _without_shm(pod: Obj) -> None:
    server = asked.server_of(pod)
    mounts = server.get("volumeMounts") or []
    server["volumeMounts"] = [m for m in mounts if m["mountPath"].rstrip("/") != "/dev/shm"]
