"""Runs one notebook with papermill: parameters in, progress and the executed copy out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from pydantic import ConfigDict

from ..display.progress import MIME
from ..measure.runs.schema import Notebook
from ..settings import Settings
from ..texts import say
from . import shipped
from .interrupts import CtrlC
from .kernels import Kernels

Tell = Callable[[str, float], None]
"""Called with a line of progress and the seconds since its wait began."""


class Done(Notebook):
    """A notebook of a run, kept up to date while it runs."""

    model_config = ConfigDict(frozen=False)


def parameters_of(notebook: Path) -> list[str]:
    """Return the names in a notebook's parameters cell: what people change in that notebook."""
    return list(papermill.inspect_notebook(str(notebook)))


def taken_by(notebook: Path) -> set[str]:
    """Return the names of all parameters that a notebook takes: its own, and every setting.

    papermill sets a parameter even where the parameters cell does not have it, and the form
    reads the notebook's globals.
    """
    return {*parameters_of(notebook), *Settings.model_fields}


def execute(
    book: Path,
    copy: Path,
    given: Mapping[str, str],
    kernels: Kernels,
    tell: Tell,
    done: Done,
) -> None:
    """Run a notebook into `copy`, and keep `done` up to date; what goes wrong is told there."""
    taken = taken_by(book)
    start, pressed = time.monotonic(), CtrlC()
    copy.unlink(missing_ok=True)  # one from before would keep its mode
    try:
        with pressed:
            papermill.execute_notebook(
                str(book),
                str(copy),
                {name: value for name, value in given.items() if name in taken},
                cwd=str(shipped.directory_for(book)),
                engine_name="warmbook",
                progress_bar=False,
                kernels=kernels,
                tell=tell,
                pressed=pressed,
            )
        done.status = "passed"
    except PapermillExecutionError as error:
        done.status = "failed"
        done.error = f"{error.ename}: {error.evalue}"
    except DeadKernelError:
        done.status = "failed"
        done.error = say(
            "The kernel died. Run it again: it finds the operations in progress and waits for them."
        )
    except KeyboardInterrupt:
        pressed.times += 1
    finally:
        if pressed.times:
            done.status = "interrupted"
        done.seconds = round(time.monotonic() - start, 3)


class _Client(PapermillNotebookClient):
    """papermill's client, which also tells the progress that a running cell redraws."""

    tell: Tell

    def process_message(self, message: Any, *args: Any, **kwargs: Any) -> Any:
        content = message["content"]
        progress = content.get("data", {}).get(MIME) if "data" in content else None
        if progress:
            self.tell(content["data"]["text/plain"], progress["elapsed_s"])
        return super().process_message(message, *args, **kwargs)

    def set_widgets_metadata(self) -> None:
        """Save no widget state: without it GitHub and nbconvert show the form as a table."""


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernels: Kernels,
        tell: Tell,
        pressed: CtrlC,
        **kwargs: Any,
    ) -> Any:
        del kernel_name  # ours: the interpreter that runs the book
        client = _Client(
            nb_man,
            km=kernels.take(),
            startup_timeout=kwargs.pop("start_timeout", 60),
            timeout=None,
        )
        client.tell, pressed.client = tell, client
        return client.execute(cleanup_kc=True)


papermill_engines.register("warmbook", _Engine)
