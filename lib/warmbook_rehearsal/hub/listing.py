"""What a repository holds, in the words of the Hub's API."""

from __future__ import annotations

import hashlib
from typing import Any

from .repositories import Entry, Repository


def siblings(repository: Repository, *, blobs: bool) -> list[dict[str, Any]]:
    """Describe all files, as a model's own description does; `blobs`: with size and digest."""
    told: list[dict[str, Any]] = []
    for name, entry in sorted(repository.entries.items()):
        sibling: dict[str, Any] = {"rfilename": name}
        if blobs:
            sibling |= {"size": entry.size_bytes, "blobId": entry.blob_id}
        if blobs and entry.in_lfs:
            pointer = entry.pointer_bytes
            sibling["lfs"] = {
                "sha256": entry.sha256,
                "size": entry.size_bytes,
                "pointerSize": pointer,
            }
        told.append(sibling)
    return told


def _file(entry: Entry) -> dict[str, Any]:
    told = {"type": "file", "oid": entry.blob_id, "size": entry.size_bytes, "path": entry.name}
    if entry.in_lfs:
        pointer = entry.pointer_bytes
        told["lfs"] = {"oid": entry.sha256, "size": entry.size_bytes, "pointerSize": pointer}
    return told


def _folder(path: str) -> dict[str, Any]:
    oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def listed(repository: Repository, place: str, *, recursive: bool) -> list[dict[str, Any]]:
    """Describe the files and folders at a place, or all that lies below it."""
    prefix = f"{place}/" if place else ""
    folders: dict[str, dict[str, Any]] = {}
    files = []
    for name, entry in sorted(repository.entries.items()):
        if not name.startswith(prefix):
            continue
        below, _, deeper = name.removeprefix(prefix).partition("/")
        if deeper:
            folders.setdefault(below, _folder(prefix + below))
        if recursive or not deeper:
            files.append(_file(entry))
    return [*folders.values(), *files]


def described(repository: Repository, paths: list[str]) -> list[dict[str, Any]]:
    """Describe the files and folders that are named; what is not there is left out."""
    told = []
    for path in paths:
        if entry := repository.entries.get(path):
            told.append(_file(entry))
        elif path and any(name.startswith(f"{path}/") for name in repository.entries):
            told.append(_folder(path))
    return told
