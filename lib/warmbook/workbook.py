"""What one notebook leaves for the next: choices and measurements, in one YAML file."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from . import limited_yaml
from .errors import SettingsError
from .settings import Settings, merge
from .terminal import show
from .texts import say

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Section: TypeAlias = dict[str, Any]

WATCHERS: list[Callable[[str, Mapping[str, Any]], None]] = []
"""What is told each measurement of this process once it is in its file; none of them raises."""

VERSION = 1
"""Version of the file's layout; a higher one is somebody's newer warmbook."""

LOCK_S = 30
"""How long a writer waits for the others, in seconds; each takes some milliseconds."""
LOOK_S = 0.005
"""How often it tries, in seconds."""
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""A pipe in the place of the file keeps nobody waiting."""


class Workbook:
    """The reader's file. Resources are not in it: the cloud is asked, never remembered."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, *, default: Path = Path("..") / "workbook.yaml") -> Workbook:
        """Open WARMBOOK_FILE, by default `workbook.yaml` in the folder above the language's."""
        return cls(Path(os.environ.get("WARMBOOK_FILE") or default).absolute())

    def draft(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return choices not yet validated: environment < this file < what was given.

        Raises:
            SettingsError: The file is broken or comes from a newer warmbook; it is kept.
        """
        return merge(self.saved(), given)

    def origins(self, given: Mapping[str, object]) -> dict[str, str]:
        """Return for each setting where its draft comes from, in the reader's language."""
        sources = (
            (say("given to this notebook"), merge(given, environ={})),
            (say("saved in {file}", file=self.path.name), merge(self.saved(), environ={})),
            (say("environment"), merge()),
        )
        return {
            name: next((told for told, values in sources if name in values), say("default"))
            for name in Settings.model_fields
        }

    def saved(self) -> dict[str, object]:
        """Return the choices in the file, not yet validated.

        What this version has no setting for is left out: see `unknown`.

        Raises:
            SettingsError: The file is broken or comes from a newer warmbook; it is kept.
        """
        return {name: value for name, value in self._all().items() if name in Settings.model_fields}

    def unknown(self) -> dict[str, object]:
        """Return what the file has under settings and this version has no setting for.

        Another version of warmbook wrote it, or a person made a typing error.
        """
        return _unknown(self._all())

    def choose(self, settings: Settings, changed: Collection[str] | None = None) -> None:
        """Remember the reader's choices; what this version does not know stays in the file.

        With `changed` only the settings of these names take the place of what the file has by
        then: another notebook may have chosen the others anew.

        Raises:
            SettingsError: The file can't be read or written, or the changed settings contradict
                what it has now; it is kept.
        """
        own = settings.model_dump()

        def merged(saved: Section) -> Section:
            whole = own if changed is None else _merged(own, saved, changed)
            return {**whole, **_unknown(saved)}

        self._change("settings", merged)

    def record(self, name: str, measurement: Mapping[str, Any]) -> None:
        """Remember what can't be asked again, such as the seconds of a cold start."""
        self._change("measurements", lambda saved: {**saved, name: dict(measurement)})
        for watcher in WATCHERS:
            watcher(name, measurement)

    def measurements(self) -> dict[str, Any]:
        """Return what was recorded so far."""
        return dict(self._read().get("measurements") or {})

    def _all(self) -> dict[str, object]:
        return dict(self._read().get("settings") or {})

    def _read(self) -> dict[str, Any]:
        data = self._content()
        if not isinstance(data, dict) or not all(
            isinstance(data.get(part) or {}, dict) for part in ("settings", "measurements")
        ):
            raise self._refused(say("it does not hold settings and measurements"))
        if not isinstance(data.get("version", VERSION), int) or data.get("version", 1) > VERSION:
            raise self._refused(say("it comes from a newer warmbook"))
        return data

    def _content(self) -> Any:
        """Return what the file holds, an empty workbook where there is no file.

        Raises:
            SettingsError: It can't be read.
        """
        try:
            found = limited_yaml.documents(limited_yaml.read_regular(self.path))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from None
        except limited_yaml.YamlError as error:
            raise self._refused(error.reason) from None
        if len(found) > 1:
            raise self._refused(say("it does not hold settings and measurements"))
        return (found or [None])[0] or {}

    def _refused(self, reason: str) -> SettingsError:
        return SettingsError(
            say("{path} can't be read: {reason}.", path=self.path, reason=reason),
            remedy=say("It was left as it is. Mend it, or move it away to start afresh."),
        )

    def _change(self, section: str, change: Callable[[Section], Section]) -> None:
        """Replace a section by what `change` makes of it, while no other notebook writes.

        Raises:
            SettingsError: The file can't be read or written; it is kept.
        """
        with locked(self.path):
            data = self._read()
            changed = change(dict(data.get(section) or {}))
            text = dumped({**data, "version": VERSION, section: changed})
            try:
                save(text, self.path)
            except OSError as error:
                raise _unwritable(self.path, error.strerror or str(error)) from None


def _unknown(saved: Section) -> Section:
    return {name: value for name, value in saved.items() if name not in Settings.model_fields}


def _merged(own: Section, saved: Section, changed: Collection[str]) -> Section:
    mine = {name: value for name, value in own.items() if name in changed or name not in saved}
    theirs = {name: saved[name] for name in own if name not in mine}
    return Settings.parse({**merge(theirs), **mine}).model_dump()


def _unwritable(path: Path, reason: str) -> SettingsError:
    told = say("{path} can't be written: {reason}.", path=path, reason=reason)
    return SettingsError(told, remedy=say("Name a file in a folder of yours."))


class _Dumper(yaml.SafeDumper):
    """Values as they are; half a character, which no UTF-8 can hold, becomes a question mark."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    whole = text.encode(errors="replace").decode()
    # PyYAML folds U+0085 and its like in every style but this one, which escapes them.
    style = None if whole.replace("\n", "").isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", whole, style=style)


_Dumper.add_representer(str, _text)


def dumped(data: Section) -> str:
    """Return the data as YAML, in their own order."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other writers of the file waiting until the block ends; its readers never wait.

    A file system without locks leaves two writers at once as they are: what one of them wrote
    may be lost. Standard error says so, once for each file.

    Raises:
        SettingsError: Another program has kept the lock for LOCK_S.
    """
    handle = _lock(path)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)  # and with it the lock


def _lock(path: Path) -> int | None:
    """Return the locked file's descriptor, None where it can't be opened or has no locks.

    `save` puts another file in its place: who has waited for the lock of the one before tries
    again. The lock is on the file and not on its folder, which NFS does not lock.
    Source: flock(2), "NFS details".
    """
    end = time.monotonic() + LOCK_S
    while time.monotonic() < end:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | _NO_WAIT, 0o600)
        except OSError:  # reading or writing it says why
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(handle, path):
                return handle
        except BlockingIOError:
            pass
        except (OSError, AttributeError):  # Windows has no fcntl
            os.close(handle)
            _tell_of_no_locks(path)
            return None
        os.close(handle)
        time.sleep(LOOK_S)
    raise _unwritable(path, say("another program has kept it locked for {count} s", count=LOCK_S))


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@cache
def _tell_of_no_locks(path: Path) -> None:
    told = say("{path}: no locks here; let only one notebook write at a time", path=path)
    show(f"warmbook: {told}", sys.stderr)


def save(content: str | bytes, path: Path, *, public: bool = False) -> None:
    """Write `content` to `path`, in the place of what was there; mode 0600.

    A `public` file has the mode that any new file of this process gets.

    Raises:
        OSError: The folder can't be written; what was there is still there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # of mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if public:
            draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can be read only by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
