"""What a Pod's process has in place of the cloud's: each substitution in one place, and told.

The manifest's own command, arguments and variables are run as they are written, but for these.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .image import Image
from .port_guard import SOCKET, Port
from .programs import program_of
from .variables import expanded

Obj = dict[str, Any]

MODULE = "vllm.entrypoints.openai.api_server"
ENTRYPOINT = ["vllm", "serve"]
"""What the vllm/vllm-openai images run where the manifest gives no command."""
OTHERS = ["sh"]
"""What stands for any other image's own command; its arguments are run by themselves."""

LONGEST_TMPDIR = 60
"""Characters: vLLM puts its sockets there, and a socket's whole path may have 107."""

QUICK = Path(__file__).with_name("quick.py")
QUICK_MODULES = Path(__file__).with_name("quick_modules")
"""Where Python finds the quick engine's `vllm`."""
EVERYWHERE = "0.0.0.0"
DEFAULT_PORT = "8000"
"""Of vLLM's server."""
TENSOR_PARALLEL = re.compile(r"^(--tensor-parallel-size|-tp)$")
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
"""What a Pod gets of this machine's own variables: no secrets, no proxy."""


@dataclass(frozen=True)
class Command:
    """What is started for a container: its words, its variables, and what was substituted.

    `port` is where its server is found, if it has one behind a socket.
    """

    words: list[str]
    environ: dict[str, str]
    notes: list[str]
    port: Port | None = None


def command_for(
    container: Obj,
    declared: Mapping[str, str],
    image: Image,
    address: str,
    folder: Path,
    services: Mapping[str, str],
    *,
    engine: str,
) -> Command:
    """Return what stands for a container on this machine.

    `services` are the variables that point the Pod at Google's services here; the container's
    own, `declared`, come after them and win, as in a cluster.
    """
    notes: list[str] = []
    words = [expanded(word, declared) for word in _words(container, image)]
    environ = {**_machine(image), **_guest(folder, address), **services}
    port = None
    if program := program_of(image.programs, container["image"]):
        environ |= program.environ()
        notes += [program.note] if program.note else []
    if served := _server_at(words):
        environ |= {**_vllm(folder, image), "RUNAI_STREAMER_LOG_TO_STDERR": "1"}
        words, notes = _server(words, served, image, address, engine)
        words, port, behind = _behind_a_socket(words, address)
        notes += behind
    elif "vllm" in container["image"]:
        # a Job of vLLM's image has the machine to itself: servers share it
        environ |= {**_vllm(folder, image), "OMP_NUM_THREADS": str(os.cpu_count() or 1)}
        if engine == "quick":
            environ["PYTHONPATH"] = str(QUICK_MODULES)
            notes.append("the quick engine stands for vLLM's Python: it reads, and answers nothing")
    return Command(words, {**environ, **declared}, notes, port)


def _words(container: Obj, image: Image) -> list[str]:
    command, arguments = container.get("command") or [], container.get("args") or []
    if program := program_of(image.programs, container["image"]):
        return program.words(command, arguments) or OTHERS
    if not command and "vllm" in container["image"]:
        command = ENTRYPOINT
    return [*command, *arguments] or OTHERS


def _server_at(words: list[str]) -> int:
    """Return how many words name vLLM's server, with what starts it; 0 if it is not that."""
    if words[:2] == ENTRYPOINT:
        return 2
    if len(words) > 2 and words[1:3] == ["-m", MODULE] and words[0].startswith("python"):
        return 3
    return 0


def _server(
    words: list[str], named: int, image: Image, address: str, engine: str
) -> tuple[list[str], list[str]]:
    """Return vLLM's command for this machine, and what is different about it."""
    program, arguments, notes = words[:named], words[named:], []
    if _replaced(arguments, re.compile("^--host$"), EVERYWHERE, address):
        notes.append(f"--host={EVERYWHERE} is --host={address}, the Pod's own loopback address")
    if engine == "quick":
        program = [str(image.python), str(QUICK)]
        notes.append("the quick engine stands for vLLM: it streams the weights, answers no chat")
        return [*program, *arguments], notes
    if wanted := _replaced(arguments, TENSOR_PARALLEL, None, "1"):
        notes.append(f"--tensor-parallel-size={wanted} is 1: there is no GPU to share the model")
    if "--enforce-eager" not in arguments:
        arguments = [*arguments, "--enforce-eager"]
        notes.append("--enforce-eager is added: compiling would take this CPU a minute")
    notes.append(
        "the engine core does its own work (VLLM_ENABLE_V1_MULTIPROCESSING=0) "
        "and vLLM's model inspection is kept from the image's making: half the start"
    )
    return [*program, *arguments], notes


def _behind_a_socket(words: list[str], address: str) -> tuple[list[str], Port | None, list[str]]:
    """Let the server listen where only this user comes; return where its clients find it.

    A server that is told to listen on a socket stays there, and one with an unfit port says so.
    """
    host, port = _value(words, "--host"), _value(words, "--port") or DEFAULT_PORT
    if _value(words, "--uds") or not (port.isascii() and port.isdecimal() and int(port) < 65536):
        return words, None, []
    found = Port(address if host in ("", EVERYWHERE, "::") else host, int(port))
    note = (
        f"--uds={SOCKET} is added: {found.host}:{found.number} leads to it, "
        "and takes no connection of this machine's other users"
    )
    return [*words, f"--uds={SOCKET}"], found, [note]


def _value(arguments: list[str], option: str) -> str:
    """Return an option's value, given as `--a=b` or `--a b`; the last one counts, as in vLLM."""
    found = ""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else following
    return found


def _replaced(arguments: list[str], option: re.Pattern[str], old: str | None, new: str) -> str:
    """Replace an option's value in place, `--a=b` or `--a b`; return the old one if it was.

    `old` None stands for every value but the new one.
    """
    for at, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if not option.match(name):
            continue
        if not equals:
            value = arguments[at + 1] if at + 1 < len(arguments) else ""
        if value == new or (old is not None and value != old):
            return ""
        arguments[at if equals else at + 1] = f"{name}={new}" if equals else new
        return value
    return ""


def _machine(image: Image) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # python3, pip and vllm in a manifest mean the image's
    kept["PATH"] = f"{image.python.parent}:{kept.get('PATH', os.defpath)}"
    return kept


def _guest(folder: Path, address: str) -> dict[str, str]:
    """Return what makes any process a good guest: files in its folder, no foreign network."""
    short = len(str(folder)) <= LONGEST_TMPDIR
    return {
        "HOME": str(folder),
        **({"TMPDIR": str(folder)} if short else {}),
        "HOSTNAME": address,
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "NO_PROXY": "127.0.0.0/8,localhost",
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // 2)),
    }


def _vllm(folder: Path, image: Image) -> dict[str, str]:
    """Return vLLM's own variables.

    Source: vLLM 0.32.0, envs.py; the effect of each was measured on two cores.
    """
    return {
        "VLLM_ASSETS_CACHE": str(folder / "assets"),
        "VLLM_CACHE_ROOT": str(image.vllm_cache),
        "VLLM_NO_USAGE_STATS": "1",
        # GiB; without it vLLM takes a large share of the machine's memory
        "VLLM_CPU_KVCACHE_SPACE": "1",
        # else vLLM looks for an address of this machine's network and listens there
        "VLLM_HOST_IP": "127.0.0.1",
        # one process fewer to import all of PyTorch: 14 s of 42 s
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        # else every Pod binds itself to the same first core
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
