"""Runs one notebook with papermill: parameters in, progress and the executed copy out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging import LogRecord
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger
from pydantic import ConfigDict

from ..display import progress
from ..measure.runs.schema import Check, Notebook
from ..settings import Settings
from ..texts import say
from ..units import duration
from . import entries, headless_checks, shipped
from .cpu_load import cpu_load
from .deadline import Deadline
from .follower import Follower, Waiting
from .interrupts import CtrlC
from .kernels import Kernels

UNKNOWN_PARAMETER = "Passed unknown parameter: "
"""How papermill's warning begins."""


class Done(Notebook):
    """A notebook of a run, kept up to date while it runs."""

    model_config = ConfigDict(frozen=False)

    def note(self, claim: str, passed: bool, at: str) -> Check:
        """Note how a claim ended, and return its entry."""
        checks = [check.dumped() for check in self.checks]
        noted = entries.note_check(checks, claim, passed, at)
        self.checks = tuple(map(Check.model_validate, checks))
        return Check.model_validate(noted)

    def time_out(self, limit_s: float | None) -> None:
        """Note that the time was over, before what its cell said then."""
        self.status = "timed-out"
        told = say("The time limit of {time} was reached.", time=duration(limit_s or 0))
        said = "" if self.error.endswith(": ") else self.error  # an error without a message
        self.error = "\n".join(filter(None, (told, said)))


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
    copy: Path | None,
    given: Mapping[str, str],
    kernels: Kernels,
    follower: Follower,
    done: Done,
    deadline: Deadline,
) -> None:
    """Run a notebook into `copy`, if there is one, and keep `done` up to date.

    What goes wrong is told in `done`.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed twice.
    """
    if deadline.over:
        return done.time_out(deadline.limit_s)
    taken = taken_by(book)
    start, pressed = time.monotonic(), CtrlC(deadline)
    if copy:
        copy.unlink(missing_ok=True)  # one from before would keep its mode
    try:
        with pressed, _settings_known_to_papermill():
            papermill.execute_notebook(
                str(book),
                copy and str(copy),
                {name: value for name, value in given.items() if name in taken},
                cwd=str(shipped.directory_for(book)),
                engine_name="warmbook",
                progress_bar=False,
                kernels=kernels,
                follower=follower,
                done=done,
                pressed=pressed,
            )
        done.status = "passed"
    except PapermillExecutionError as error:
        done.status = "failed"
        done.error = f"{error.ename}: {error.evalue}"
    except _KernelNotStartedError as error:
        done.status = "failed"
        if not pressed.stopped:  # Ctrl-C ends a kernel that is about to start
            done.error = say("The kernel did not start: {reason}. Try again.", reason=error)
    except DeadKernelError:
        done.status = "failed"
        done.error = say(
            "The kernel died. Run it again: it finds the operations in progress and waits for them."
        )
    except KeyboardInterrupt:
        pressed.ended_without_a_kernel()
    finally:
        if pressed.times:
            done.status = "interrupted"
        elif pressed.timed_out and done.status != "passed":
            done.time_out(deadline.limit_s)
        elif done.status == "not-run" and not all(check.passed for check in done.checks):
            done.status = "failed"  # and then its copy could not be written
        done.seconds = round(time.monotonic() - start, 3)
        done.cpu_load = cpu_load()
    if pressed.times > 1:
        raise KeyboardInterrupt


@contextmanager
def _settings_known_to_papermill() -> Iterator[None]:
    """Drop papermill's warning about a setting that the parameters cell does not have.

    Every notebook takes every setting. Source: papermill, execute.py, `execute_notebook`.
    """
    logger.addFilter(_is_no_setting)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_setting)


def _is_no_setting(record: LogRecord) -> bool:
    name = record.getMessage().removeprefix(UNKNOWN_PARAMETER)
    return name == record.getMessage() or name not in Settings.model_fields


class _KernelNotStartedError(DeadKernelError):
    """A kernel ended, or did not answer in time, before its first cell."""


class _Client(PapermillNotebookClient):
    """papermill's client, which also tells the checks and the progress of a running cell."""

    follower: Follower
    done: Done
    pressed: CtrlC

    def start_new_kernel_client(self, **kwargs: Any) -> Any:
        """Start the kernel. Source of the RuntimeError: jupyter_client, `wait_for_ready`."""
        try:
            return super().start_new_kernel_client(**kwargs)
        except RuntimeError as error:
            raise _KernelNotStartedError(str(error)) from None

    def execute_cell(self, *args: Any, **kwargs: Any) -> Any:
        """Run a cell, unless Ctrl-C or the deadline came before: an idle kernel ignores both.

        Source: ipykernel, `IPKernelApp.init_signal`.
        """
        if self.pressed.stopped:
            raise KeyboardInterrupt
        return super().execute_cell(*args, **kwargs)

    def process_message(self, message: Any, *args: Any, **kwargs: Any) -> Any:
        if check := headless_checks.published(message):
            self.follower.checked(self.done.name, self.done.note(**check))
        elif waiting := _waiting(message):
            self.follower.waits(self.done.name, waiting)
        return super().process_message(message, *args, **kwargs)

    def set_widgets_metadata(self) -> None:
        """Save no widget state: without it GitHub and nbconvert show the form as a table."""


def _waiting(message: Mapping[str, Any]) -> Waiting | None:
    """Return the progress that a running cell redraws, None for any other message."""
    data = message["content"].get("data", {})
    if progress.MIME not in data:
        return None
    return Waiting(line=data["text/plain"], **data[progress.MIME])


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernels: Kernels,
        follower: Follower,
        done: Done,
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
        client.follower, client.done, client.pressed = follower, done, pressed
        pressed.client = client
        return client.execute(cleanup_kc=True)


papermill_engines.register("warmbook", _Engine)
