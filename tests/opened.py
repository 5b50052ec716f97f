"""Programs that other users can run although they lie where only root can enter, as in /root.

A mount namespace of the command's own has, in the place of each closed folder, an empty one that
holds nothing but the paths that are needed. Nothing of the machine is changed: no mode, no copy.
Source: unshare(1), mount_namespaces(7).
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path


def prefix(paths: Iterable[Path], stash: Path) -> list[str]:
    """Return the words before a command in which others can read these paths; none if they can.

    `stash` is an empty folder, where the closed ones stay reachable for root.
    """
    needed = {path for one in paths for path in (one.absolute(), one.resolve())}
    lines = []
    for number, folder in enumerate(sorted({closed(path) for path in needed} - {None})):
        place = stash / str(number)
        lines += [f"mkdir {_q(place)}", f"mount --rbind {_q(folder)} {_q(place)}"]
        lines.append(f"mount -t tmpfs -o mode=755 tmpfs {_q(folder)}")
        for path in sorted(needed):
            if closed(path) == folder:
                lines.append(f"mkdir -p {_q(path)}")
                lines.append(f"mount --rbind {_q(place / path.relative_to(folder))} {_q(path)}")
    if not lines:
        return []
    script = " && ".join([*lines, 'exec "$@"'])
    return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh"]


def closed(path: Path) -> Path | None:
    """Return the first folder on the way to a path that other users can't enter."""
    for part in reversed((path, *path.parents)):
        if part.is_dir() and not part.stat().st_mode & stat.S_IXOTH:
            return part
    return None


def can_unshare() -> bool:
    """Return whether this machine gives a command mounts of its own."""
    if os.geteuid() != 0:
        return False
    try:
        return not subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode
    except OSError:
        return False


def _q(path: Path | None) -> str:
    return shlex.quote(str(path))
