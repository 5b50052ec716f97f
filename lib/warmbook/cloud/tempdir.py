"""A folder for files that libraries want on disk; those of a killed kernel go with the next one."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

PREFIX = "warmbook-kernel-"
LOCK = "lock"
"""A file that its kernel keeps locked: the system unlocks it however the kernel ends."""


class TemporaryFolder:
    """A folder of its own at `path`, removed with the object or when the interpreter ends."""

    def __init__(self) -> None:
        sweep()
        folder = tempfile.TemporaryDirectory(prefix=PREFIX)
        weakref.finalize(self, folder.cleanup)
        self.path = Path(folder.name)
        with suppress(ImportError):  # Windows has no such locks, and does not sweep
            import fcntl

            taken = self.path / "lock.taken"
            lock = taken.open("w")
            weakref.finalize(self, lock.close)
            fcntl.flock(lock, fcntl.LOCK_EX)
            taken.rename(self.path / LOCK)  # never there without its lock


def sweep() -> None:
    """Remove the folders whose kernels were killed before they could."""
    with suppress(ImportError):
        import fcntl

        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with suppress(OSError), (folder / LOCK).open() as lock:  # somebody's who lives, or else
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
