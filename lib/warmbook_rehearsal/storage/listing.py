"""Listings, as prefix, delimiter, glob and page ask for it; reads names only."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, Protocol, TypeVar

from .errors import invalid
from .globs import Glob, glob_pattern
from .preconditions import whole_number

MAX_RESULTS = 1000
Named = TypeVar("Named")


class Version(Protocol):
    """One generation of what has a name."""

    @property
    def generation(self) -> int:
        """Its number; a later one is higher."""


Versioned = TypeVar("Versioned", bound=Version)


@dataclass(frozen=True)
class ListQuery:
    """Which names to list; those up to `after` were on an earlier page, or are not wanted.

    Of the name `after` itself, the generations above `after_generation` still are.
    """

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    end: str = ""
    glob: Glob | None = None
    trailing_delimiter: bool = False
    limit: int = MAX_RESULTS
    after: str = ""
    after_generation: int = 0

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> ListQuery:
        """Read it from the parameters of the JSON API.

        Source: Cloud Storage JSON API, Objects: list.

        Raises:
            StorageError: 400, a parameter is malformed, or a glob has another delimiter than "/".
        """
        glob = query.get("matchGlob")
        after, after_generation = _place_of(query.get("pageToken", ""))
        if glob and query.get("delimiter", "/") not in ("/", ""):
            raise invalid("The delimiter must be '/' where matchGlob is set.")
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            glob=glob_pattern(glob) if glob else None,
            trailing_delimiter=is_true(query, "includeTrailingDelimiter"),
            limit=_limit(query, "maxResults"),
            after=after,
            after_generation=after_generation,
        )

    @classmethod
    def of_xml_query(cls, query: Mapping[str, str]) -> ListQuery:
        """Read it from the parameters of the XML API, version 1 or 2 of its listing."""
        token = query.get("continuation-token", "")
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            limit=_limit(query, "max-keys"),
            after=_place_of(token)[0] or query.get("start-after") or query.get("marker", ""),
        )

    def names(self, things: Mapping[str, object]) -> Iterator[str]:
        """Yield, in order, the names asked for, from where the page before has ended."""
        names = sorted(things)
        first = bisect_left(names, max(self.prefix, self.start, self.after))
        for name in islice(names, first, None):
            if (self.end and name >= self.end) or not name.startswith(self.prefix):
                return
            yield name

    def wants(self, entry: str) -> bool:
        """Say whether the glob fits an entry of the listing, be it a name or a common prefix.

        Source: what the service was seen to do, fsouza/fake-gcs-server#2328: names are folded
        first, then the glob chooses among what is left.
        """
        return self.glob is None or self.glob.fullmatch(entry)

    def common_prefix(self, name: str) -> str:
        """Return the prefix that stands for `name` and its like, "" if `name` stands alone."""
        at = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return "" if at < 0 else name[: at + len(self.delimiter)]


@dataclass
class Page(Generic[Named]):
    """One page of a listing; `last` is its last entry, `next_token` is None on the last page.

    `last_generation` is 0 where the last entry is a prefix, or has no generations.
    """

    items: list[Named] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_token: str | None = None
    last: str = ""
    last_generation: int = 0

    def __len__(self) -> int:
        return len(self.items) + len(self.prefixes)


def list_names(things: Mapping[str, Named], query: ListQuery) -> Page[Named]:
    """Return the page of `things`, by name, that `query` asks for."""
    return _page(((name, 0, things[name]) for name in query.names(things)), query)


def list_versions(versions: Mapping[str, Sequence[Versioned]], query: ListQuery) -> Page[Versioned]:
    """Return the page of `versions` that `query` asks for: by name, then by generation."""
    found = ((name, v.generation, v) for name in query.names(versions) for v in versions[name])
    return _page(found, query)


def is_true(query: Mapping[str, str], name: str) -> bool:
    """Say whether a parameter is set to true."""
    return query.get(name, "").lower() == "true"


def _page(found: Iterable[tuple[str, int, Named]], query: ListQuery) -> Page[Named]:
    page: Page[Named] = Page()
    for name, generation, thing in found:
        prefix = query.common_prefix(name)
        place = (prefix, 0) if prefix else (name, generation)
        if place <= (query.after, query.after_generation) or not query.wants(place[0]):
            continue
        is_new = place != (page.last, page.last_generation)
        if is_new and len(page) >= query.limit:
            page.next_token = _token(page)
            break
        if prefix and is_new:
            page.prefixes.append(prefix)
        if not prefix or (query.trailing_delimiter and name == prefix):
            page.items.append(thing)
        page.last, page.last_generation = place
    return page


def _limit(query: Mapping[str, str], name: str) -> int:
    limit = whole_number(query, name)
    return min(limit or MAX_RESULTS, MAX_RESULTS)


def _token(page: Page[Named]) -> str:
    """Return where the page ends; no name has a line feed."""
    place = f"{page.last}\n{page.last_generation}" if page.last_generation else page.last
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place_of(token: str) -> tuple[str, int]:
    try:
        place = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
        name, _, generation = place.partition("\n")
        return name, int(generation or 0)
    except (binascii.Error, ValueError):
        raise invalid(f"Invalid page token: '{token}'") from None
