"""What the rehearsal's Hub holds: the model under its real name, and a gated copy of it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

OPEN = "HuggingFaceTB/SmolLM2-135M-Instruct"
GATED = "rehearsal/SmolLM2-135M-gated"
"""No such model exists: it is there for the lesson about tokens."""

TOKENS: Mapping[str, bool] = {
    "hf_rehearsal_with_access": True,
    "hf_rehearsal_without_access": False,
}
"""The tokens that this Hub knows, and whether their owner accepted the licence of GATED."""

IN_LFS = (".safetensors", ".bin")
BESIDE: Mapping[str, bytes] = {
    ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
    b"*.bin filter=lfs diff=lfs merge=lfs -text\n",
    "README.md": b"---\nlicense: apache-2.0\n---\n# SmolLM2-135M-Instruct, in a rehearsal\n",
    "pytorch_model.bin": b"The same weights once more, as many repositories have them.\n",
    "original/params.json": b'{"dim": 576}\n',
    "original/consolidated.safetensors": b"The same weights once more, in another layout.\n",
}
"""What repositories hold that serving does not need, by name."""


@dataclass(frozen=True)
class Entry:
    """A file of a repository."""

    name: str
    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @cached_property
    def size_bytes(self) -> int:
        """Its length."""
        return self.path.stat().st_size

    @property
    def in_lfs(self) -> bool:
        """Whether git holds a pointer only."""
        return self.name.endswith(IN_LFS)

    @property
    def sha256(self) -> str:
        """The digest of its bytes, in hex: read through at the first question, for seconds."""
        with self._lock:
            return self._sha256

    @cached_property
    def _sha256(self) -> str:
        sha256 = hashlib.sha256()
        with self.path.open("rb") as file:
            while block := file.read(2**20):
                sha256.update(block)
        return sha256.hexdigest()

    @cached_property
    def blob_id(self) -> str:
        """Git's name of what it holds: the file, or the pointer to it."""
        held = self._pointer if self.in_lfs else self.path.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(held) + held, usedforsecurity=False).hexdigest()

    @property
    def pointer_bytes(self) -> int:
        """Length of the pointer that git holds."""
        return len(self._pointer)

    @property
    def _pointer(self) -> bytes:
        version = "version https://git-lfs.github.com/spec/v1"
        return f"{version}\noid sha256:{self.sha256}\nsize {self.size_bytes}\n".encode()

    @property
    def etag(self) -> str:
        """What clients know this very content by."""
        return self.sha256 if self.in_lfs else self.blob_id


@dataclass(frozen=True)
class Repository:
    """A model repository with one commit, on `main`."""

    name: str
    entries: Mapping[str, Entry]
    gated: bool = False

    @cached_property
    def commit(self) -> str:
        """The commit: another one for other files."""
        listed = [(name, entry.size_bytes) for name, entry in sorted(self.entries.items())]
        told = json.dumps([self.name, listed])
        return hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()

    def has(self, revision: str) -> bool:
        """Say whether the revision is one of this repository's."""
        return revision in ("main", "refs/heads/main", self.commit)

    def by_sha256(self, digest: str) -> Entry | None:
        """Return the file in LFS with this content."""
        return next((e for e in self.entries.values() if e.in_lfs and e.sha256 == digest), None)


def repositories(folder: Path, files: Iterable[Path]) -> dict[str, Repository]:
    """Return the two repositories of a model; what lies beside it is written to `folder`."""
    entries = {file.name: Entry(file.name, file) for file in files}
    for name, content in BESIDE.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        entries[name] = Entry(name, place)
    return {
        OPEN: Repository(OPEN, entries),
        GATED: Repository(GATED, entries, gated=True),
    }
