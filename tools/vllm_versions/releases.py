"""Which releases of vLLM there are, and their source as the package index has it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from source import ENGINE, UnreadableError
from spans import key

OLDEST, NEWEST = "0.11.1", "0.33.0"


def released() -> list[str]:
    """Return the final releases from OLDEST to NEWEST that the package index has, oldest first."""
    command = [sys.executable, "-m", "pip", "index", "versions", "vllm"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Available versions: (.*)", said)
    if not found:
        raise UnreadableError("pip does not list the versions of vllm")
    versions = (v for v in found[1].split(", ") if re.fullmatch(r"\d+\.\d+\.\d+", v))
    return sorted((v for v in versions if key(OLDEST) <= key(v) <= key(NEWEST)), key=key)


def unpack(version: str, folder: Path) -> Path | None:
    """Return where the unpacked source of a release is, below `folder`.

    pip would run vLLM's build to learn what it needs. Told to look first whether the build's
    own packages are here, it stops before that, because they are not; told to clean nothing,
    it leaves the source.
    """
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir", "--no-deps"),
        *("--no-binary", "vllm", "--no-build-isolation", "--check-build-dependencies"),
        *("--no-clean", "--dest", str(folder / "dest"), f"vllm=={version}"),
    ]
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    for source in folder.glob("pip-*/vllm_*"):
        if (source / ENGINE).is_file():
            return source
    if "No matching distribution found" in done.stderr:
        return None
    raise UnreadableError(f"pip left no source of vllm {version}: {done.stderr[-500:]}")
