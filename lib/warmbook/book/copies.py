"""Copy the notebooks out for a reader: idempotent, and never over a file that was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError
from ..files import save
from ..texts import LANGUAGES, say
from . import shipped

RECORD = ".warmbook.json"
"""In the folder of the copies: the SHA-256 of each file as it was copied there."""

ABOUT = "What warmbook copied here. It updates a file only while its SHA-256 is still this one."

NEW, UPDATED, SAME = "new", "updated", "same"
CHANGED = "changed"
"""The reader changed it; this version of warmbook has nothing newer than what they changed."""

OUTDATED = "outdated"
"""The reader changed it, and this version of warmbook has a newer one."""

RETIRED = "retired"
"""Copied by another version of warmbook; this one has no such file."""


@dataclass(frozen=True)
class Copies:
    """What became of each file in `folder`, by its name relative to it."""

    folder: Path
    states: Mapping[str, str]

    def those(self, *states: str) -> list[str]:
        """Return the names of the files in one of these states."""
        return [name for name, state in self.states.items() if state in states]

    @property
    def kept(self) -> list[str]:
        """The files that differ from what is shipped, because the reader changed them."""
        return self.those(CHANGED, OUTDATED)


def copy_out(folder: Path, languages: Iterable[str] = LANGUAGES) -> Copies:
    """Copy notebooks, pictures and gym of the languages into `folder`; make it if need be.

    A copy that is as an earlier warmbook made it is updated. A changed file is kept, and a file
    of another warmbook stays. Each file appears whole or not at all.

    Raises:
        SettingsError: The folder can't be written, or it is where the notebooks come from.
    """
    _refuse(folder)
    known = _known(folder)
    before = dict(known)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            states = {name: _copy(name, folder, known) for name in shipped.files(languages)}
        finally:
            if known != before:
                _remember(folder, known)
    except OSError as error:
        raise _unwritable(folder, error) from None
    retired = (name for name in known if name not in shipped.files() and (folder / name).exists())
    return Copies(folder, {**states, **dict.fromkeys(sorted(retired), RETIRED)})


def _refuse(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        told = say("{path} is a file, not a folder.", path=folder)
    elif shipped.folder() in (folder.resolve(), *folder.resolve().parents):
        told = say("{path} contains warmbook's own notebooks.", path=folder)
    else:
        return
    raise SettingsError(told, remedy=say("Name another folder."))


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    path, reason = error.filename or folder, error.strerror or error
    told = say("{path} can't be written: {reason}.", path=path, reason=reason)
    return SettingsError(told, remedy=say("Name a folder that you can write to, with free space."))


def _copy(name: str, folder: Path, known: dict[str, str]) -> str:
    """Copy one file if that loses nothing; note its digest in `known`; return its state."""
    content, copy = (shipped.folder() / name).read_bytes(), folder / name
    wanted, there, noted = _digest(content), _digest_at(copy), known.get(name)
    if there not in (None, wanted, noted):
        return OUTDATED if noted not in (None, wanted) else CHANGED
    if there != wanted:
        copy.parent.mkdir(parents=True, exist_ok=True)
        save(content, copy, public=True)
    known[name] = wanted
    return SAME if there == wanted else NEW if there is None else UPDATED


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_at(path: Path) -> str | None:
    """Return the digest of a file, "" of what is no file, None where there is nothing."""
    if path.is_file():
        return _digest(path.read_bytes())
    return "" if path.is_symlink() or path.exists() else None


def _known(folder: Path) -> dict[str, str]:
    """Return the digests that were noted; without a readable record every difference counts."""
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        files = json.loads((folder / RECORD).read_text("utf-8"))["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    return {}


def _remember(folder: Path, known: Mapping[str, str]) -> None:
    record = {"about": ABOUT, "files": dict(sorted(known.items()))}
    save(json.dumps(record, indent=2) + "\n", folder / RECORD, public=True)
