"""Which model server a container starts: told by what it runs, else by its image."""

from __future__ import annotations

from dataclasses import dataclass

from .commands import Command, program
from .images import DYNAMO, KSERVE, SGLANG, VLLM, Image
from .words import Word

_MODULES = {
    "vllm.entrypoints.openai.api_server": VLLM,
    "vllm.entrypoints.api_server": VLLM,
    "vllm.entrypoints.openai.run_batch": "",
    "sglang.launch_server": SGLANG,
    "huggingfaceserver": KSERVE,
    "dynamo.vllm": DYNAMO,
    "dynamo.sglang": DYNAMO,
}
_VERBS = {("vllm", "serve"): VLLM, ("sglang", "serve"): SGLANG}
_OTHERS = {
    "text-generation-launcher": "Text Generation Inference",
    "tritonserver": "Triton",
    "trtllm-serve": "TensorRT-LLM",
    "ollama": "Ollama",
    "llama-server": "llama.cpp",
    "lmdeploy": "LMDeploy",
}
_ONLY_NAMES = frozenset(
    (
        *("echo", "printf", "pip", "pip3", "uv", "apt", "apt-get", "cat", "pgrep", "pkill"),
        *("kill", "curl", "grep", "test", "[", "[[", "which", "ls", "until", "command", "type"),
    )
)
"""Programs whose arguments name a server and start none."""


@dataclass(frozen=True)
class Start:
    """A server that a container starts: which one, and the words it gets."""

    engine: str
    words: list[Word]
    serves: bool = True
    """Whether it takes the model as its first word, as `vllm serve` does."""


def starts(commands: list[Command], image: Image, *, entrypoint: bool) -> list[Start]:
    """Return the servers that commands start.

    With `entrypoint` the words are arguments of the program that the image itself names.
    """
    found = [one for command in commands if (one := _start(command)) is not None]
    if found or not entrypoint or not image.server or image.server == SGLANG:
        return found
    words = commands[0] if commands else []
    if words and not _looks_like_arguments(words):
        return []
    return [Start(image.server, words)]


def other_server(commands: list[Command], image: Image) -> str:
    """Return the name of a model server whose arguments are not judged, "" for none."""
    told = (_OTHERS.get(program(command[0])) for command in commands if command)
    return next(filter(None, told), image.other)


def _looks_like_arguments(words: list[Word]) -> bool:
    first = words[0]
    return first.text.startswith("-") or not first.sure or "/" in first.text.lstrip("/")


def _start(command: Command) -> Start | None:
    if not command or program(command[0]) in _ONLY_NAMES:
        return None
    for at, word in enumerate(command):
        following = command[at + 1].text if at + 1 < len(command) else ""
        if engine := _VERBS.get((program(word), following)):
            return Start(engine, command[at + 2 :])
        module = following if word.text == "-m" else ""
        if engine := _MODULES.get(module):
            return Start(engine, command[at + 2 :], serves=False)
        if word.text.endswith("vllm/entrypoints/openai/api_server.py"):
            return Start(VLLM, command[at + 1 :], serves=False)
    return None
