"""A saved log's text in, one stream per container out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import entries, order, prefixes
from .source import Source


@dataclass(frozen=True)
class Stream:
    """What one container wrote, the oldest line first; names that the form lacks are ""."""

    pod: str
    container: str
    data: bytes


def streams(text: bytes) -> list[Stream]:
    """Return what each container wrote, in the order in which they first speak.

    `text` is UTF-8. A text that has no form known here is one stream, as it is.
    """
    exported = entries.read(text)
    parts = entries.parted(exported) if exported is not None else prefixes.parted(text)
    found = [_stream(source, data) for source, data in parts.items() if data]
    return [replace(one, data=order.oldest_first(one.data)) for one in found]


def _stream(source: Source, data: bytes) -> Stream:
    pod, container = source
    return Stream(pod, container, data)
