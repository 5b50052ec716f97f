"""Which GPUs the model needs, what its Pod should ask for, how fast it can load at best."""

from __future__ import annotations

from .card import Sizing
from .estimate import size_of, size_up

__all__ = ["Sizing", "size_of", "size_up"]
