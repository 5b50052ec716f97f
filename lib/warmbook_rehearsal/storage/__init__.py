"""Cloud Storage in the rehearsal: its JSON and XML APIs over files; no other service."""

from __future__ import annotations

from .caches import Cache
from .errors import StorageError
from .objects import Meta
from .server import RUNNER_OPTIONS, application
from .state import Storage

__all__ = ["RUNNER_OPTIONS", "Cache", "Meta", "Storage", "StorageError", "application"]
