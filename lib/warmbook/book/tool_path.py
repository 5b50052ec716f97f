"""Where the terminals of JupyterLab find gcloud and kubectl."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

USUAL = ("~/google-cloud-sdk/bin", "/usr/lib/google-cloud-sdk/bin", "/opt/google-cloud-sdk/bin")
"""Folders of the Google Cloud CLI. Source: its install page (archive, Debian package)."""


def with_tools(path: str, own: Path, usual: tuple[str, ...] = USUAL) -> str:
    """Return a PATH that also has `own`, the interpreter's folder, and gcloud's if it lacks it."""
    folders = path.split(os.pathsep) if path else []
    if str(own) not in folders:
        folders.insert(0, str(own))
    if not shutil.which("gcloud", path=os.pathsep.join(folders)):
        there = (Path(folder).expanduser() for folder in usual)
        folders += [str(folder) for folder in there if (folder / "gcloud").is_file()]
    return os.pathsep.join(folders)
