"""Which model server a container starts: told by what it runs, else by its image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import takewhile

from .commands import Command, is_option, lost_words, program
from .environment import Environment
from .images import DYNAMO, KSERVE, SGLANG, VLLM, Image
from .shell_script import OnCondition
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
    lost: list[Word] = field(default_factory=list)
    """Options that stand where the server does not get them."""
    perhaps: bool = False
    """Whether a condition decides that it runs, and not another one."""
    joined: bool = False
    """Whether the container joins a cluster of Ray's, whose other Pods it may use."""


def starts(commands: list[Command], image: Image, *, entrypoint: bool) -> list[Start]:
    """Return the servers that commands start.

    With `entrypoint` the words are arguments of the program that the image itself names.
    """
    joined = any(_joins_ray(command) for command in commands)
    found = [
        replace(
            one,
            lost=_lines_of_options(commands[at + 1 :]),
            perhaps=isinstance(command, OnCondition),
            joined=joined,
        )
        for at, command in enumerate(commands)
        if (one := _start(command)) is not None
    ]
    if len(found) == 1:
        return [replace(found[0], perhaps=False)]
    if found or not entrypoint or not image.server or image.server == SGLANG:
        return found
    words = commands[0] if commands else []
    if words and not _looks_like_arguments(words):
        return []
    return [Start(image.server, words[1:] if words and words[0].text == "serve" else words)]


def with_lost(found: list[Start], words: list[Word], environment: Environment) -> list[Start]:
    """Return the servers that a container's words start, the last with what the shell drops."""
    if not (found and (lost := lost_words(words, environment))):
        return found
    return [*found[:-1], replace(found[-1], lost=[*found[-1].lost, *lost])]


def _lines_of_options(commands: list[Command]) -> list[Word]:
    """Return the options that a shell takes for commands, as after a line without its backslash."""
    lines = takewhile(lambda command: is_option(command[0]), commands)
    return [word for command in lines for word in command if is_option(word)]


def other_server(commands: list[Command], image: Image) -> str:
    """Return the name of a model server whose arguments are not judged, "" for none."""
    told = (_OTHERS.get(program(command[0])) for command in commands if command)
    return next(filter(None, told), image.other)


def _joins_ray(command: Command) -> bool:
    """Say whether a command makes or joins a cluster. Source: vLLM, multi-node-serving.sh."""
    return len(command) > 1 and program(command[0]) == "ray" and command[1].text == "start"


def _looks_like_arguments(words: list[Word]) -> bool:
    first = words[0]
    is_model = not first.sure or "/" in first.text.lstrip("/")
    return first.text.startswith("-") or first.text == "serve" or is_model


def _start(command: Command) -> Start | None:
    if not command or program(command[0]) in _ONLY_NAMES:
        return None
    for at, word in enumerate(command):
        following = command[at + 1].text if at + 1 < len(command) else ""
        if engine := _VERBS.get((program(word), following)):
            return Start(engine, command[at + 2 :])
        module = following if word.text == "-m" else ""
        verb = command[at + 2].text if at + 2 < len(command) else ""
        if (module, verb) == ("vllm.entrypoints.cli.main", "serve"):
            return Start(VLLM, command[at + 3 :])
        if engine := _MODULES.get(module):
            return Start(engine, command[at + 2 :], serves=False)
        if word.text.endswith("vllm/entrypoints/openai/api_server.py"):
            return Start(VLLM, command[at + 1 :], serves=False)
    return None
