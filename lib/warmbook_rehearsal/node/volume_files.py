"""The files of a ConfigMap, Secret, projected or downwardAPI volume, replaced all at once.

The files lie in a folder with a date for its name, `..data` links to it, and each name links
into `..data`: a reader sees all of the old or all of the new.

Source: Kubernetes, pkg/volume/util/atomic_writer.go.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

Files = Mapping[str, tuple[bytes, int]]
"""Path within the volume -> what it holds, and its mode."""

DATA, NEW_DATA = "..data", "..data_tmp"
FOLDER_MODE = 0o777


def write(folder: Path, files: Files) -> None:
    """Let the volume hold these files and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
    old = folder / DATA
    if old.is_symlink() and _holds(old, files):
        return
    before = str(old.readlink()) if old.is_symlink() else ""
    new = _written(folder, files)
    link = folder / NEW_DATA
    link.unlink(missing_ok=True)
    link.symlink_to(new.name)
    link.replace(old)
    _link(folder, {path.partition("/")[0] for path in files})
    if before:
        shutil.rmtree(folder / before, ignore_errors=True)


def _written(folder: Path, files: Files) -> Path:
    prefix = datetime.now(timezone.utc).strftime("..%Y_%m_%d_%H_%M_%S.")
    new = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    new.chmod(0o755)
    for path, (content, mode) in files.items():
        at = new / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content)
        at.chmod(mode)
    return new


def _link(folder: Path, names: set[str]) -> None:
    """Let each name link into `..data`, and no other."""
    for at in folder.iterdir():
        if at.is_symlink() and at.name != DATA and at.name not in names:
            at.unlink()
    for name in names:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"{DATA}/{name}")


def _holds(data: Path, files: Files) -> bool:
    there = _files_in(data.resolve())
    return there.keys() == files.keys() and all(
        there[path].read_bytes() == content and there[path].stat().st_mode & 0o7777 == mode
        for path, (content, mode) in files.items()
    )


def _files_in(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
