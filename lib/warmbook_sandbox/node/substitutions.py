"""What a Pod's process has in place of the cloud's: each substitution in one place, and told.

The manifest's own command and arguments run as they are written, but for these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .image import Image

SERVER = "vllm.entrypoints.openai.api_server"
QUICK = Path(__file__).with_name("quick.py")
ANYWHERE = "--host=0.0.0.0"


@dataclass(frozen=True)
class Process:
    """What is started for a container: its words, its variables, and what was substituted."""

    words: list[str]
    environ: dict[str, str]
    told: list[str] = field(default_factory=list)


def process_for(
    container: dict[str, Any], image: Image, address: str, folder: Path, *, engine: str
) -> Process:
    """Return the process that stands for the container on this machine."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    told: list[str] = []
    if words and words[0] in ("python3", "python"):
        words[0] = str(image.python)
    if SERVER in words:
        words, told = _server(words, address, engine)
    environ = {**engine_environment(folder), **_declared(container)}
    return Process(words, environ, told)


def _server(words: list[str], address: str, engine: str) -> tuple[list[str], list[str]]:
    told = []
    if ANYWHERE in words:
        words = [f"--host={address}" if word == ANYWHERE else word for word in words]
        told.append(f"the server listens on the Pod's own loopback address {address}")
    if engine == "quick":
        at = words.index(SERVER)
        words = [*words[: at - 1], str(QUICK), *words[at + 1 :]]
        told.append("the quick engine stands for vLLM: it streams and answers no chat")
    elif "--enforce-eager" not in words:
        words = [*words, "--enforce-eager"]
        told.append("--enforce-eager is added: this CPU compiles no graphs")
    return words, told


def engine_environment(folder: Path) -> dict[str, str]:
    """Return the variables that make the engine a good guest on one machine."""
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "VLLM_ASSETS_CACHE": str(folder / "assets"),
        "VLLM_CACHE_ROOT": str(folder / "vllm"),
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        # GiB; without it vLLM takes a large share of the machine's memory
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }


def _declared(container: dict[str, Any]) -> dict[str, str]:
    return {
        entry["name"]: str(entry["value"])
        for entry in container.get("env") or ()
        if "value" in entry
    }
