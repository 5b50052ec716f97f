"""The rehearsal's Kubernetes: an API server, its store and its controllers; runs no Pod."""

from __future__ import annotations

from .errors import ApiError
from .objects import Obj
from .runtime import PodRuntime
from .store import Change, Store

__all__ = ["ApiError", "Change", "Obj", "PodRuntime", "Store"]
