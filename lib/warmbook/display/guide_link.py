"""The address at which a reader's front end opens a section of docs/troubleshooting.md.

A relative address in an output is a path of the Jupyter server, and JupyterLab opens the file that
it names. What lies outside the folder that the server shows can't be opened so; then the
repository's address is taken, if the package names one, else there is no address: none is better
than a dead link. Source: JupyterLab, "rendermime", local links; jupyter_server, `jpserver-*.json`.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from ..errors import GUIDE_TO_PITFALLS

CLONE = Path(__file__).resolve().parents[3]
PAGE = "docs/troubleshooting.md"


def address(pitfall: str) -> str:
    """Return the address of a pitfall's section, "" where nothing here could open it."""
    where = _in_jupyter() or _in_repository()
    return f"{where}#{quote(pitfall)}" if where else ""


def _in_jupyter() -> str:
    """Return the page's path from the notebook's folder, if both are in what the server shows."""
    page, root, here = CLONE / GUIDE_TO_PITFALLS, _server_root(), _notebooks_folder()
    shown = root and page.is_file() and all(root in one.parents for one in (page, here / "x"))
    return quote(Path(os.path.relpath(page, here)).as_posix()) if shown else ""


def _server_root() -> Path | None:
    """Return the folder that this kernel's server shows; None without a server on this machine."""
    with suppress(OSError, ValueError, LookupError, ImportError, TypeError):
        from jupyter_core.paths import jupyter_runtime_dir

        server = int(os.environ["JPY_PARENT_PID"])
        told = Path(jupyter_runtime_dir(), f"jpserver-{server}.json").read_text("utf-8")
        return Path(json.loads(told)["root_dir"]).resolve()
    return None


def _notebooks_folder() -> Path:
    """Return the notebook's folder: a kernel begins there, but the reader may have left it."""
    named = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return (named.parent if named.is_absolute() else Path.cwd()).resolve()


def _in_repository() -> str:
    """Return the page's address on the code host that the package's metadata names."""
    with suppress(metadata.PackageNotFoundError):
        for line in metadata.metadata("warmbook").get_all("Project-URL") or ():
            label, _, url = line.partition(", ")
            if label.lower() in ("repository", "source") and url.startswith("https://"):
                return f"{url.rstrip('/').removesuffix('.git')}/blob/HEAD/{PAGE}"
    return ""
