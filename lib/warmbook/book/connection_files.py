"""Connection files of the runner's kernels: named so that those of killed runs can be swept.

jupyter_client removes such a file when it shuts a kernel down, and so does the kernel at its end;
a runner and a kernel that are killed leave it in Jupyter's runtime folder, where other programs
have theirs.
"""

from __future__ import annotations

import json
import os
import platform
import re
import socket
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir

ANSWER_S = 0.5
"""How long a kernel of this machine may take to accept a connection, in seconds."""


def new() -> Path:
    """Return the path of a file for one kernel of this process; its folder is there."""
    folder = Path(jupyter_runtime_dir())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{_prefix()}{os.getpid()}-{uuid.uuid4().hex[:12]}.json"


def sweep() -> None:
    """Remove what runners of this user left on this machine: the runner and its kernel are gone."""
    if os.name == "nt":  # there is no asking for a process there without sending it Ctrl-C
        return
    for path in _of_killed_runners():
        if not _answers(path):
            with suppress(OSError):
                path.unlink()


def _prefix() -> str:
    """Return how names begin; the home may be shared with other machines."""
    host = re.sub(r"[^\w.]", "_", platform.node()) or "host"
    return f"kernel-warmbook-{host}-"


def _of_killed_runners() -> Iterator[Path]:
    named = re.compile(re.escape(_prefix()) + r"(\d+)-[0-9a-f]{12}\.json")
    folder = Path(jupyter_runtime_dir())
    for path in folder.iterdir() if folder.is_dir() else ():
        if (match := named.fullmatch(path.name)) and _is_mine(path) and not _runs(int(match[1])):
            yield path


def _is_mine(path: Path) -> bool:
    try:
        told = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(told.st_mode) and told.st_uid == os.getuid()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _answers(path: Path) -> bool:
    """Tell whether a kernel listens where the file says; none does before a file is whole."""
    try:
        told = json.loads(path.read_bytes())
        at = (str(told["ip"]), int(told["hb_port"]))
        socket.create_connection(at, timeout=ANSWER_S).close()
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
    return True
