"""What the fuzz tests of the HTTP faces share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (holder, key) of every value in a document."""
    for key in body if isinstance(body, dict) else range(len(body)):
        yield body, key
        if isinstance(body[key], dict | list):
            yield from places(body[key])
