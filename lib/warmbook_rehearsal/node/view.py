"""What a container sees at its mount paths, and how a command gets to see it.

Where the machine lets a process have mounts of its own (`mounts.py`), the volumes stand at
their paths. Where it does not, each path is written as that of the volume's own folder in the
command and the variables; a path that a program holds within itself then leads nowhere.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MOUNTS = Path(__file__).with_name("mounts.py")
TRIAL = "/warmbook-rehearsal/mounts"
"""A path that no machine has, at which a mount is tried."""


@dataclass(frozen=True)
class Mount:
    """A file or folder of this machine at a path of the container."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class View:
    """The mounts of one container; `kept` are the paths that it needs whatever hides them."""

    mounts: tuple[Mount, ...] = ()
    copies: Path = Path()
    kept: tuple[Path, ...] = ()

    def host_path(self, path: str) -> str:
        """Return where on this machine a path of the container is."""
        inside = [m for m in self.mounts if _within(path, m.target)]
        if not inside:
            return path
        mount = max(inside, key=lambda m: len(m.target))
        return f"{mount.source}{path[len(mount.target.rstrip('/')) :]}"

    def wrap(self, words: Sequence[str], folder: Path) -> list[str]:
        """Return the command that runs `words` in `folder` with the mounts in place."""
        if not self.mounts or not can_mount():
            return list(words)
        plan = {
            "mounts": [[str(m.source), m.target, m.read_only] for m in self.mounts],
            "copies": str(self.copies),
            "kept": [str(path) for path in self.kept],
            "folder": str(folder),
        }
        return [sys.executable, "-I", "-S", str(MOUNTS), json.dumps(plan), *words]

    def replaced(self, text: str) -> str:
        """Return a text with each mount path in it written as the path on this machine."""
        if not self.mounts or can_mount():
            return text
        sources = {at: str(m.source) for m in self.mounts if (at := m.target.rstrip("/"))}
        known = "|".join(re.escape(target) for target in sorted(sources, key=len, reverse=True))
        pattern = rf"(?<![\w./-])({known})(?![\w.-])"
        return re.sub(pattern, lambda found: sources[found[1]], text)

    def told(self) -> list[str]:
        """Return what is different about the mounts here."""
        if not self.mounts or can_mount():
            return []
        paths = ", ".join(f"{m.target} is {m.source}" for m in self.mounts)
        return [f"this machine allows no mounts: in the command and the variables {paths}"]


@cache
def can_mount() -> bool:
    """Tell whether this machine lets a process have mounts of its own; tried once."""
    with tempfile.TemporaryDirectory() as folder:
        view = {"mounts": [[folder, TRIAL, True]], "copies": f"{folder}/copies", "kept": [folder]}
        plan = json.dumps({**view, "folder": folder})
        words = [sys.executable, "-I", "-S", str(MOUNTS), plan, "test", "-d", TRIAL]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
