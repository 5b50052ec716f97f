"""The record of a working session on disk: one `run.json`, which several kernels write.

A session goes on over days and kernels, until its cleanup left nothing, or until the reader
works on another project or in another rehearsal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import RecordError
from ..files import locked, save
from ..measure.runs.measured import NOTHING, checked
from ..measure.runs.record import FILE, parse, read
from ..measure.runs.schema import SCHEMA
from . import origin
from .entries import Change, Told
from .run_folder import made

FOLDER = Path("runs") / "interactive"
"""Where the sessions are, in the folder of workbook.yaml."""


def begin(folder: Path, begun: Mapping[str, Any], notebook: str) -> Path:
    """Return the file of the session to which work with these first keys belongs.

    It goes on with the last session of the same project, or begins one: see `_goes_on`.

    Raises:
        OSError: The folder can't be written.
        SettingsError: Another program keeps the folder locked.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder / ".lock"):
        for file in sorted(folder.glob(f"*/{FILE}"), reverse=True):
            told = _told(file)
            if told and _same_place(told, begun):
                if _goes_on(told, notebook):
                    return file
                break
        return _new(folder, begun)


def _told(file: Path) -> Told | None:
    """Return what a session's record holds, None where it can't be read."""
    try:
        return read(file).dumped()
    except RecordError:
        return None


def _same_place(told: Told, begun: Mapping[str, Any]) -> bool:
    def place(one: Mapping[str, Any]) -> tuple[object, ...]:
        where = one.get("where") or {}
        return one["target"], where.get("project"), where.get("rehearsal")

    return place(told) == place(begun)


def _goes_on(told: Told, notebook: str) -> bool:
    """Tell whether a session goes on: after a complete cleanup, with that notebook alone."""
    return told["left"] != [] or notebook.startswith("10")


def _new(folder: Path, begun: Mapping[str, Any]) -> Path:
    told = {
        "schema": SCHEMA,
        "interactive": True,
        "settings": {},
        "versions": {},
        "notebooks": [],
        **NOTHING,
        **begun,
    }
    home = made(folder / time.strftime("%Y%m%d-%H%M%S", time.gmtime()))
    _save(told, home / FILE)
    return home / FILE


def change(file: Path, changes: Sequence[Change]) -> None:
    """Carry out the changes of a record, while no other kernel writes it.

    Raises:
        OSError: The file can't be written; it is kept.
        RecordError: It is not a record any more; it is kept.
        SettingsError: Another program keeps it locked.
    """
    with locked(file):
        data = file.read_bytes()
        parse(data)
        told = json.loads(data)
        for one in changes:
            one(told)
        told["ended"] = origin.now()
        _save(told, file)


def _save(told: Told, file: Path) -> None:
    ordered = {**checked(told).dumped(), **told}  # what a later warmbook added stays
    save(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", file)


def last(places: Iterable[Path]) -> Path | None:
    """Return the folder of the session that was worked in last, None where there is none."""
    files = [file for place in places for file in (place / FOLDER).glob(f"*/{FILE}")]
    newest = max(files, key=lambda file: file.stat().st_mtime, default=None)
    return newest.parent if newest else None
