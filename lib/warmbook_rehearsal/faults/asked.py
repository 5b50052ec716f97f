"""What the server's Pod asks for: arguments, variables, its image's release, memory, files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from ..kubernetes.quantities import number

Obj = dict[str, Any]

GIB = 2**30
UNASKED_MEMORY = 2 * GIB
"""What Autopilot gives a container that asks for none, in bytes.

Source: Autopilot, "Resource requests", the defaults.
"""
UNASKED_SHM = 64 * 2**20
"""What a container has at /dev/shm where nothing is mounted, in bytes. Source: containerd."""
STREAMER_MEMORY = 40 * 10**9
"""How much each process of the streamer may hold unless it is told, in bytes."""
STREAMER_CONCURRENCY = 8
"""Its parallel readers of a bucket unless it is told."""
NEWEST = (10**6,)
"""The release of an image whose tag tells none."""


def server_of(pod: Obj) -> Obj:
    """Return the server's container of a Pod or of a Pod's template."""
    container: Obj = pod["spec"]["containers"][0]
    return container


def words(pod: Obj) -> list[str]:
    """Return the words of the server's command line; a line for a shell counts as its words."""
    container = server_of(pod)
    given = [*(container.get("command") or ()), *(container.get("args") or ())]
    return [word for one in given for word in _split(str(one))]


def _split(word: str) -> list[str]:
    if word.startswith("-") or not re.search(r"\s", word):
        return [word]
    try:
        return shlex.split(word)
    except ValueError:  # a quote without its other half
        return word.split()


def argument(pod: Obj, name: str) -> str:
    """Return an argument's last value, "" if it is not given; `_` and `-` are the same to vLLM."""
    return next(reversed([*_values(words(pod), name)]), "")


def _values(given: list[str], name: str) -> Iterator[str]:
    for word, following in zip(given, [*given[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag.replace("_", "-") == name:
            yield value if equals else following


def variable(pod: Obj, name: str) -> str:
    """Return a variable of the server's container, "" if it has no value there."""
    entries = server_of(pod).get("env") or ()
    return next((str(one.get("value") or "") for one in entries if one["name"] == name), "")


def model_uri(pod: Obj) -> str:
    """Return the address of the model, as the server gets it."""
    found = argument(pod, "--model") or argument(pod, "--model-path")
    return found or next((word for word in words(pod) if word.lower().startswith("gs://")), "")


def loader(pod: Obj) -> Obj:
    """Return the loader's configuration; {} where there is none that can be read."""
    try:
        config = json.loads(argument(pod, "--model-loader-extra-config"))
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def figure(pod: Obj, name: str, default: float) -> float:
    """Return an argument that is a number, `default` where it is none."""
    return _number(argument(pod, name), default)


def streamers(pod: Obj, key: str, default: float) -> float:
    """Return a figure of the streamer: of its configuration, else of its variable."""
    told = variable(pod, f"RUNAI_STREAMER_{key.upper()}")
    return _number(loader(pod).get(key, told), default)


def gpus(pod: Obj) -> int:
    """Return how many GPUs the server's container asks for."""
    limits = (server_of(pod).get("resources") or {}).get("limits") or {}
    return int(number(limits.get("nvidia.com/gpu", "0")))


def ranks(pod: Obj) -> int:
    """Return into how many parts the server divides the model, one for each GPU."""
    short = _number(argument(pod, "-tp"), 1)
    tensor = figure(pod, "--tensor-parallel-size", short)
    return int(tensor * figure(pod, "--pipeline-parallel-size", 1))


def _number(told: object, default: float) -> float:
    try:
        return float(str(told))
    except ValueError:
        return default


def release(pod: Obj) -> tuple[int, ...]:
    """Return the release that the image's tag tells: (0, 11, 1); NEWEST where it tells none."""
    found = re.search(r":v?(\d+(?:\.\d+)+)[^/]*$", str(server_of(pod).get("image", "")))
    return tuple(map(int, found[1].split("."))) if found else NEWEST


def memory_bytes(pod: Obj) -> int:
    """Return the memory that the container may take: its limit, or else what it asks for."""
    resources = server_of(pod).get("resources") or {}
    for kind in ("limits", "requests"):
        if asked := (resources.get(kind) or {}).get("memory"):
            return int(number(asked))
    return UNASKED_MEMORY


def shm_bytes(pod: Obj) -> int:
    """Return the room at /dev/shm: of what is mounted there, else a container's own."""
    mounts = server_of(pod).get("volumeMounts") or ()
    name = next((m["name"] for m in mounts if m["mountPath"].rstrip("/") == "/dev/shm"), None)
    volumes = {one["name"]: one for one in pod["spec"].get("volumes") or ()}
    if name not in volumes:
        return UNASKED_SHM
    limit = (volumes[name].get("emptyDir") or {}).get("sizeLimit")
    return int(number(limit)) if limit else memory_bytes(pod)


def open_files(pod: Obj, default: int) -> int:
    """Return how many files the server may open: what its shell sets, else `default`."""
    line = " ".join(words(pod))
    found = re.search(r"\bulimit(?: -[SH])* -[SH]*n (\d+|unlimited)", line)
    if not found:
        return default
    return int(found[1]) if found[1].isdigit() else 2**30
