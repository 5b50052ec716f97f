"""Run the notebooks in order without a reader: same cells, same settings, same checks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..cloud.clients import Clients
from ..errors import SettingsError, WarmbookError
from ..files import save, writing
from ..settings import Settings, chosen
from ..texts import say, speak
from ..workbook import Workbook
from . import headless_checks, origin, run_folder, shipped
from .deadline import Deadline
from .execution import Done
from .execution_order import Execution
from .follower import Follower
from .kernels import Kernels
from .parameters import refuse_early
from .run import CLEANUP, INTERRUPTED, NOT_RUN, Run

CLEANUP_S = 1800
"""How long notebook 10 may take where the run had a limit: deleting a cluster takes 5 minutes."""


def books(language: str, only: Sequence[str] = ()) -> list[Path]:
    """Return the language's notebooks in order, or those whose number is in `only`.

    Raises:
        SettingsError: There is no such language or number.
    """
    folder = shipped.folder() / language
    present = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not present:
        raise SettingsError(
            say("There are no notebooks in {folder}.", folder=folder),
            remedy=say("Install warmbook again; in a clone, run `make notebooks`."),
        )
    if unknown := [n for n in only if n not in {book.name[:2] for book in present}]:
        raise SettingsError(
            say("There is no notebook {name}.", name=", ".join(unknown)),
            remedy=say("The numbers are {names}.", names=", ".join(b.name[:2] for b in present)),
        )
    return [book for book in present if not only or book.name[:2] in only]


def with_cleanup(notebooks: Sequence[Path]) -> list[Path]:
    """Return the notebooks, the one that cleans up as the last of them."""
    cleanup = notebooks[0].parent / f"{shipped.titles()[CLEANUP]}.ipynb"
    return [*(book for book in notebooks if book != cleanup), cleanup]


@contextmanager
def _private_files() -> Iterator[None]:
    """Let nobody else read what this process and its kernels write meanwhile."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@_private_files()
def run(
    notebooks: Sequence[Path],
    parameters: Mapping[str, object],
    out: Path | None,
    *,
    follower: Follower | None = None,
    limit_s: float | None = None,
    always_clean: bool = False,
) -> Run:
    """Run each notebook in order; stop at the first failure.

    Executed copies, `workbook.yaml` and `run.json` are written to `out`, by default a new folder
    in `runs`, whatever happens; no other user can read them. What an earlier run left there is
    moved away first. After `limit_s` seconds the running cell is interrupted as by Ctrl-C. With
    `always_clean` notebook 10 runs last, also after a failure, the limit or one Ctrl-C; it has
    CLEANUP_S of its own. What can't be written after its last notebook is in `problems` of the
    result.

    Raises:
        SettingsError: A parameter, a value, the folder or the environment is wrong; nothing was
            run.
        UnreachableError: The rehearsal has stopped; nothing was run.
        KeyboardInterrupt: Ctrl-C; the cell that ran has told what goes on in the cloud.
    """
    deadline, follower = Deadline(limit_s), follower or Follower()
    if always_clean:
        notebooks = with_cleanup(notebooks)
    saved = Workbook.open(default=shipped.workbook_file()).saved()
    settings, given = refuse_early(notebooks, parameters, saved)
    clients = Clients(settings.project_id).confirmed()
    with run_folder.opened(out) as folder:
        result = Run(clients.target, settings.model_dump(), clients.network, folder=folder)
        result.earlier = run_folder.set_aside(folder)
        result.origin = origin.begun(settings, clients)
        result.notebooks = [_not_run(book) for book in notebooks]
        workbook = _workbook(folder, notebooks, chosen(saved, given))
        speak(settings.language)
        follower.run_started(result)
        with (
            _problems_noted(result),
            _recorded(result, workbook, settings, clients),
            _environment(workbook),
            Kernels(len(notebooks), shipped.directory_for(notebooks[0])) as kernels,
        ):
            pairs = list(zip(notebooks, result.notebooks, strict=True))
            last = pairs.pop() if always_clean else None
            execution = Execution(folder, given, kernels, follower)
            with _cleanup_after(execution, last, limit_s and CLEANUP_S):
                execution.run_in_order(pairs, deadline)
        if result.outcome == INTERRUPTED:
            raise KeyboardInterrupt(*_cleaned_up(result))
    return result


@contextmanager
def _cleanup_after(
    execution: Execution, last: tuple[Path, Done] | None, limit_s: float | None
) -> Iterator[None]:
    """Run the `last` notebook after the block, also if it raises an error, but not after Ctrl-C.

    After an error nothing is told of it, and its copy may be missing: the output or the folder
    may be what can't be written.
    """
    try:
        yield
    except Exception:
        if last:
            _clean_silently(execution, last, limit_s)
        raise
    if last:
        execution.run_one(*last, Deadline(limit_s))


def _clean_silently(execution: Execution, last: tuple[Path, Done], limit_s: float | None) -> None:
    """Run the `last` notebook, without a copy where none can be written."""
    silent = replace(execution, follower=Follower())
    for attempt in (silent, replace(silent, folder=None)):
        with suppress(OSError, WarmbookError):  # the error before it is what is reported
            attempt.run_one(*last, Deadline(limit_s))
            return


def _not_run(book: Path) -> Done:
    return Done(name=book.stem, status=NOT_RUN, seconds=0.0, error="", checks=())


def _cleaned_up(run: Run) -> Iterator[str]:
    if run.cleaned_up:
        yield say("Stopped. Notebook 10 deleted the created resources.")


def _workbook(folder: Path, notebooks: Sequence[Path], choices: Mapping[str, object]) -> Workbook:
    """Return the run's own workbook.yaml, with these choices and none of an earlier run."""
    file = (folder / shipped.WORKBOOK).resolve()
    if notebooks[0].name.startswith("01"):  # from the start: no figures of an earlier run
        with writing(file):
            file.unlink(missing_ok=True)
    workbook = Workbook(file)
    settings = {name: value for name, value in choices.items() if name in Settings.model_fields}
    workbook.choose({**dict.fromkeys(Settings.model_fields), **settings})
    return workbook


@contextmanager
def _recorded(run: Run, workbook: Workbook, settings: Settings, clients: Clients) -> Iterator[None]:
    """Write the run's record in the end, whatever happens."""
    before = workbook.measurements().get("cleanup")
    try:
        yield
    except KeyboardInterrupt:
        run.interrupted = True
        raise
    finally:
        run.measured = workbook.measurements()
        if not run.cleaned_up and run.measured.get("cleanup") == before:
            run.measured.pop("cleanup", None)  # an earlier run in this folder cleaned up then
        run.origin.update(ended=origin.now(), account=origin.account(settings, clients))
        text = json.dumps(run.record().dumped(), indent=2, ensure_ascii=False)
        with writing(run.file):
            save(text + "\n", run.file)


@contextmanager
def _problems_noted(run: Run) -> Iterator[None]:
    """Note what can't be written in the block once the run is over.

    Raises:
        OSError: Something can't be written, and the run is not over.
        WarmbookError: The same.
    """
    try:
        yield
    except (OSError, WarmbookError) as error:
        if not run.over:
            raise
        run.problems.append(error)


@contextmanager
def _environment(workbook: Workbook) -> Iterator[None]:
    """Let the kernels use this file, record nothing themselves and publish their checks."""
    values = {
        "WARMBOOK_FILE": str(workbook.path),
        origin.RECORDING: "no",
        headless_checks.ASKED: headless_checks.PUBLISH,
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
