"""The two inference servers: what each calls an argument, and what its release can't take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..settings import Settings
from . import vllm_releases

_VLLM_ONLY = "--disable-log-requests"
"""The one argument of the guide's that SGLang has under no name."""


@dataclass(frozen=True)
class Engine:
    """A release of a server; `corrupts` takes an architecture and returns reports, "" if none."""

    name: str
    version: str
    context_flag: str
    refuses: Callable[[str], bool]
    corrupts: Callable[[str], str]


def chosen_engine(settings: Settings) -> Engine:
    """Return the server that the form chooses."""
    return _sglang(settings) if settings.inference_server == "sglang" else _vllm(settings)


def _vllm(settings: Settings) -> Engine:
    version = settings.vllm_version

    def corrupts(architecture: str) -> str:
        try:
            return vllm_releases.corruption(version, distributed=True, model=architecture)
        except LookupError:
            return ""

    return Engine(
        name="vLLM",
        version=version,
        context_flag="--max-model-len",
        refuses=lambda word: vllm_releases.accepts(version, word) is False,
        corrupts=corrupts,
    )


def _sglang(settings: Settings) -> Engine:
    return Engine(
        name="SGLang",
        version=settings.sglang_version,
        context_flag="--context-length",
        refuses=lambda word: word == _VLLM_ONLY,
        # the releases that the form takes mind that the streamer fills its memory again
        corrupts=lambda architecture: "",
    )
