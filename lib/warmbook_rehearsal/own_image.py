"""What stands for a container image of warmbook itself, such as that of docs/ci/Dockerfile.

Its Pods are clients of the whole rehearsal, as the rehearsal's own command is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from . import environment
from .node import Program
from .rehearsal import ACCOUNT, Rehearsal

NAME = "warmbook"
"""The last part of the image's name, without its tag."""

COMMAND = ("python", "-m", "warmbook")
"""The entrypoint of the image of docs/ci/Dockerfile."""

NOTE = (
    f"the image {NAME} is this machine's Python with the warmbook that runs the rehearsal; its "
    f"credentials are those of {ACCOUNT}, not of the Pod's service account"
)

_OF_THE_COMMAND = ("WARMBOOK_FILE", "JUPYTER_RUNTIME_DIR")
"""What each process has for itself, in its own home."""


def of(rehearsal: Callable[[], Rehearsal]) -> dict[str, Program]:
    """Return the program that stands for images of warmbook, by their name.

    `rehearsal` returns the rehearsal once it has started; no Pod starts before.
    """

    def variables() -> dict[str, str]:
        found = environment.of(rehearsal())
        for name in _OF_THE_COMMAND:
            found.pop(name, None)
        return found | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }

    return {NAME: Program(COMMAND, ("--help",), environ=variables, note=NOTE)}
