"""Every choice the guide asks for: types, ranges, messages, and where the values come from.

No clients, no widgets, no files.
"""

from __future__ import annotations

from .layers import merge
from .rules import OLDEST_VLLM
from .settings import Settings, model_uri

__all__ = ["OLDEST_VLLM", "Settings", "merge", "model_uri"]
