"""How a notebook shows errors: ours as cards, and names that a restarted kernel has forgotten.

IPython calls a handler for exceptions of chosen classes. It stays what it is for everybody else:
the cell fails, and papermill, nbval and "Run All" stop there.
Source: IPython, `InteractiveShell.set_custom_exc` and `showtraceback`.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from IPython import get_ipython
from IPython.display import display

from ..errors import MissingError, Remedy, WarmbookError
from ..texts import say
from .failure import Failure

MOST_NOTEBOOKS = 50
"""How many notebooks of a folder are searched for a name; a folder of ours has ten."""


def install(shell: Any = None) -> None:
    """Let the shell of this process, if there is one, show errors as cards.

    It takes effect once warmbook is imported, or from the start in kernels of `warmbook lab`
    (`book/kernel_startup.py`). In any other kernel that has just started, a cell below the imports
    fails with IPython's own NameError, because nothing of ours runs there yet. A handler that
    somebody else has set is left alone; our errors are text then.
    """
    shell = shell or get_ipython()
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((WarmbookError, NameError), _shown)


def _shown(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> list[str]:
    """Show an error of ours, or a forgotten name, as a card and a line; the rest as ever."""
    ours = error if isinstance(error, WarmbookError) else _forgotten(error, trace, shell)
    if ours is not None:
        card = Failure(ours)
        display(card)
        lines = _lines(card, error, reader=_has_reader(shell))
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    return []


def _lines(card: Failure, error: BaseException, *, reader: bool) -> list[str]:
    """Return what stands in the error's own output: one line, or all where nobody sees the card.

    papermill and nbval print these lines, and nothing of the card.
    """
    if isinstance(error, NameError):
        return [f"NameError: {error}", *([] if reader else repr(card).splitlines())]
    return [card.headline] if reader else repr(card).splitlines()


def _has_reader(shell: Any) -> bool:
    """Tell whether somebody could answer a question of the cell; in a headless run nobody can.

    Source: Jupyter's messaging, `allow_stdin` of an execute_request; nbclient and nbval send false.
    """
    parent: dict[str, Any] = getattr(shell, "get_parent", dict)() or {}
    return bool(parent.get("content", {}).get("allow_stdin", True))


def _forgotten(error: BaseException, trace: TracebackType, shell: Any) -> WarmbookError | None:
    """Return the error for a name that a cell of this notebook defines, None for any other.

    Only a name that the cell's own code lacks counts, not one that a library lacks.
    """
    if type(error) is not NameError or not error.name or _innermost(trace) is not shell.user_ns:
        return None
    if error.name not in set(_defined()):
        return None
    return MissingError(
        say("«{name}» is not there: no cell of this kernel has made it yet.", name=error.name),
        remedies=[
            Remedy(say("Run the cells above first: Run > Run All Above Selected Cell.")),
            Remedy(say("After a restart of the kernel every cell must run again, from the top.")),
        ],
    )


def _innermost(trace: TracebackType) -> dict[str, Any]:
    """Return the names that the code which failed sees as its own."""
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_globals


def _defined() -> Iterator[str]:
    """Yield the names that the cells of this notebook define, as it was saved last.

    The server tells a kernel the notebook's path; without it, every notebook beside it counts.
    """
    named = Path(os.environ.get("JPY_SESSION_NAME", ""))
    books = [named] if named.is_file() else sorted(Path.cwd().glob("*.ipynb"))[:MOST_NOTEBOOKS]
    for book in books:
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            for cell in json.loads(book.read_text("utf-8"))["cells"]:
                if cell["cell_type"] == "code":
                    yield from _names("".join(cell["source"]))


def _names(code: str) -> Iterator[str]:
    """Yield the names that a cell's code binds; none where it is not plain Python."""
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.alias):
                yield (node.asname or node.name).partition(".")[0]
