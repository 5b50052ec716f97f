"""Where a rehearsal keeps its state, in temporary files that go with it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from .node import EngineError

PREFIX = "warmbook-rehearsal-"
STATE_BYTES = 500_000_000
"""Room for temporary files that a rehearsal needs: notebook 09 downloads the model (270 MB), and
vLLM compiles."""


def sweep() -> None:
    """Remove what rehearsals left that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            pid = int((folder / "pid").read_text())
            if not Path(f"/proc/{pid}").exists():
                shutil.rmtree(folder, ignore_errors=True)


def check_temporary_files(needed_bytes: int = STATE_BYTES) -> None:
    """Refuse to start where a rehearsal's state has no room; what killed ones left goes first.

    Raises:
        EngineError: No folder for temporary files can be written, or too little is free there.
    """
    try:
        sweep()
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError:
        raise EngineError(
            "No folder for temporary files can be written.\n"
            "  → Name one of yours: TMPDIR=/path make rehearse"
        ) from None
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise EngineError(
            f"{folder} has {free_bytes / 1e6:.0f} MB free; the rehearsal's temporary files need "
            f"{needed_bytes / 1e6:.0f} MB.\n"
            "  → Free some, or name a folder on another disk: TMPDIR=/path make rehearse"
        )
