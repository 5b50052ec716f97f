"""Every choice the guide asks for: types, ranges, messages, and where the values come from.

No clients, no widgets, no files.
"""

from __future__ import annotations

from .layers import as_text, chosen, held, merge, without_defaults
from .rules import OLDEST_VLLM
from .settings import Settings, model_uri

__all__ = [
    "OLDEST_VLLM",
    "Settings",
    "as_text",
    "chosen",
    "held",
    "merge",
    "model_uri",
    "without_defaults",
]
