"""The seats that folders hold: every record in them is read, and what can't be is named."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ....errors import RecordError
from ....files import read_regular
from ....texts import say
from ..record import FILE, LARGEST, parse, same_run
from ..schema import Record
from .seat_records import SeatRecords

DEPTH = 8
"""So many folders deep a record is found: SEAT/notebooks/runs/interactive/TIME has five."""
TELL_S = 2.0
"""How often a long search is told of, in seconds."""

Tell = Callable[[int], None]


def is_run(path: Path) -> bool:
    """Return whether a path names one run: its folder or its file."""
    return path.is_file() or (path / FILE).exists()


def seats(named: Sequence[Path], tell: Tell = lambda _: None) -> tuple[SeatRecords, ...]:
    """Return the seats: each of several folders, or what a single one holds, a folder a seat.

    A record that can't be read is a problem of its seat and does not end the search. `tell` gets
    the number of folders that were searched, every two seconds.

    Raises:
        RecordError: There is no record at all.
    """
    homes: dict[Path, list[Path]] = {}
    for place in named:
        for file in _files(place, tell):
            homes.setdefault(_home(file, place, several=len(named) > 1), []).append(file)
    if not homes:
        told = ", ".join(map(str, named))
        raise RecordError(
            say("There is no {file} in {folders}.", file=FILE, folders=told),
            remedy=say(
                "A seat has one after its first check. Name a folder with one folder for each "
                "seat, or several folders of runs."
            ),
        )
    known = Counter(home.resolve().name for home in homes)
    return tuple(
        _seat(home.resolve().name if known[home.resolve().name] == 1 else str(home), home, files)
        for home, files in homes.items()
    )


def without_records(named: Sequence[Path], found: Sequence[SeatRecords]) -> list[Path]:
    """Return the folders that should be seats and hold no record: a report has no row for them."""
    if len(named) == 1:
        wanted = sorted(one for one in named[0].glob("[!.]*") if one.is_dir())
        wanted = [] if is_run(named[0]) else wanted
    else:
        wanted = list(named)
    homes = {one.folder for one in found}
    return [one for one in wanted if one not in homes and one.parent not in homes]


def _home(file: Path, place: Path, *, several: bool) -> Path:
    """Return the folder of the seat that a file belongs to."""
    if place.is_file():
        return place.parent
    parts = file.relative_to(place).parts
    return place if several or len(parts) == 1 else place / parts[0]


def _files(place: Path, tell: Tell) -> Iterator[Path]:
    """Yield the records below a folder; hidden folders and links to folders are not searched."""
    if place.is_file():
        yield place
        return
    told_at = time.monotonic()
    for searched, (folder, folders, files) in enumerate(os.walk(place), 1):
        if time.monotonic() - told_at > TELL_S:
            told_at = time.monotonic()
            tell(searched)
        deep = len(Path(folder).relative_to(place).parts) >= DEPTH
        folders[:] = [] if deep else sorted(one for one in folders if not one.startswith("."))
        if FILE in files:
            yield Path(folder) / FILE


def _seat(name: str, home: Path, files: Sequence[Path]) -> SeatRecords:
    records: list[Record] = []
    problems: dict[str, str] = {}
    for file in files:
        record, reason = _read(file)
        if record is None:
            problems[str(file)] = reason
        elif not any(same_run(record, other) for other in records):
            records.append(record)
    return SeatRecords(name, home, tuple(sorted(records, key=lambda one: one.began)), problems)


def _read(file: Path) -> tuple[Record | None, str]:
    """Return the record, or why there is none: a learner may have put anything in its place."""
    try:
        found = file.lstat()
        if not stat.S_ISREG(found.st_mode):
            return None, say("it is not a regular file")
        if found.st_size > LARGEST:
            return None, say("it is too large for a record of a run")
        return parse(read_regular(file, LARGEST)), ""
    except OSError as error:
        return None, error.strerror or str(error)
    except RecordError as error:
        return None, error.what
