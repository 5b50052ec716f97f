"""What goes wrong: looked for before acting, diagnosed afterwards, and listed by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .preflight import Checkup, Examination, examine

__all__ = ["Checkup", "Examination", "examine"]


def __getattr__(name: str) -> Any:
    # a diagnosis or a pitfall costs no preflight, which loads every client that it asks
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(".preflight", __name__), name)
