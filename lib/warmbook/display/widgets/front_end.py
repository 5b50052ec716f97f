"""Whether the reader's JupyterLab can draw the widgets of this kernel, and what to show if not.

A JupyterLab with the widgets of ipywidgets 7 takes the form and shows "Error displaying widget:
model not found". The kernel is not told which widgets its front end has, so the extension is looked
up where the JupyterLab that started this kernel is installed: by its process, on Linux, on the same
machine. Elsewhere (JupyterHub on another machine, Colab, VS Code, the classic Notebook 6), nothing
is known, and the form is shown as ever. Seen with JupyterLab 3.6.8 and jupyterlab_widgets 1.1.11.
Source: jupyter-widgets/ipywidgets issue 3577 (the error, and that both sides must fit);
jupyterlab/jupyterlab issue 12977 (extension 3.1 belongs to ipywidgets 7, 5.0 to ipywidgets 8).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...texts import say
from ..card import copied, escape

OLDEST = 5
"""First number of the extension's version whose widgets are those of ipywidgets 8."""

VIEW = "application/vnd.jupyter.widget-view+json"
EXTENSION = Path("share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json")
UPGRADE = "python -m pip install --upgrade 'jupyterlab_widgets>=3'"

_PROCESSES = Path("/proc")
_LOADED = re.compile(r" (/\S.*)/lib/python3[.\d]*/(?:site|dist)-packages/")
"""The environment of a library that a process has loaded, in /proc/PID/maps."""


def fitting(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return what a widget shows of itself; in a front end that is too old, as text with advice.

    The bundle must have `text/plain` and `text/html` beside the widget's view.
    """
    if not too_old():
        return bundle
    told = say("This JupyterLab's widgets are too old for the form: they are of ipywidgets 7.")
    instead = say("Write the values into the parameters cell above and run the cells from there.")
    upgrade = say("Or upgrade them where JupyterLab is installed, start it again, reload the page:")
    html = "".join(f"<p>{escape(line)}</p>" for line in (told, instead, upgrade))
    text = "\n".join([bundle["text/plain"], "", told, f"→ {instead}", f"→ {upgrade}", UPGRADE])
    shown = {"text/plain": text, "text/html": f"{bundle['text/html']}{html}{copied(UPGRADE)}"}
    return {name: data for name, data in {**bundle, **shown}.items() if name != VIEW}


def too_old() -> bool:
    """Tell whether this kernel's JupyterLab surely has no widgets but those of ipywidgets 7."""
    versions = list(_versions())
    return bool(versions) and max(versions) < OLDEST


def _versions() -> Iterator[int]:
    """Yield the first number of the version of each extension that the server may take."""
    for prefix in _prefixes():
        with suppress(OSError, ValueError, LookupError, TypeError):
            described = json.loads((prefix / EXTENSION).read_text("utf-8"))
            yield int(str(described["version"]).partition(".")[0])


def _prefixes() -> set[Path]:
    """Return where the server's extensions are installed; nothing where the server is unknown."""
    found: set[str] = set()
    with suppress(OSError, ValueError, LookupError):
        server = _PROCESSES / str(int(os.environ["JPY_PARENT_PID"]))
        if b"jupyter" in (server / "cmdline").read_bytes():
            found = set(_LOADED.findall((server / "maps").read_text("utf-8", "replace")))
    everywhere = (Path.home() / ".local", Path("/usr/local"), Path("/usr"))
    return {*map(Path, found), *everywhere} if found else set()
