"""Which notebook a kernel runs, and what that notebook claims."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..texts import LANGUAGES
from . import shipped

SESSION = "JPY_SESSION_NAME"
"""Path of the notebook for which the kernel was started. Source: jupyter_server 2,
`get_kernel_env` in services/sessions/sessionmanager.py."""

VS_CODE = "__vsc_ipynb_file__"
"""The same as a variable of the kernel's. Source: vscode-jupyter, pull request 8531."""


def name_in(environ: Mapping[str, str], variables: Mapping[str, Any]) -> str:
    """Return the name of the kernel's notebook without its ending, "" where nothing tells it.

    A copy of one of warmbook's own has the name of its original.
    """
    told = str(variables.get(VS_CODE) or environ.get(SESSION, ""))
    path = Path(told.replace("\\", "/"))
    return shipped.titles().get(path.stem[:2], path.stem) if path.suffix == ".ipynb" else ""


def corrected(name: str, number: str) -> str:
    """Return the notebook's name, now that one of its cells has told its number.

    A kernel may have been started for another of warmbook's notebooks; a reader's own one
    keeps its name.
    """
    titles = shipped.titles()
    return titles.get(number, name) if not name or name in titles.values() else name


@cache
def claims(name: str) -> tuple[str, ...]:
    """Return every claim of one of warmbook's notebooks, in order; none of any other."""
    file = shipped.folder() / LANGUAGES[0] / f"{name}.ipynb"
    if name not in shipped.titles().values():
        return ()
    cells = json.loads(file.read_text("utf-8"))["cells"]
    code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return tuple(claim for source in code if "check(" in source for claim in _claimed(source))


def _claimed(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
            yield ast.literal_eval(node.args[1])
