"""The folder of a run: what an earlier run left in it is kept apart."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import SettingsError
from ..files import locked, writing
from ..measure.runs.record import FILE
from ..texts import LANGUAGES, say
from . import shipped

EARLIER = "earlier"
"""In the folder of a run: a folder for each run before, named after the time when it ended."""

RUNS = Path("runs")
"""Where runs go whose folder nobody has named."""


@contextmanager
def opened(out: Path | None) -> Iterator[Path]:
    """Make the folder of a run, by default a new one in RUNS; no other run writes to it meanwhile.

    Raises:
        SettingsError: It can't be made or written, or another run is writing to it.
    """
    folder = out or _new(RUNS)
    if folder.resolve() in (shipped.folder() / language for language in LANGUAGES):
        told = say("{path} contains warmbook's own notebooks.", path=folder)
        raise SettingsError(told, remedy=say("Name another folder."))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        yield folder


def _new(parent: Path) -> Path:
    """Return a folder named after the time; a run that began in the same second has another."""
    elsewhere = say("Run it in another folder, or name a folder with --out.")
    with writing(parent, elsewhere):
        parent.mkdir(parents=True, exist_ok=True)
        return made(parent / time.strftime("%Y%m%d-%H%M%S"))


def made(wanted: Path) -> Path:
    """Make a folder, for this user alone, under a name that is free; return it.

    Raises:
        OSError: It can't be made.
    """
    more = (wanted.with_name(f"{wanted.name}-{count}") for count in range(2, 1000))
    for path in (wanted, *more):
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(wanted)


def set_aside(out: Path) -> Path | None:
    """Move an earlier run's record and executed notebooks away; return where, None if none was.

    `workbook.yaml` stays, because a run of later notebooks reads its measurements; a copy of it
    goes along.

    Raises:
        SettingsError: They can't be moved.
    """
    left = [file for file in (out / FILE, *_copies(out)) if file.exists()]
    if not left:
        return None
    with writing(out):
        (out / EARLIER).mkdir(mode=0o700, exist_ok=True)
        ended = max(file.stat().st_mtime for file in left)
        home = made(out / EARLIER / time.strftime("%Y%m%d-%H%M%S", time.gmtime(ended)))
        if (out / shipped.WORKBOOK).exists():
            shutil.copy2(out / shipped.WORKBOOK, home)
        for file in left:
            file.rename(home / file.name).chmod(0o600)  # one of a reader's may have been open
    return home


def _copies(out: Path) -> Iterator[Path]:
    return (out / f"{name}.ipynb" for name in shipped.titles().values())
