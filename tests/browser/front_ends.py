"""Front ends other than this environment's JupyterLab, each in an environment of its own.

Only the server and the pages come from there; the kernels are this environment's. An environment
is made once for its locks and this Python, and kept beside the rehearsal's engines.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from warmbook_rehearsal.installer import Into, PipConfig, install, new_environment

LOCKS = Path(__file__).with_name("fronts")


@dataclass(frozen=True)
class FrontEnd:
    """How a front end is started, where it shows a notebook, and which `locks` it consists of."""

    locks: tuple[str, ...] = ()
    command: str = "lab"
    app: str = "LabApp"
    place: str = "doc/tree"

    @property
    def python(self) -> Path:
        """The interpreter that starts it; this one for a front end without locks."""
        return self._installed() / "bin" / "python" if self.locks else Path(sys.executable)

    def _installed(self) -> Path:
        locks = [LOCKS / f"{name}.txt" for name in self.locks]
        folder = _cache() / f"{'-'.join(self.locks)}-{_digest(locks)}"
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            new_environment(folder)
            for lock in locks:
                install(lock, Into(folder / "bin" / "python"), PipConfig.read())
            (folder / "complete").touch()
        return folder


def _cache() -> Path:
    usual = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    return usual / "front-ends"


def _digest(locks: list[Path]) -> str:
    """Return a name for the locks' contents on this Python."""
    content = b"".join(lock.read_bytes() for lock in locks)
    return hashlib.sha256(content + sys.version.encode()).hexdigest()[:12]


def proxy() -> Path:
    """Return the program of JupyterHub's proxy, installed by npm for its lock.

    Raises:
        LookupError: There is no npm here.
    """
    locks = [LOCKS / "proxy" / name for name in ("package.json", "package-lock.json")]
    folder = _cache() / f"proxy-{_digest(locks)}"
    if not (folder / "complete").exists():
        if not (npm := shutil.which("npm")):
            raise LookupError("npm, which installs JupyterHub's proxy, is missing")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for lock in locks:
            shutil.copy(lock, folder)
        command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=folder, check=True)
        (folder / "complete").touch()
    return folder / "node_modules" / ".bin" / "configurable-http-proxy"


LAB_4 = FrontEnd()
HUB = FrontEnd(("hub",))
"""JupyterHub with its single-user servers."""
NOTEBOOK_7 = FrontEnd(("notebook7",), "notebook", "JupyterNotebookApp", "notebooks")
LAB_3 = FrontEnd(("lab3",))
LAB_3_OLD_WIDGETS = FrontEnd(("lab3", "widgets7"))
"""JupyterLab 3.6 with the front end of ipywidgets 7, which knows no widget of ipywidgets 8."""
