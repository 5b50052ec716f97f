"""What other users may do with what is in a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def open_to_others(folder: Path) -> Iterator[str]:
    """Yield each path, the folder included, that its group or others may use, with its mode.

    A link has no mode of its own: a symbolic one, or a second name of a file that is kept
    elsewhere too, as the public model in the cache is.
    """
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in (*folders, *files))):
            status = path.lstat()
            linked = stat.S_ISREG(status.st_mode) and status.st_nlink > 1
            if not (linked or stat.S_ISLNK(status.st_mode)) and status.st_mode & 0o077:
                yield f"{path} {stat.filemode(status.st_mode)}"
