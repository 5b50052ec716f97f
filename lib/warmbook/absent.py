"""A module that others import if it is there, kept from them for a while."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def absent(name: str) -> Iterator[None]:
    """Let an import of the module `name` raise ImportError, unless it is imported already."""
    modules: dict[str, Any] = sys.modules
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
