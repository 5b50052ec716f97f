"""Listings, as prefix, delimiter, glob and page ask for it; reads names only."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from .errors import invalid
from .globs import Glob, glob_pattern
from .preconditions import whole_number

MAX_RESULTS = 1000
Named = TypeVar("Named")


@dataclass(frozen=True)
class ListQuery:
    """Which names to list; names before or at `after` were on an earlier page."""

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    end: str = ""
    glob: Glob | None = None
    trailing_delimiter: bool = False
    limit: int = MAX_RESULTS
    after: str = ""

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> ListQuery:
        """Read it from the parameters of the JSON API.

        Source: Cloud Storage JSON API, Objects: list.

        Raises:
            StorageError: 400, a parameter is malformed, or a glob has another delimiter than "/".
        """
        glob = query.get("matchGlob")
        if glob and query.get("delimiter", "/") not in ("/", ""):
            raise invalid("The delimiter must be '/' where matchGlob is set.")
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            glob=glob_pattern(glob) if glob else None,
            trailing_delimiter=query.get("includeTrailingDelimiter", "").lower() == "true",
            limit=_limit(query, "maxResults"),
            after=_name_of(query.get("pageToken", "")),
        )

    @classmethod
    def of_xml_query(cls, query: Mapping[str, str]) -> ListQuery:
        """Read it from the parameters of the XML API, version 1 or 2 of its listing."""
        token = query.get("continuation-token", "")
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            limit=_limit(query, "max-keys"),
            after=_name_of(token) or query.get("start-after") or query.get("marker", ""),
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
    """One page of a listing; `last` is its last entry, `next_token` is None on the last page."""

    items: list[Named] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_token: str | None = None
    last: str = ""

    def __len__(self) -> int:
        return len(self.items) + len(self.prefixes)


def list_names(things: Mapping[str, Named], query: ListQuery) -> Page[Named]:
    """Return the page of `things`, by name, that `query` asks for."""
    page: Page[Named] = Page()
    for name in query.names(things):
        prefix = query.common_prefix(name)
        entry = prefix or name
        if entry <= query.after or not query.wants(entry):
            continue
        if entry != page.last and len(page) >= query.limit:
            page.next_token = base64.urlsafe_b64encode(page.last.encode()).decode()
            break
        if prefix and entry != page.last:
            page.prefixes.append(prefix)
        if not prefix or (query.trailing_delimiter and name == prefix):
            page.items.append(things[name])
        page.last = entry
    return page


def _limit(query: Mapping[str, str], name: str) -> int:
    limit = whole_number(query, name)
    return min(limit or MAX_RESULTS, MAX_RESULTS)


def _name_of(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise invalid(f"Invalid page token: '{token}'") from None
