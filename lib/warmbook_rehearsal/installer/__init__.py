"""Install locked packages with uv, or with pip where pip's configuration means nothing to uv.

`python -m warmbook_rehearsal.installer LOCK` runs before anything is installed: this package
imports the standard library alone.
"""

from __future__ import annotations

from .command import CommandError, finish, run, started
from .install import Into, download, install, new_environment
from .pip_config import PipConfig

__all__ = [
    "CommandError",
    "Into",
    "PipConfig",
    "download",
    "finish",
    "install",
    "new_environment",
    "run",
    "started",
]
