"""What the workbook's Deployment does better than the guide's, each change with its reason."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator

from ..cloud.gke import DRIVER, SPOT, ZONE
from ..errors import MissingError
from ..model import fit
from ..model.load_estimate import guide_rate
from ..model.safetensors import LARGEST_HEADER_BYTES
from ..settings import Settings
from ..texts import say
from ..units import duration, size
from . import gpu_driver, guide_manifest
from .draft import Draft, Improvement, Needs
from .guide_manifest import MANAGED_BY, Manifest

START_S, COMPILE_S = 90, 160
"""How long vLLM takes before the weights and after them, at worst; Google measured 60 to 90
and 80 to 160 s. Source: accelerated-platforms, vllm-with-runai-model-streamer (2026-10-01)."""

GUIDE_TRIES = 60
SPOT_GRACE_S = 25
"""What a Spot Pod gets at most. Source: GKE, "Run fault-tolerant workloads in Spot Pods"."""

_LOADER = "--model-loader-extra-config"
_SERVED = "--served-model-name"


Change = Callable[[Draft], Iterator[Improvement]]


def deployment(settings: Settings, needs: Needs | None = None) -> Manifest:
    """Return the Deployment for these choices; without `needs`, what depends on them is left out.

    Source: guide, "Implementa vLLM con Run:ai Model Streamer", with the changes that
    `improvements` names.
    """
    return _improved(settings, needs)[0].manifest


def improvements(settings: Settings, needs: Needs | None = None) -> tuple[Improvement, ...]:
    """Return how `deployment` differs from the guide's, in the order of the YAML."""
    return _improved(settings, needs)[1]


def _improved(settings: Settings, needs: Needs | None) -> tuple[Draft, tuple[Improvement, ...]]:
    draft = Draft(guide_manifest.as_in_the_guide(settings), settings, needs)
    return draft, tuple(named for change in CHANGES for named in change(draft))


def _labels(draft: Draft) -> Iterator[Improvement]:
    metadata = draft.manifest["metadata"]
    metadata["labels"] = dict(MANAGED_BY)
    yield Improvement("labels", say("marks the workbook's objects, so that cleanup finds them"))


def _strategy(draft: Draft) -> Iterator[Improvement]:
    chosen = draft.settings
    if chosen.mode == "standard" or chosen.spot or chosen.gpu_count > 1:
        spec = draft.manifest["spec"]
        draft.manifest["spec"] = {
            "replicas": spec.pop("replicas"),
            "strategy": {"type": "Recreate"},
        }
        draft.manifest["spec"] |= spec
        yield Improvement(
            "strategy: Recreate",
            say("a rolling update needs more GPUs first, and waits if there are none"),
        )


def _image(draft: Draft) -> Iterator[Improvement]:
    chosen = draft.settings
    if chosen.inference_server == "vllm" and chosen.vllm_version != guide_manifest.GUIDE_VLLM:
        draft.container["image"] = f"vllm/vllm-openai:v{chosen.vllm_version}"
        guides = guide_manifest.GUIDE_VLLM
        told = say("the guide has v{version}; your settings have another", version=guides)
        yield Improvement(f"image v{chosen.vllm_version}", told)


def _refused_flags(draft: Draft) -> Iterator[Improvement]:
    engine = draft.engine
    for word in filter(engine.refuses, list(draft.container["args"])):
        draft.take(word)
        told = say(
            "removed: {server} {version} rejects it", server=engine.name, version=engine.version
        )
        yield Improvement(word, told)


def _loader(draft: Draft) -> Iterator[Improvement]:
    """Tell the streamer what helps here: shared reading, and how many readers."""
    chosen, config, reason = draft.settings, dict[str, object](), ""
    if chosen.tensor_parallel_size == 1:
        reason = say("removed: with one GPU, there is nothing to distribute")
    elif reports := draft.engine.corrupts(draft.architecture):
        config["distributed"] = False
        reason = say("known issues report silently corrupted weights: {reports}", reports=reports)
    else:
        config["distributed"] = True
    if chosen.concurrency:
        config["concurrency"] = chosen.concurrency
    if config:
        draft.give(_LOADER, json.dumps(config, separators=(",", ":")))
    else:
        draft.take(_LOADER)
    if reason:
        yield Improvement('"distributed":true', reason)
    if chosen.concurrency:
        reason = say("readers that you chose; the streamer's default is 8")
        yield Improvement(f'"concurrency":{chosen.concurrency}', reason)


def _context(draft: Draft) -> Iterator[Improvement]:
    if length := draft.settings.max_model_len:
        flag = draft.engine.context_flag
        draft.give(flag, length)
        yield Improvement(f"{flag}={length}", say("leaves GPU memory for the KV cache"))


def _name(draft: Draft) -> Iterator[Improvement]:
    name = draft.settings.served_name
    if draft.settings.inference_server == "sglang":
        draft.give(_SERVED, name)
        told = say("a short name for requests")
    else:
        draft.container["args"] += [_SERVED, name, draft.settings.model_uri]
        told = say("a short name for requests; the full address still works")
    yield Improvement(f"{_SERVED} {name}", told)


def _log(draft: Draft) -> Iterator[Improvement]:
    draft.let("RUNAI_STREAMER_LOG_TO_STDERR", 1)
    told = say("newer streamers log their line only with it")
    yield Improvement("RUNAI_STREAMER_LOG_TO_STDERR=1", told)


def _startup(draft: Draft) -> Iterator[Improvement]:
    """Give a large model the time that it takes at a third of the guide's rate."""
    if not draft.needs:
        return
    probe = draft.container["startupProbe"]
    load_s = draft.needs.weight_bytes / (guide_rate() / 3)
    wanted_s = START_S + load_s + COMPILE_S - probe["initialDelaySeconds"]
    tries = math.ceil(wanted_s / probe["periodSeconds"])
    if tries > GUIDE_TRIES:
        probe["failureThreshold"] = tries
        told = say(
            "the guide's ten minutes are too short for {size}: {time}, at a third of its rate",
            size=size(draft.needs.weight_bytes),
            time=duration(probe["initialDelaySeconds"] + tries * probe["periodSeconds"]),
        )
        yield Improvement(f"failureThreshold: {tries}", told)


def _memory(draft: Draft) -> Iterator[Improvement]:
    """Ask for the memory and the disk that the load takes, within what the machine has."""
    if not draft.needs:
        return
    host = _host(draft)
    wanted, room = host.memory_bytes, _room(draft)
    if room and wanted > room:
        limit = _limit(draft, host, room)
        wanted = room
        draft.let("RUNAI_STREAMER_MEMORY_LIMIT", limit)
        told = say(
            "the machine lacks memory for the streamer's 40 GB buffer; a smaller one is slower"
        )
        yield Improvement(f"RUNAI_STREAMER_MEMORY_LIMIT={limit}", told)
    requests = draft.container["resources"]["requests"]
    requests["memory"] = f"{wanted // fit.GIB}Gi"
    requests["ephemeral-storage"] = f"{math.ceil(host.ephemeral_bytes / fit.GIB)}Gi"
    told = say("the streamer's buffer, the server and /dev/shm; an estimate, no upper limit")
    yield Improvement(f"memory: {requests['memory']}", told)
    told = say("small files and compiled code; without a request, Autopilot allows 1 GiB")
    yield Improvement(f"ephemeral-storage: {requests['ephemeral-storage']}", told)


def _host(draft: Draft) -> fit.Host:
    chosen, needs = draft.settings, draft.needs
    assert needs
    return fit.host(
        needs.weight_bytes,
        needs.largest_tensor_bytes,
        chosen.tensor_parallel_size,
        distributed=draft.shared,
        streamer="0.16",  # an image's tag doesn't tell its streamer: this one takes most
    )


def _room(draft: Draft) -> int:
    """Return the whole GiB that Pods can have on the chosen machine; 0 where GKE chooses it."""
    if draft.settings.mode == "autopilot":
        return 0
    try:
        machine = fit.machine(draft.settings.machine_type)
    except MissingError:
        return 0
    return fit.allocatable(machine) // fit.GIB * fit.GIB


def _limit(draft: Draft, host: fit.Host, room: int) -> int:
    """Return the buffer of one process, in bytes, so that all of them fit."""
    assert draft.needs
    left = room - host.server_bytes - host.shm_bytes
    # the streamer stops where it can't hold a tensor or a header whole
    least = max(draft.needs.largest_tensor_bytes, LARGEST_HEADER_BYTES)
    return max(least, left // draft.settings.tensor_parallel_size)


def _shm(draft: Draft) -> Iterator[Improvement]:
    shm = fit.estimate("shm").high * draft.settings.gpu_count
    limit = f"{shm // fit.GIB}Gi"
    draft.pod["volumes"][0]["emptyDir"]["sizeLimit"] = limit
    told = say("/dev/shm counts as the Pod's memory, so its size is limited")
    yield Improvement(f"sizeLimit: {limit}", told)


def _driver(draft: Draft) -> Iterator[Improvement]:
    """Have the node run the driver that the image's CUDA needs, where the default is too old.

    Source: the node label in Google's own samples, kubernetes-engine-samples
    ai-ml/llm-serving-gemma.
    """
    if gpu_driver.chosen(draft.settings) == "latest":
        draft.pod["nodeSelector"][DRIVER] = "latest"
        told = say("GKE's default driver is too old for the CUDA of newer images")
        yield Improvement(f"{DRIVER}: latest", told)


def _place(draft: Draft) -> Iterator[Improvement]:
    chosen, selector = draft.settings, draft.pod["nodeSelector"]
    if chosen.zone:
        selector[ZONE] = chosen.zone
        told = say("keeps the Pods in one zone, where the cache is")
        yield Improvement(chosen.zone, told)
    if chosen.spot:
        selector[SPOT] = "true"
        draft.pod["terminationGracePeriodSeconds"] = SPOT_GRACE_S
        told = say("cheaper machines, which Google can reclaim at any time")
        yield Improvement(f'{SPOT}: "true"', told)


_SGLANG_START = (
    'python3 -m pip install "runai-model-streamer[gcs]>=0.15.7" && '
    'exec python3 -m sglang.launch_server "$@"'
)
"""SGLang's images don't carry the part of the streamer that reads Cloud Storage.

Source: SGLang's documentation, "Loading Models from Object Storage"; its package's extra."""


def _sglang(draft: Draft) -> Iterator[Improvement]:
    """Turn the vLLM container into one of SGLang, which reads with the same streamer."""
    chosen = draft.settings
    if chosen.inference_server != "sglang":
        return
    words = [word.replace("--model=", "--model-path=", 1) for word in draft.container["args"]]
    draft.container.update(
        image=f"lmsysorg/sglang:v{chosen.sglang_version}",
        command=["bash", "-c", _SGLANG_START, "sglang"],
        args=words,
    )
    yield Improvement(
        f"SGLang v{chosen.sglang_version}",
        say("you chose it; at its start it installs the streamer, which its image lacks"),
    )


CHANGES: tuple[Change, ...] = (
    _labels,
    _strategy,
    _image,
    _refused_flags,
    _loader,
    _context,
    _name,
    _log,
    _startup,
    _memory,
    _shm,
    _driver,
    _place,
    _sglang,
)
