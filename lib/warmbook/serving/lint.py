"""A manifest that somebody wrote, checked against what its vLLM release takes; sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from packaging.version import Version

from .. import limited_yaml
from ..cloud.gke import ACCELERATOR, DRIVER
from ..errors import SettingsError
from ..model.faults import Finding
from ..model.fit import limit_refusal
from ..model.inspect import Inspection
from ..settings import OLDEST_VLLM, model_uri
from ..texts import say
from . import gpu_driver, vllm_releases
from .guide_manifest import GPU
from .vllm_container import VllmContainer, as_list, as_map

_IMAGE = re.compile(r"vllm[^:]*:v?(\d+\.\d+\.\d+)")
_LONGEST_IMAGE = 1000
"""Characters; the pattern above takes quadratic time. A registry takes 255 and a tag of 128."""
_OLDEST = Version(".".join(map(str, OLDEST_VLLM)))


def lint(
    text: str, inspect: Callable[[str], Inspection | None] = lambda uri: None
) -> list[Finding]:
    """Return what is wrong with the vLLM servers in a YAML text, the worst first.

    `inspect` sees through the model at an address; what only the model tells is left out without.

    Raises:
        SettingsError: It is no YAML, or no vLLM container is in it.
    """
    servers = [server for document in _documents(text) for server in _servers(document)]
    if not servers:
        raise SettingsError(
            say("There is no vLLM container in it."),
            remedy=say("Name a file with a Deployment, a Job or a Pod that runs vLLM."),
        )
    checks = (_version, _arguments, _streamer, _keys, _gpus, _driver, _pod)
    found = [one for server in servers for check in checks for one in check(server)]
    found += [one for server in servers for one in _memory_limit(server, inspect)]
    return sorted(found, key=lambda finding: finding.severity != "error")


def _documents(text: str) -> list[dict[str, Any]]:
    """Return the objects of a YAML text, one for each document.

    Raises:
        SettingsError: It is no YAML, or beyond what is read of it.
    """
    try:
        read = limited_yaml.documents(text, kubernetes=True)
    except limited_yaml.YamlSyntaxError as error:
        what = say("It is not YAML: {reason}", reason=error.problem)
        raise SettingsError(what, remedy=say("Correct the file, then try again.")) from None
    except limited_yaml.YamlError as error:
        what = say("The YAML is not read: {reason}.", reason=error.reason)
        remedy = say("Leave only the servers in it, written without aliases.")
        raise SettingsError(what, remedy=remedy) from None
    return [one for one in read if isinstance(one, dict)]


def _servers(document: Mapping[str, Any]) -> Iterator[VllmContainer]:
    spec = as_map(document.get("spec"))
    pod = as_map(as_map(spec.get("template")).get("spec")) or spec
    for container in map(as_map, as_list(pod.get("containers"))):
        image = str(container.get("image") or "")[:_LONGEST_IMAGE]
        told = _IMAGE.search(image)
        if "vllm" in image:
            yield VllmContainer(document, pod, container, told[1] if told else "")


def _version(server: VllmContainer) -> Iterator[Finding]:
    if not server.version:
        yield Finding(
            "version unknown",
            str(server.container.get("image")),
            say("Its tag does not tell which vLLM this is, so its flags were not checked."),
            say("Name a release, such as vllm/vllm-openai:v0.32.0."),
            "warning",
        )
    elif Version(server.version) < _OLDEST:
        yield Finding(
            "too old",
            f"vLLM {server.version}",
            say("Its image has no part of the streamer that reads Cloud Storage."),
            say("Take vLLM {version} or later.", version=_OLDEST),
            pitfall="gcs-support-missing",
        )


def _arguments(server: VllmContainer) -> Iterator[Finding]:
    """Look for words that are no text, and for flags that the release refuses."""
    for word in server.words:
        if not isinstance(word, str):
            yield Finding(
                "no text",
                json.dumps(word, default=str),
                say("Kubernetes refuses the manifest: an argument must be text."),
                say("Put the whole argument in quotes: YAML read a map or a number."),
                pitfall="argument-is-a-map",
            )
        elif word.startswith("--") and vllm_releases.accepts(server.version, word) is False:
            yield Finding(
                "flag refused",
                word.partition("=")[0],
                say("vLLM {version} stops at once.", version=server.version),
                say("Leave it out."),
                pitfall="flag-removed",
            )


def _streamer(server: VllmContainer) -> Iterator[Finding]:
    """Look at the model's address and at who loads it."""
    model = server.option("--model")
    if not model.lower().startswith("gs://"):
        return
    try:
        model_uri(model)
    except SettingsError as error:
        pitfall = "" if model.startswith("gs://") else "scheme-uppercase"
        yield Finding("address", model, error.what, error.remedy, pitfall=pitfall)
    load_format = server.option("--load-format") or "auto"
    if load_format not in ("auto", "runai_streamer"):
        yield Finding(
            "load format",
            f"--load-format={load_format}",
            say("This loader does not read gs:// addresses."),
            say("Write --load-format=runai_streamer."),
            pitfall="sharded-on-gs" if "sharded" in load_format else "load-format",
        )
    if not server.pod.get("serviceAccountName"):
        yield Finding(
            "no service account",
            "serviceAccountName",
            say("The Pod is nobody that the bucket knows: 403."),
            say("Name the service account that has the two roles on the bucket."),
        )


def _memory_limit(
    server: VllmContainer, inspect: Callable[[str], Inspection | None]
) -> Iterator[Finding]:
    """Hold the streamer's memory limit against the model's largest tensor."""
    limit = server.memory_limit
    seen = inspect(server.option("--model")) if limit > 0 else None
    if not (seen and seen.largest):
        return
    largest, header = seen.largest.size_bytes, seen.longest_header_bytes
    shared = (server.loader_config or {}).get("distributed") is True
    shared = shared and server.tensor_parallel_size > 1
    # an image's tag doesn't tell its streamer: the older one refuses whatever the newer one does
    words = limit_refusal(limit, largest, header_bytes=header, shared=shared, streamer="0.16")
    if not words:
        return
    sure = limit_refusal(limit, largest, header_bytes=header, shared=shared)
    happens = say("The streamer stops: «{words}».", words=words)
    if not sure:
        happens = say("Before 0.17 the streamer stops: «{words}».", words=words)
    yield Finding(
        "memory limit",
        f"memory_limit {limit}",
        happens,
        say("Give it room for {name}, or leave the limit out.", name=seen.largest.name),
        "error" if sure else "warning",
        pitfall="memory-limit-below-tensor",
    )


def _keys(server: VllmContainer) -> Iterator[Finding]:
    """Look at what the streamer is told by --model-loader-extra-config."""
    text, config = server.option("--model-loader-extra-config"), server.loader_config
    if not text:
        return
    if config is None:
        yield Finding(
            "loader config",
            text,
            say("vLLM stops: this is no JSON object."),
            say("Write it like {example}, in quotes.", example='{"distributed":true}'),
        )
        return
    try:
        known = vllm_releases.loader_keys(server.version)
        refuses = vllm_releases.refuses_unknown_keys(server.version)
        reports = vllm_releases.corruption(server.version, distributed=_shares(server, config))
    except LookupError:
        return
    for key in sorted(config.keys() - known):
        yield Finding(
            "loader key",
            key,
            say("vLLM stops: it does not know this key.")
            if refuses
            else say("vLLM ignores this key without a word."),
            say("It knows {keys}.", keys=", ".join(sorted(known))),
            "error" if refuses else "warning",
            pitfall="loader-key-unknown",
        )
    if reports:
        yield Finding(
            "corruption",
            '"distributed":true',
            say("There are reports of silently wrong weights: {reports}.", reports=reports),
            say("Compare its answers with those of the default loader, or leave it out."),
            "warning",
            pitfall="weights-corrupted",
        )


def _shares(server: VllmContainer, config: Mapping[str, Any]) -> bool:
    return config.get("distributed") is True and server.tensor_parallel_size > 1


def _gpus(server: VllmContainer) -> Iterator[Finding]:
    resources = as_map(server.container.get("resources"))
    limits, requests = (as_map(resources.get(part)) for part in ("limits", "requests"))
    if not server.gpus:
        yield Finding(
            "no gpu",
            GPU,
            say("The Pod gets no GPU: the server does not start."),
            say("Put {name} under resources.limits.", name=GPU),
        )
    elif str(requests.get(GPU, limits[GPU])) != str(limits[GPU]):
        yield Finding(
            "gpu requests",
            f"{requests[GPU]} / {limits[GPU]}",
            say("Kubernetes refuses the manifest: requests and limits of GPUs must be equal."),
            say("Write the same number twice."),
        )
    if server.tensor_parallel_size > max(1, server.gpus):
        yield Finding(
            "tensor parallel",
            f"--tensor-parallel-size={server.tensor_parallel_size}",
            say("The Pod has {count} GPU(s): vLLM stops.", count=server.gpus),
            say("Give the Pod as many GPUs, or lower the size."),
        )
    if ACCELERATOR not in as_map(server.pod.get("nodeSelector")):
        yield Finding(
            "no accelerator",
            ACCELERATOR,
            say("Autopilot does not know which GPU is meant, and adds no node."),
            say("Put it under nodeSelector, such as nvidia-l4."),
            "warning",
        )


def _driver(server: VllmContainer) -> Iterator[Finding]:
    """Look whether the image's CUDA runs on the driver that the node will have."""
    # vLLM's releases have a variant with CUDA 12, whose tag says so
    newer = gpu_driver.suffices(server.version) is False and "cu12" not in server.image
    if newer and as_map(server.pod.get("nodeSelector")).get(DRIVER) != "latest":
        yield Finding(
            "driver",
            f"vLLM {server.version}",
            say("Its CUDA needs a newer driver than GKE's default: the server ends at its start."),
            say("Put {label}: latest under nodeSelector.", label=DRIVER),
            "warning",
            pitfall="driver-too-old",
        )


def _pod(server: VllmContainer) -> Iterator[Finding]:
    mounts = [
        as_map(mount).get("mountPath") for mount in as_list(server.container.get("volumeMounts"))
    ]
    if server.tensor_parallel_size > 1 and "/dev/shm" not in mounts:
        yield Finding(
            "no shm",
            "/dev/shm",
            say("The processes of several GPUs meet there, and 64 MiB are too few."),
            say("Mount an emptyDir with medium Memory."),
            "warning",
            pitfall="shm-too-small",
        )
    if not server.container.get("startupProbe"):
        yield Finding(
            "no startup probe",
            "startupProbe",
            say("A liveness probe would end a long load, and nothing tells a slow start apart."),
            say("Give it 30 s and 60 tries of 10 s, as the guide does."),
            "warning",
        )
    strategy = as_map(as_map(server.owner.get("spec")).get("strategy")).get("type", "RollingUpdate")
    if server.owner.get("kind") == "Deployment" and strategy == "RollingUpdate":
        yield Finding(
            "rolling update",
            "strategy: RollingUpdate",
            say("A change starts a new Pod first: it waits until a second GPU is to be had."),
            say("Where GPUs are scarce, write strategy: Recreate."),
            "warning",
            pitfall="second-gpu-for-update",
        )
