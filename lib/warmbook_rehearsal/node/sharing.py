"""A cache for every user of a machine, and one for a machine without internet."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..installer import CommandError, PipConfig, download
from ..installer.progress import Tell
from .builds import EngineError
from .image import LOCKS, Locks, find_torch
from .model import DRAFT
from .model import LOCK as MODEL_LOCK

OTHERS_READ, OTHERS_ENTER = stat.S_IROTH, stat.S_IXOTH
EVERYONE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
ENTER = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def check_python_for_others(cache: Path) -> None:
    """Refuse to build for others with an interpreter that they can't run.

    A cache that lies where nobody else can enter is for its owner alone: any Python serves.

    Raises:
        EngineError: The interpreter lies in a folder that is closed to others.
    """
    if _closed(cache.resolve().parent):
        return
    python = Path(sys.executable).resolve()
    if closed := _closed(python) or _closed(Path(sys.base_prefix).resolve()):
        raise EngineError(
            f"The engine would need {python}, which other users can't run: {closed} is closed "
            "to them.\n  → Build with a Python that everybody can run: make clean, then "
            "make setup PYTHON=/usr/bin/python3. A cache for you alone needs no --build: make "
            "rehearse makes it."
        )


def _closed(path: Path) -> Path | None:
    """Return the first part of a path that others can't enter (or, at its end, can't read)."""
    for part in (*reversed(path.parents), path):
        needed = OTHERS_ENTER if part != path or part.is_dir() else OTHERS_READ
        if part.exists() and not part.stat().st_mode & needed:
            return part
    return None


def share(cache: Path) -> None:
    """Let everybody read and run what is in the cache; what belongs to others stays as it is."""
    for path in (cache, *_everything(cache)):
        if path.is_symlink() or path.stat().st_uid != os.geteuid():
            continue
        mode = path.stat().st_mode
        wanted = mode | EVERYONE
        if path.is_dir() or mode & stat.S_IXUSR:
            wanted |= ENTER
        if wanted != mode:
            path.chmod(stat.S_IMODE(wanted))


def _everything(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent) / name for name in (*folders, *files))


def prune(cache: Path) -> list[Path]:
    """Remove engines of other locks, and what builds that were cut off have left.

    Engines of this lock for other Pythons stay. Returns what was removed.
    """
    kept = f"engine-{LOCKS.digest}-"
    old = [path for path in cache.glob("engine-*") if not path.name.startswith(kept)]
    left = [*cache.glob(f"{kept}*.downloads"), *(cache / "models").glob(f"{DRAFT}*")]
    return list(_removed([*old, *left]))


def _removed(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
            else:
                continue
        except OSError as error:
            raise EngineError(f"{path} can't be removed: {error.strerror}.") from None
        yield path


def export(
    folder: Path, tell: Tell, *, locks: Locks = LOCKS, others: Iterable[Path] = (MODEL_LOCK,)
) -> None:
    """Download all that a machine without internet needs into a folder of wheels.

    `others` are locks beside the engine's: the model's, and in a checkout the workbook's.

    Raises:
        EngineError: A package can't be had, or the folder can't be written.
    """
    config, what = PipConfig.read(), f"Downloading the packages into {folder}"

    def fetch(lock: Path, places: PipConfig) -> None:
        download(lock, folder, places, lambda: tell(what, None))

    try:
        folder.mkdir(parents=True, exist_ok=True)
        tell(what, 0.0)
        find_torch(config, lambda places: fetch(locks.torch, places))
        for lock in (locks.rest, *others):
            fetch(lock, config)
    except OSError as error:
        raise EngineError(f"{folder} can't be written: {error.strerror}.") from None
    except CommandError as error:
        raise EngineError(
            f"The packages could not be downloaded:\n{error}\n"
            "  → Check the network and the proxy (HTTPS_PROXY), then start again."
        ) from None
    tell(what, 1.0)
