"""Wheels made up on the spot, and the lock that names them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from .simple_index import sha256


def wheel(folder: Path, name: str, version: str = "1.0", size_bytes: int = 0) -> Path:
    """Make a wheel with one module, which takes `size_bytes` once it is unpacked."""
    folder.mkdir(parents=True, exist_ok=True)
    about, module = f"{name}-{version}.dist-info", f"{name}.py"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    named = f"Name: {name.replace('_', '-')}\nVersion: {version}\n"
    files = {
        module: b"#" * size_bytes,
        f"{about}/METADATA": f"Metadata-Version: 2.1\n{named}".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": f"{module},,\n".encode(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            archive.writestr(file, data)
    return path


def lock(file: Path, *wheels: Path) -> Path:
    """Write a lock that names each wheel with its digest."""
    file.parent.mkdir(parents=True, exist_ok=True)
    named = (path.name.split("-")[:2] for path in wheels)
    lines = [
        f"{name.replace('_', '-')}=={version} --hash=sha256:{sha256(path)}\n"
        for (name, version), path in zip(named, wheels, strict=True)
    ]
    file.write_text("".join(lines))
    return file
