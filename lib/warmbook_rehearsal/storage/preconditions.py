"""Preconditions on generation, metageneration and etag; knows no objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from .errors import StorageError, condition_not_met, invalid

_ANY = "*"


class Version(NamedTuple):
    """What a condition is about: the counters of an object or a bucket, and its etag."""

    generation: int
    metageneration: int
    etag: str


ABSENT = Version(0, 0, "")
"""The version of what is not there."""


@dataclass(frozen=True)
class Preconditions:
    """What must hold for a request to be carried out; None means "not asked".

    Source: Cloud Storage, "Request preconditions"; discovery document storage v1.
    """

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None
    etags: frozenset[str] | None = None
    not_etags: frozenset[str] | None = None

    @classmethod
    def of_query(cls, query: Mapping[str, str], *, prefix: str = "if") -> Preconditions:
        """Read them from query parameters (`ifGenerationMatch` …).

        Raises:
            StorageError: 400, one is no number, or both a "match" and its "not match" are given.
        """
        generations = _pair(query, prefix + "Generation")
        metagenerations = _pair(query, prefix + "Metageneration")
        return cls(*generations, *metagenerations)

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Preconditions:
        """Read them from the headers of the XML API."""
        asked = cls(
            whole_number(headers, "x-goog-if-generation-match"),
            None,
            whole_number(headers, "x-goog-if-metageneration-match"),
        )
        return asked.with_etags(headers)

    def with_etags(self, headers: Mapping[str, str]) -> Preconditions:
        """Return them with those of If-Match and If-None-Match, which both APIs read."""
        return replace(
            self,
            etags=_etags(headers.get("If-Match")),
            not_etags=_etags(headers.get("If-None-Match")),
        )

    def check(self, version: Version) -> None:
        """Check them before a change.

        Raises:
            StorageError: 412, one does not hold.
        """
        if not self._match(version) or self._unchanged(version):
            raise condition_not_met()

    def check_read(self, version: Version) -> None:
        """Check them before a read.

        Raises:
            StorageError: 412, a "match" does not hold, or 304, a "not match" does not.
        """
        if not self._match(version):
            raise condition_not_met()
        if self._unchanged(version):
            headers = {"ETag": f'"{version.etag}"'}
            raise StorageError(304, "notModified", "Not Modified", headers=headers)

    def _match(self, version: Version) -> bool:
        return (
            self.generation in (None, version.generation)
            and self.metageneration in (None, version.metageneration)
            and (self.etags is None or _names(self.etags, version))
        )

    def _unchanged(self, version: Version) -> bool:
        if version == ABSENT and self.not_generation is not None:
            return True
        return (
            version.generation == self.not_generation
            or version.metageneration == self.not_metageneration
            or (self.not_etags is not None and _names(self.not_etags, version))
        )


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


def _pair(query: Mapping[str, str], name: str) -> tuple[int | None, int | None]:
    match, not_match = (whole_number(query, name + end) for end in ("Match", "NotMatch"))
    if match is not None and not_match is not None:
        raise invalid(f"{name}Match and {name}NotMatch are mutually exclusive.")
    return match, not_match


def _etags(header: str | None) -> frozenset[str] | None:
    """Return the etags of a header, with or without quotes: the Python client sends none."""
    if header is None:
        return None
    return frozenset(etag.strip().removeprefix("W/").strip('"') for etag in header.split(","))


def _names(etags: frozenset[str], version: Version) -> bool:
    return version != ABSENT and (_ANY in etags or version.etag in etags)
