"""A vLLM release in, what it takes out: read from the releases' own source, no cluster."""

from __future__ import annotations

import json
from bisect import bisect_left
from functools import cache
from importlib import resources
from typing import Any

from packaging.version import InvalidVersion, Version

_REUSED_BUFFERS = (
    "vllm-project/vllm#41749 (Nemotron-3-Nano-Omni), vllm-project/vllm#43163 (GLM-5.1-FP8)"
)
_STILL_OPEN = "vllm-project/vllm#56583 (GLM-5.3-Flash)"
_FIRST_WITH_GLM_5_3_FLASH = Version("0.30.0")


def covered() -> tuple[str, ...]:
    """Return the releases that were read, oldest first.

    Source: tools/vllm_versions. A release that the package index has no source of is not
    among them (0.15.0 and 0.15.1); it is answered for where both neighbours agree.
    """
    return tuple(_data()["covered"])


def accepts(version: str, flag: str) -> bool | None:
    """Say whether the release's API server knows a flag; None where that is not known.

    `flag` is one argument as it stands in a manifest: what follows "=", or a "." of nested
    keys, is left away, and "_" counts as "-", as vLLM itself reads it. It has to be the whole
    name: argparse takes a beginning of one, too, and this doesn't. None is the answer for a
    version outside the range, for no version at all, between two releases that differ, and for
    -O3 and its like, which vLLM rewrites before it reads its flags.

    Source: the release's own calls of add_argument.
    """
    name = flag.partition("=")[0].partition(".")[0]
    if name.startswith("-O"):
        return None
    if name.startswith("--"):
        name = name.replace("_", "-")
    answers = {name in _words(release, "flags") for release in _neighbours(version)}
    return answers.pop() if len(answers) == 1 else None


def flags(version: str) -> frozenset[str]:
    """Return the flags that the release's API server surely knows; none for an unknown version."""
    sets = [_words(release, "flags") for release in _neighbours(version)]
    return frozenset.intersection(*sets) if sets else frozenset()


def completed(version: str, flag: str) -> str:
    """Return the flag that begins so, where it is the only one; else what was given.

    Source: argparse, `allow_abbrev`, which vLLM's own parser leaves on.
    """
    known = flags(version)
    if flag in known:
        return flag
    fitting = [one for one in known if one.startswith(flag) and len(flag) > len("--")]
    return fitting[0] if len(fitting) == 1 else flag


def is_switch(version: str, flag: str) -> bool:
    """Say whether a flag takes no value: it has an opposite that begins with --no-."""
    opposite = flag.replace("--", "--no-", 1)
    known = flags(version)
    return opposite in known or (flag in known and flag.startswith("--no-"))


def loader_keys(version: str) -> frozenset[str]:
    """Return the keys that `--model-loader-extra-config` has for the streamer.

    Errors: LookupError for a version that is not known.
    Source: the release's runai_streamer_loader.py.
    """
    return _agreed(version, "loader_keys")


def refuses_unknown_keys(version: str) -> bool:
    """Say whether the server stops at another key; if not, it ignores it without a word.

    Errors: LookupError for a version that is not known.
    Source: the release's runai_streamer_loader.py; 0.24.0 is the first that refuses.
    """
    return "refuses unknown keys" in _agreed(version, "traits")


def streamer_requirement(version: str) -> str:
    """Return which runai-model-streamer the release asks for, as a requirement of pip.

    The extra `runai` and the official image ask for the same. It is a lower bound: what an
    image holds was the newest on the day that it was built.

    Errors: LookupError for a version that is not known.
    Source: the release's setup.py and docker/Dockerfile.
    """
    (requirement,) = _agreed(version, "streamer")
    return requirement


def cuda(version: str) -> str:
    """Return the CUDA in the release's official image, such as 13.0.3.

    Errors: LookupError for a version that is not known.
    Source: the release's docker/Dockerfile.
    """
    (found,) = _agreed(version, "cuda")
    return found


def loader_packages(version: str) -> frozenset[str]:
    """Return which packages of other loaders the release's official image has.

    Errors: LookupError for a version that is not known.
    Source: the release's requirements/cuda.txt; fastsafetensors and tensorizer are looked for.
    """
    return _agreed(version, "loader_packages")


def log_lines(version: str) -> frozenset[str]:
    """Return how the release's lines about its start begin, of those that a reader waits for.

    Errors: LookupError for a version that is not known.
    Source: the release's calls of its loggers.
    """
    return _agreed(version, "lines")


def corruption(version: str, *, distributed: bool, model: str = "") -> str:
    """Return the known reports of silently wrong weights, with the model of each; "" if none.

    `model` is an architecture as in config.json; where it is given, a report that concerns one
    family alone counts for that family only.

    Up to 0.21.0 the loader hands out buffers that the streamer fills again, so a model that
    keeps them until later has wrong weights: reported with distributed streaming on 0.20.0 and
    0.20.1, mended in 0.22.0, which copies. #56583 is open, and on a development build after
    that; it counts from the first release that has its model. Other models are not known to
    suffer, and "" is no proof: compare the answers with those of the default loader.

    Errors: LookupError for a version that is not known.
    Source: the issues named, and the loader in each release.
    """
    copies = "copies tensors" in _agreed(version, "traits")
    if not distributed:
        return ""
    if not copies:
        return _REUSED_BUFFERS
    concerned = not model or model.startswith("Glm")
    return _STILL_OPEN if concerned and Version(version) >= _FIRST_WITH_GLM_5_3_FLASH else ""


@cache
def _data() -> dict[str, Any]:
    text = resources.files("warmbook").joinpath("data", "vllm_versions.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def _words(release: str, fact: str) -> frozenset[str]:
    """Return what one covered release has of a fact."""
    order = covered()
    here = order.index(release)
    spans = ((span.split(".."), words) for span, words in _data()[fact].items())
    held = (w for (first, last), w in spans if order.index(first) <= here <= order.index(last))
    return frozenset(word for words in held for word in words)


def _neighbours(version: str) -> tuple[str, ...]:
    """Return the covered release itself, else the two around the version; none outside."""
    order = covered()
    try:
        wanted = Version(Version(version).public)  # 0.17.0+cu129 is built from 0.17.0
    except InvalidVersion:
        return ()
    place = bisect_left(order, wanted, key=Version)
    if place < len(order) and Version(order[place]) == wanted:
        return (order[place],)
    return order[place - 1 : place + 1] if 0 < place < len(order) else ()


def _agreed(version: str, fact: str) -> frozenset[str]:
    """Return what the version has of a fact, where all that is known of it agrees."""
    answers = {_words(release, fact) for release in _neighbours(version)}
    if len(answers) != 1:
        raise LookupError(f"vLLM {version}: {fact} not known")
    return answers.pop()
