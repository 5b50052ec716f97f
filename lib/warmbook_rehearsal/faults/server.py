"""What goes wrong with the server's container: its image, its arguments, its probe, its disk."""

from __future__ import annotations

import json
from typing import Any

from ..kubernetes import End
from .deployment import change_container, replace_argument
from .fault import DEPLOYMENT, Target, fault, is_server
from .mends import DEPLOY_AGAIN, OF_DEPLOYMENT, typed

Obj = dict[str, Any]

SLOW_MINUTES = 20.0
"""How much longer than usual a slow registry takes, in minutes of the cloud."""

OTHER_FORMAT = "--load-format=safetensors"
DISK = "ephemeral-storage"
AS_YAML_READS_IT = {'--model-loader-extra-config={"distributed"': "true}"}
"""The guide's argument with a space after its colon, and without quotes."""


@fault(
    "image-not-found",
    "the registry has no image of that name and release",
    pitfall="image-not-found",
    mend=typed(f"kubectl set image {OF_DEPLOYMENT} '*=vllm/vllm-openai:v0.11.1'"),
)
def image_not_found(rehearsal: Target) -> None:
    """Refuse the image that the first server asks for; another release is to be had.

    Source: forcedotcom/salesforcedx-docker issue 35, which quotes containerd's words.
    """
    refused: list[str] = []

    def refuse(pod: Obj) -> str:
        image = str(pod["spec"]["containers"][0]["image"])
        if is_server(pod) and not refused:
            refused.append(image)
        if image not in refused:
            return ""
        whole = f"docker.io/{image}"
        return (
            f'rpc error: code = NotFound desc = failed to pull and unpack image "{whole}": '
            f'failed to resolve reference "{whole}": {whole}: not found'
        )

    rehearsal.hang(lambda hooks: hooks.pull, refuse)


@fault(
    "image-pull-slow",
    "the registry is slow: the server's image takes far longer than usual",
    pitfall="image-pull-slow",
    passes=True,
)
def image_pull_slow(rehearsal: Target) -> None:
    """Let every server's image take SLOW_MINUTES more."""

    def slow(pod: Obj) -> float:
        return SLOW_MINUTES if is_server(pod) else 0.0

    rehearsal.hang(lambda hooks: hooks.slow, slow)


@fault(
    "argument-is-a-map",
    "somebody writes a space into the loader's configuration without quotes",
    pitfall="argument-is-a-map",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def argument_is_a_map(rehearsal: Target) -> None:
    """Send what YAML reads then, once; sending the manifest again mends it."""

    def has_no_server() -> bool:
        found = (d for one in rehearsal.clusters.running for d in one.store.list("Deployment"))
        return not any(is_server(one["spec"]["template"]) for one in found)

    once = rehearsal.once(has_no_server)

    def send(kind: str, body: Any) -> None:
        if kind == "Deployment" and once.due and (args := _arguments_sent(body)):
            once.done()
            args.append(dict(AS_YAML_READS_IT))

    rehearsal.hang(lambda hooks: hooks.sent, send)


def _arguments_sent(body: Any) -> list[Any]:
    """Return the server's arguments in what a client sends, [] where they are not."""
    try:
        template = body["spec"]["template"]
        args = template["spec"]["containers"][0]["args"] if is_server(template) else []
    except (AttributeError, IndexError, KeyError, TypeError):
        return []  # nothing has read it yet: it may be anything
    return args if isinstance(args, list) else []


@fault(
    "flag-removed",
    "somebody adds an old guide's flag to the server's arguments",
    pitfall="flag-removed",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def flag_removed(rehearsal: Target) -> None:
    """Add the flag to the first Deployment; sending the manifest again mends it."""
    change_container(
        rehearsal, lambda server: server.setdefault("args", []).append("--use-v2-block-manager")
    )


@fault(
    "loader-key-unknown",
    "somebody writes a key of another loader into the loader's configuration",
    pitfall="loader-key-unknown",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def loader_key_unknown(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""

    def change(server: Obj) -> None:
        config = {"enable_multithread_load": True}
        server.setdefault("args", []).append(f"--model-loader-extra-config={json.dumps(config)}")

    change_container(rehearsal, change)


@fault(
    "gs-uppercase",
    "somebody writes the scheme of the model's address in capital letters",
    pitfall="scheme-uppercase",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def gs_uppercase(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it."""
    replace_argument(rehearsal, "--model=gs://", "--model=GS://")


@fault(
    "wrong-load-format",
    "somebody configures the server to load the weights without the streamer",
    pitfall="load-format",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def wrong_load_format(rehearsal: Target) -> None:
    """Change the first Deployment; sending the manifest again mends it.

    The refusal is played, in the words of the guide's release: newer ones word it otherwise,
    and the quick engine has words of its own.
    """
    replace_argument(rehearsal, "--load-format=runai_streamer", OTHER_FORMAT)
    refusal = End(
        (
            "ValueError: To load a model from S3, 'load_format' must be 'runai_streamer' or "
            f"'runai_streamer_sharded', but got 'safetensors'. Model: {rehearsal.model_uri}",
        )
    )

    def ends(pod: Obj) -> End | None:
        words = pod["spec"]["containers"][0].get("args") or ()
        return refusal if is_server(pod) and OTHER_FORMAT in words else None

    rehearsal.hang(lambda hooks: hooks.end, ends)


@fault(
    "probe-too-short",
    "somebody shortens the server's startup time limit to one second",
    pitfall="probe-too-short",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def probe_too_short(rehearsal: Target) -> None:
    """Shorten the probe in the first Deployment, and let the server take a while longer."""

    def change(server: Obj) -> None:
        probe = {"httpGet": {"path": "/health", "port": 8000}}
        server["startupProbe"] = {**probe, "periodSeconds": 1, "failureThreshold": 1}
        server["command"], server["args"] = ["sh", "-c"], ["sleep 60"]

    change_container(rehearsal, change)


@fault(
    "evicted-storage",
    "somebody removes the server's disk request, and Autopilot's default of 1 GiB is too small",
    pitfall="ephemeral-storage",
    mend=DEPLOY_AGAIN,
    places=(DEPLOYMENT,),
)
def evicted_storage(rehearsal: Target) -> None:
    """Change the first Deployment; put each server out that asks for no disk.

    Source: Kubernetes, pkg/kubelet/eviction/helpers.go; Autopilot, "Resource requests".
    """
    said = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "

    def ends(pod: Obj) -> End | None:
        requests = (pod["spec"]["containers"][0].get("resources") or {}).get("requests") or {}
        out = is_server(pod) and DISK not in requests
        return End((), 137, evicted=said) if out else None

    def change(server: Obj) -> None:
        (server["resources"].get("requests") or {}).pop(DISK, None)

    change_container(rehearsal, change)
    rehearsal.hang(lambda hooks: hooks.end, ends)
