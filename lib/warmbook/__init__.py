"""warmbook: a workbook that takes a model server on GKE from cold start to warm."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .book import exercises
    from .book.interactive import check, connect
    from .book.kernel_rehearsal import rehearse
    from .display.widgets.form import SettingsForm
    from .settings import Settings
    from .workbook import Workbook

__all__ = [
    "Settings",
    "SettingsForm",
    "Workbook",
    "check",
    "connect",
    "exercises",
    "rehearse",
]

_HOMES = {
    "Settings": "settings",
    "SettingsForm": "display.widgets.form",
    "Workbook": "workbook",
    "check": "book.interactive",
    "connect": "book.interactive",
    "exercises": "book.exercises",  # the module itself
    "rehearse": "book.kernel_rehearsal",
}


def __getattr__(name: str) -> Any:
    # `import warmbook` costs no widgets and no clients; a name pays for its module alone.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if "IPython" in sys.modules:  # a notebook, perhaps
        import_module(".display.notebook_errors", __name__).install()
    home = import_module(f".{_HOMES[name]}", __name__)
    return home if _HOMES[name].endswith(f".{name}") else getattr(home, name)
