"""Preconditions on generation and metageneration; knows no objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import StorageError, condition_not_met, invalid

_NAMES = ("GenerationMatch", "GenerationNotMatch", "MetagenerationMatch", "MetagenerationNotMatch")


@dataclass(frozen=True)
class Preconditions:
    """What must hold for a request to be carried out; None means "not asked".

    Source: Cloud Storage, "Request preconditions".
    """

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None

    @classmethod
    def of_query(cls, query: Mapping[str, str], *, prefix: str = "if") -> Preconditions:
        """Read them from query parameters (`ifGenerationMatch` …)."""
        return cls(*(whole_number(query, prefix + name) for name in _NAMES))

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Preconditions:
        """Read them from the headers of the XML API."""
        return cls(
            whole_number(headers, "x-goog-if-generation-match"),
            None,
            whole_number(headers, "x-goog-if-metageneration-match"),
        )

    def check(self, generation: int, metageneration: int) -> None:
        """Check them before a change; absent things have generation and metageneration 0.

        Raises:
            StorageError: 412, one does not hold.
        """
        if not self._match(generation, metageneration) or self._unchanged(
            generation, metageneration
        ):
            raise condition_not_met()

    def check_read(self, generation: int, metageneration: int) -> None:
        """Check them before a read.

        Raises:
            StorageError: 412, a "match" does not hold, or 304, a "not match" does not.
        """
        if not self._match(generation, metageneration):
            raise condition_not_met()
        if self._unchanged(generation, metageneration):
            raise StorageError(304, "notModified", "Not Modified")

    def _match(self, generation: int, metageneration: int) -> bool:
        return self.generation in (None, generation) and self.metageneration in (
            None,
            metageneration,
        )

    def _unchanged(self, generation: int, metageneration: int) -> bool:
        return generation == self.not_generation or metageneration == self.not_metageneration


def whole_number(source: Mapping[str, str], name: str) -> int | None:
    """Return the number called `name`, None if absent or empty.

    Raises:
        StorageError: 400, not a whole number, or one that no counter here can reach.
    """
    text = source.get(name) or None
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise invalid(f"Invalid value for {name}: '{text}'")
    return int(text)
