"""Files written whole or not at all, by one writer at a time; files of others read warily."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

from .errors import SettingsError
from .terminal import show
from .texts import say

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK_S = 30
"""How long a writer waits for the others, in seconds; each takes some milliseconds."""
SILENT_S = 2.0
"""After how long it says that it waits, in seconds."""
LOOK_S = 0.005
"""How often it tries, in seconds."""
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""A pipe in the place of the file keeps nobody waiting."""
_AS_IT_IS = _NO_WAIT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Nor does a link lead elsewhere; Windows has only the last of the three."""
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
"""What the system says of a disk, or a person's part of it, that has no room left."""


@contextmanager
def writing(path: Path, otherwise: str = "") -> Iterator[None]:
    """Tell what the system says against writing `path`; `otherwise` is where else to write.

    Raises:
        SettingsError: It can't be written: a full disk, a folder in its place, no rights.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unwritable(path, reason, _remedy(error.errno, otherwise)) from None


def full(error: OSError) -> SettingsError:
    """Return the error for something that was printed onto a full disk."""
    told = say("The output can't be written: {reason}.", reason=error.strerror)
    return SettingsError(told, remedy=_remedy(error.errno))


def _unwritable(path: Path, reason: str, remedy: str) -> SettingsError:
    told = say("{path} can't be written: {reason}.", path=path, reason=reason)
    return SettingsError(told, remedy=remedy)


def _remedy(number: int | None, otherwise: str = "") -> str:
    if number in FULL:
        return say("Free some space on that disk, then try again.")
    if number == errno.EISDIR:
        return say("Move the folder that has this name away, then try again.")
    if number in (errno.EEXIST, errno.ENOTDIR):
        told = say("A file has the name of this folder, or of one above it.")
        return f"{told} {otherwise or say('Name another folder.')}"
    return otherwise or say("Make its folder writable, or name a file in a folder of yours.")


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
    told = False
    while (left_s := end - time.monotonic()) > 0:
        if not told and left_s < LOCK_S - SILENT_S:
            told = True
            waits = say("{path}: waiting for another notebook or command", path=path)
            show(f"warmbook: {waits}", sys.stderr)
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
    reason = say("another program has locked it for {count} s", count=LOCK_S)
    raise _unwritable(path, reason, say("Stop the other notebook or command, then try again."))


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@cache
def _tell_of_no_locks(path: Path) -> None:
    told = say("{path}: file locking is not available; run only one notebook at a time", path=path)
    show(f"warmbook: {told}", sys.stderr)


def save(content: str | bytes, path: Path, *, public: bool = False) -> None:
    """Write `content` to `path`, in the place of what was there; mode 0600.

    A `public` file has the mode that any new file of this process gets.

    Raises:
        OSError: The folder can't be written; what was there is still there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-")  # of mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if public:
            draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_regular(path: Path, most_bytes: int, *, owner: int | None = None) -> bytes:
    """Return the content of a file that somebody else may exchange at any time.

    No link is followed at its end, and what is looked at is what is read.

    Raises:
        OSError: It can't be read, is no regular file, is larger or, with `owner`, another user's.
    """
    with _regular(path, owner) as (file, size):
        if size > most_bytes:
            raise OSError(f"{path} is larger than {most_bytes} bytes")
        return file.read(most_bytes)


def read_end(path: Path, most_bytes: int, *, owner: int | None = None) -> bytes:
    """Return the last bytes of such a file.

    Raises:
        OSError: It can't be read, is no regular file or, with `owner`, another user's.
    """
    with _regular(path, owner) as (file, size):
        file.seek(max(0, size - most_bytes))
        return file.read(most_bytes)


@contextmanager
def _regular(path: Path, owner: int | None) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file as it is, and give its size too."""
    handle = os.open(path, os.O_RDONLY | _AS_IT_IS)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"{path} is not a regular file")
        if owner not in (None, found.st_uid):
            raise PermissionError(f"{path} is another user's")
        yield file, found.st_size


def _umask() -> int:
    """Return the process's umask, which can be read only by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
