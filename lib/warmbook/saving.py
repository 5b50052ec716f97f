"""Text into a file: whole or not at all, and for its owner's eyes only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def save(text: str, path: Path) -> None:
    """Write `text` to `path`, in the place of what was there; mode 0600.

    Raises:
        OSError: The folder can't be written; what was there is still there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # of mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
