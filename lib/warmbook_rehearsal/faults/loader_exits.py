"""Ends of the server's container by its loader and its image's release; played.

Each follows from what the Pod asks for, from its node or from the bucket, and is over when that
is mended. Source of the lines: the released vLLM and streamer, and the issue threads that the
catalogue of pitfalls names.
"""

from __future__ import annotations

import json
from typing import Any

from ..kubernetes import End
from . import asked
from .bucket import place
from .deployment import change_container, replace_argument
from .fault import DEPLOYMENT, FILES, Target, fault, is_server
from .mends import ANOTHER_NODE, DEPLOY_AGAIN, UPLOAD_AGAIN
from .model import cut_last_shard, largest_tensor_bytes
from .playing import play, play_on_first_node, play_with_release

Obj = dict[str, Any]

GCS_FROM = (0, 11, 1)
"""From here on vLLM's image has the streamer's part for Cloud Storage, and vLLM fetches every
small file of a model."""

PATIENCE_S = 600
"""How long processes wait for each other's share unless they are told, in seconds."""


@fault(
    "memory-limit-below-tensor",
    "the streamer's memory limit is lower than the model's largest tensor",
    pitfall="memory-limit-below-tensor",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def memory_limit_below_tensor(rehearsal: Target) -> None:
    """Write such a limit into the first Deployment; a greater one, or none, mends it."""
    largest = largest_tensor_bytes(rehearsal.model)

    def ends(pod: Obj, _: Obj) -> End | None:
        limit = int(asked.streamers(pod, "memory_limit", -1))
        if not 0 < limit < largest:  # 0 is as much as is needed
            return None
        return End(
            (
                "runai_model_streamer.file_streamer.requests_iterator."
                f"RunaiStreamerMemoryLimitException: Memory limit supplied: {limit} cannot be "
                f"smaller than: {largest}",
            )
        )

    configure = {"memory_limit": max(1, largest // 2)}
    change_container(rehearsal, lambda server: _configure(server, configure))
    play(rehearsal, ends)


def _configure(server: Obj, config: Obj) -> None:
    """Give the loader this configuration; of an argument given twice the last one counts."""
    told = json.dumps(config, separators=(",", ":"))
    server.setdefault("args", []).append(f"--model-loader-extra-config={told}")


@fault(
    "gcs-support-missing",
    "the image has the streamer without its part for Cloud Storage",
    pitfall="gcs-support-missing",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def gcs_support_missing(rehearsal: Target) -> None:
    """Write the release before that part came into the first Deployment; a later one mends it."""
    missing = "ImportError: GCS files module not found. Please install the required package."
    end = End((missing,))
    play_with_release(
        rehearsal, "v0.11.0", lambda pod: end if asked.release(pod) < GCS_FROM else None
    )


@fault(
    "gcs-client-failed",
    "the streamer finds no credentials in the Pod",
    pitfall="gcs-client-failed",
    mend=ANOTHER_NODE,
)
def gcs_client_failed(rehearsal: Target) -> None:
    """Let no metadata server answer on the node of the first server; another node mends it."""
    play_on_first_node(
        rehearsal,
        End(
            (
                "ValueError: Could not open streamer in libstreamer due to: Failed to create GCS "
                "client",
            )
        ),
    )


@fault(
    "file-access-error",
    "the streamer can't read the files, and does not report why",
    pitfall="file-access-error",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
def file_access_error(rehearsal: Target) -> None:
    """Cut the last shard in the bucket short, once, as the first server starts.

    Uploading it again mends it.
    """
    end = End(
        ("ValueError: Could not receive response from libstreamer due to: b'File access error'",)
    )

    def cut(pod: Obj) -> None:
        if is_server(pod):
            rehearsal.pod_hooks.remove(cut)
            cut_last_shard(rehearsal)

    def ends(pod: Obj, _: Obj) -> End | None:
        theirs = asked.model_uri(pod).rstrip("/") == rehearsal.model_uri
        return end if theirs and _cut_short(rehearsal) else None

    rehearsal.put(rehearsal.pod_hooks, cut)
    play(rehearsal, ends)


def _cut_short(rehearsal: Target) -> bool:
    """Say whether a file of the model is shorter in the bucket than it was uploaded."""
    name, path = place(rehearsal)
    bucket = rehearsal.storage.find_bucket(name)
    stored = bucket.objects if bucket else {}
    files = {f"{path}/{file.name}": file.path for file in rehearsal.model.files}
    return any(
        stored[name].content.size_bytes < path.stat().st_size
        for name, path in files.items()
        if name in stored
    )


@fault(
    "broadcast-timeout",
    "the processes of the GPUs wait for each other's share of the weights until they time out",
    pitfall="broadcast-timeout",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def broadcast_timeout(rehearsal: Target) -> None:
    """Let the first Deployment share the reading; `"distributed":false` or more time mends it."""
    end = End(("RuntimeError: [RunAI Streamer][Distributed] rank 1: broadcast timed out",))

    def ends(pod: Obj, _: Obj) -> End | None:
        shared = asked.loader(pod).get("distributed") is True
        return end if shared and asked.streamers(pod, "dist_timeout", 0) <= PATIENCE_S else None

    change_container(rehearsal, lambda server: _configure(server, {"distributed": True}))
    play(rehearsal, ends)


@fault(
    "sharded-on-gs",
    "somebody chose the loader for checkpoints that are sharded beforehand",
    pitfall="sharded-on-gs",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def sharded_on_gs(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""

    def ends(pod: Obj, _: Obj) -> End | None:
        uri = asked.model_uri(pod)
        sharded = asked.argument(pod, "--load-format") == "runai_streamer_sharded"
        if not sharded or not uri.startswith("gs://"):
            return None
        return End(
            (
                f"ValueError: Could not find checkpoint files '{uri}/"
                "model-rank-0-part-*.safetensors', only pre-sharded checkpoints are currently "
                "supported!",
            )
        )

    usual = "--load-format=runai_streamer"
    replace_argument(rehearsal, usual, f"{usual}_sharded")
    play(rehearsal, ends)


@fault(
    "merges-missing",
    "the server does not get a small file that the model's tokenizer needs",
    pitfall="merges-missing",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def merges_missing(rehearsal: Target) -> None:
    """Write an old release into the first Deployment; a later one mends it.

    Unverified: vllm-project/vllm issue 18016 names the file; the words are Python's own.
    """
    lost = "FileNotFoundError: [Errno 2] No such file or directory: '/tmp/tmp0xj3/merges.txt'"
    end = End((lost,))
    play_with_release(
        rehearsal, "v0.9.1", lambda pod: end if asked.release(pod) < GCS_FROM else None
    )
