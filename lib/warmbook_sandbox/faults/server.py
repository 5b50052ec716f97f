"""What goes wrong with the server's container: its image, its arguments, its probe, its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..clusters import Running
from ..kubernetes import End
from .fault import fault, is_server

if TYPE_CHECKING:
    from ..sandbox import Sandbox

Obj = dict[str, Any]

NOT_FOUND = "rpc error: code = NotFound desc = failed to pull and unpack image: not found"
"""How containerd words it, around the registry's own answer."""


@fault(
    "image-not-found",
    "the registry has no image of that name and release",
    pitfall="image-not-found",
)
def image_not_found(sandbox: Sandbox) -> None:
    """Refuse the image that the first server asks for; another release is to be had."""
    refused: list[str] = []

    def refuse(pod: Obj) -> str:
        image = str(pod["spec"]["containers"][0]["image"])
        if is_server(pod) and not refused:
            refused.append(image)
        return NOT_FOUND if image in refused else ""

    sandbox.clusters.each(lambda cluster: cluster.store.mishaps.pull.append(refuse))


@fault(
    "flag-removed",
    "somebody adds an old guide's flag to the server's arguments",
    pitfall="flag-removed",
)
def flag_removed(sandbox: Sandbox) -> None:
    """Add the flag to the first Deployment; sending the manifest again mends it."""
    _change_once(sandbox, lambda server: server["args"].append("--disable-log-requests"))


@fault(
    "loader-key-unknown",
    "somebody writes a key of another loader into the loader's configuration",
    pitfall="loader-key-unknown",
)
def loader_key_unknown(sandbox: Sandbox) -> None:
    """Change the first Deployment; sending the manifest again mends it."""

    def change(server: Obj) -> None:
        config = {"enable_multithread_load": True}
        server["args"].append(f"--model-loader-extra-config={json.dumps(config)}")

    _change_once(sandbox, change)


@fault(
    "probe-too-short",
    "somebody shortens the time that the server has for its start to a second",
    pitfall="probe-too-short",
)
def probe_too_short(sandbox: Sandbox) -> None:
    """Shorten the probe in the first Deployment, and let the server take a while longer."""

    def change(server: Obj) -> None:
        probe = {"httpGet": {"path": "/health", "port": 8000}}
        server["startupProbe"] = {**probe, "periodSeconds": 1, "failureThreshold": 1}
        server["command"], server["args"] = ["sh", "-c"], ["sleep 60"]

    _change_once(sandbox, change)


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
        "driver-too-old",
        "the image is built for a newer CUDA than the node's driver has",
        "driver-too-old",
        End(
            (
                "RuntimeError: The NVIDIA driver on your system is too old (found version 12090). "
                "Please update your GPU driver.",
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
)
"""Name, what goes wrong, pitfall, and the end: what this machine can't have is played.

Source: the released vLLM and streamer, and the issue threads that the catalogue names.
"""


def _play(end: End) -> Callable[[Sandbox], None]:
    def stage(sandbox: Sandbox) -> None:
        def ends(pod: Obj) -> End | None:
            return end if is_server(pod) else None

        sandbox.clusters.each(lambda cluster: cluster.store.mishaps.end.append(ends))

    return stage


for _name, _what, _pitfall, _end in PLAYED:
    fault(_name, _what, pitfall=_pitfall)(_play(_end))


def _change_once(sandbox: Sandbox, change: Callable[[Obj], None]) -> None:
    """Change the server's container in the first Deployment that comes."""
    done = False

    def admit(kind: str, obj: Obj) -> None:
        nonlocal done
        if kind == "Deployment" and not done and is_server(obj["spec"]["template"]):
            done = True
            change(obj["spec"]["template"]["spec"]["containers"][0])

    def hook(cluster: Running) -> None:
        cluster.store.mishaps.admission.append(admit)

    sandbox.clusters.each(hook)
