"""Write a file atomically, readable by its owner alone unless it is public."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def save(content: str | bytes, path: Path, *, public: bool = False) -> None:
    """Write `content` to `path`, in the place of what was there; mode 0600.

    A `public` file has the mode that any new file of this process gets.

    Raises:
        OSError: The folder can't be written; what was there is still there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # of mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if public:
            draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can be read only by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
