"""What is brought into a bucket: files from anywhere, and how each is cut into parts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...errors import MissingError, ResourceFailedError
from ...texts import say
from .multipart import Part

SERVED = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja", "*.py", "*.tiktoken")
"""Patterns of the files that serving needs; others stay where they are."""

PART_BYTES = 32 * 2**20
MOST_PARTS = 10_000
"""Source: Cloud Storage, "Quotas & limits", XML API multipart uploads."""


class Source(Protocol):
    """A file to be sent, wherever it lies; its bytes must not change meanwhile."""

    @property
    def name(self) -> str:
        """Its name below the model's folder."""
        ...

    @property
    def size_bytes(self) -> int:
        """Its length in bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Its digest in hex where the origin tells it, else nothing."""
        ...

    @property
    def local(self) -> bool:
        """Whether reading it again costs nothing, so that kept parts can be compared with it."""
        ...

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; many threads may ask at once.

        Raises:
            WarmbookError: They can't be had, and what the reader can do about it.
        """
        ...


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine, as it was when it was first looked at."""

    path: Path
    size_bytes: int
    changed_ns: int
    sha256: str = ""
    local: bool = True

    @classmethod
    def of(cls, path: Path) -> LocalFile:
        """Look at a file."""
        seen = path.stat()
        return cls(path, seen.st_size, seen.st_mtime_ns)

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.name

    def read(self, start: int, length: int) -> bytes:
        """Return these bytes, or fail: two states of a file must never become one object."""
        try:
            with self.path.open("rb", buffering=0) as file:
                data = os.pread(file.fileno(), length, start)
                seen = os.fstat(file.fileno())
        except OSError as error:
            raise MissingError(
                say("{name} can't be read: {reason}", name=self.path, reason=error.strerror),
                remedy=say("See that the file is there and yours to read, then run this again."),
            ) from error
        if len(data) != length or (seen.st_size, seen.st_mtime_ns) != (
            self.size_bytes,
            self.changed_ns,
        ):
            raise ResourceFailedError(
                say("{name} changed during the upload.", name=self.path),
                remedy=say("Wait until nothing writes to it any more, then run this again."),
            )
        return data


@dataclass(frozen=True)
class Plan:
    """How a file is cut: parts of `part_bytes`, the last one shorter; numbers begin at 1."""

    size_bytes: int
    part_bytes: int

    @property
    def count(self) -> int:
        """How many parts; an empty file has one."""
        return max(1, -(-self.size_bytes // self.part_bytes))

    def span(self, number: int) -> tuple[int, int]:
        """Return where a part starts and how long it is, in bytes."""
        start = (number - 1) * self.part_bytes
        return start, min(self.part_bytes, self.size_bytes - start)

    def fits(self, part: Part) -> bool:
        """Say whether a part that the bucket has is as long as its number asks."""
        return 1 <= part.number <= self.count and self.span(part.number)[1] == part.size_bytes


def plan(size_bytes: int, part_bytes: int = 0) -> Plan:
    """Return the plan for a file: the usual parts, or larger ones, in MiB, for a huge file."""
    most_mib = -(-size_bytes // MOST_PARTS // 2**20)
    return Plan(size_bytes, max(part_bytes or PART_BYTES, most_mib * 2**20))
