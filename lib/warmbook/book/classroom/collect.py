"""Copy what learners made and measured to where a trainer can read it: no secret is among it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import SettingsError
from ...files import save, writing
from ...measure.runs.record import FILE
from ...texts import say
from .. import shipped
from .seats import SEATS, Seat, read_own

NOTEBOOK = ".ipynb"
RECORDS = (FILE, shipped.WORKBOOK)
MOST_BYTES = 500_000_000
"""Of a seat: nobody fills the trainer's disk."""


@dataclass(frozen=True)
class Collected:
    """What was copied of a seat."""

    seat: str
    folder: Path
    records: int
    """Also those from before a reset."""
    notebooks: int
    """Of the present work; every reset adds fresh copies, which say nothing."""
    skipped: tuple[str, ...] = ()
    """Files that could not be read, are not the learner's own, or are beyond MOST_BYTES."""


def prepare(target: Path, folder: Path) -> None:
    """Make the folder for what is copied of the class in `folder`, and try to write into it.

    Raises:
        SettingsError: It can't be written, or is among the seats of the class.
    """
    if target.resolve().is_relative_to((folder / SEATS).resolve()):
        raise SettingsError(
            say("{path} is among the seats of the class.", path=target),
            remedy=say("Choose a folder elsewhere, which no learner can write."),
        )
    with writing(target):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(tempfile.mkdtemp(dir=target, prefix=".")).rmdir()


def collect(one: Seat, target: Path) -> Collected:
    """Copy a seat's records and notebooks into `target`/NAME, in the place of an earlier copy.

    The copy appears whole or not at all. Links are not followed. `prepare` has made `target`.

    Raises:
        SettingsError: The target can't be written any more, such as a disk that is full.
    """
    with writing(target):
        draft = Path(tempfile.mkdtemp(dir=target, prefix=f".{one.name}-"))
        try:
            found = _copy(one, draft, target / one.name)
            _put(draft, target / one.name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return found


def _copy(one: Seat, draft: Path, home: Path) -> Collected:
    copied, skipped, owner, room = [], [], one.owner, MOST_BYTES
    for path in _wanted(one):
        place = draft / path.relative_to(one.folder)
        content = _content(path, owner)
        if content is None or len(content) > room:
            skipped.append(str(path.relative_to(one.folder)))
            continue
        room -= len(content)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        save(content, place)
        copied.append(path)
    records = sum(path.name == FILE for path in copied)
    notebooks = sum(path.suffix == NOTEBOOK and one.work in path.parents for path in copied)
    return Collected(one.name, home, records, notebooks, tuple(skipped))


def _content(path: Path, owner: int) -> bytes | None:
    try:
        return read_own(path, owner)
    except OSError:
        return None


def _wanted(one: Seat) -> Iterator[Path]:
    """Yield records and notebooks, also those that resets have set aside."""
    for work in one.works():
        if work.is_symlink():
            continue
        for folder, folders, files in os.walk(work):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if name in RECORDS or name.endswith(NOTEBOOK):
                    yield Path(folder) / name


def _put(draft: Path, home: Path) -> None:
    """Let `draft` take the place of `home`, which is put back where that fails."""
    if not home.exists():
        draft.rename(home)
        return
    old = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{home.name}-old-"))
    home.rename(old / home.name)
    try:
        draft.rename(home)
    except BaseException:
        (old / home.name).rename(home)
        raise
    finally:
        shutil.rmtree(old)
