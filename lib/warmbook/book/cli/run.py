"""Run the book without a reader; list it."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import WarmbookError
from ...files import FULL, full, writing
from ...texts import say, spoken
from .options import (
    Verbs,
    add_format,
    add_language,
    add_parameter,
    is_stream,
    keep,
    numbers,
    output_named,
    path_named,
    print_as,
    saved_choices,
    time_limit,
)
from .screen import discard_unread, show_wrapped, warn

if TYPE_CHECKING:
    from ..run import Run
    from .run_follower import JsonFollower, TextFollower

STATUSES = {"passed": 0, "failed": 1, "timed-out": 3, "cleanup-failed": 4}
"""The exit status for each outcome of a run; Ctrl-C and what is refused have those of any verb."""

REFUSED = 2
"""The exit status if a file, or the output, can't be written and nothing else failed."""

STATUSES_TOLD = (
    "Exit status: 0 all notebooks passed; 1 a notebook failed; 2 refused before any notebook "
    "began, or a file could not be written; 3 --timeout was reached; 4 only the cleanup failed; "
    "130 after Ctrl-C, 143 after SIGTERM."
)


def add(verbs: Verbs) -> None:
    """Add the verbs of this module."""
    run = verbs.add_parser(
        "run",
        help="run the notebooks headless, in order",
        description="Run warmbook's own notebooks headlessly, in order, with your saved choices; "
        f"copies of them are not touched. {STATUSES_TOLD}",
    )
    run.add_argument(
        "--out",
        type=output_named,
        metavar="DIR",
        help="folder of the run (runs/<time>); an earlier run in it is moved to DIR/earlier",
    )
    add_language(run, "language of the notebooks and of the messages (en)")
    run.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NN[,NN]",
        help="run these notebooks only, such as 04,05; may be repeated",
    )
    add_parameter(run)
    run.add_argument(
        *("-f", "--parameters_file"),
        type=path_named,
        action="append",
        default=[],
        metavar="FILE",
        help="YAML file of parameters, as for papermill; may be repeated; -y and -p override it",
    )
    run.add_argument(
        *("-y", "--parameters_yaml"),
        action="append",
        default=[],
        metavar="YAML",
        help="parameters as YAML, such as '{replicas: 2}'; overrides -f",
    )
    run.add_argument(
        "--timeout",
        type=time_limit,
        metavar="TIME",
        help="interrupt the run after this time: 90m, 2h, 1h30m or seconds (no limit)",
    )
    run.add_argument(
        "--always-clean",
        action="store_true",
        help="run notebook 10 last, also after a failure, --timeout or one Ctrl-C; it has half "
        "an hour of its own",
    )
    run.add_argument(
        "--junit", type=output_named, metavar="FILE", help="write the checks as JUnit XML"
    )
    run.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text for people, json for programs: one event a line",
    )
    run.set_defaults(act=_run, headless=True)

    listing = verbs.add_parser(
        "list",
        help="list the notebooks, their parameters and what each setting means",
        description="List the notebooks with their parameters, then each setting: what it means, "
        "its default, what is allowed.",
    )
    add_format(listing)
    add_language(listing, "language of the messages")
    listing.set_defaults(act=_list)


def _run(options: argparse.Namespace) -> int:
    from .. import runner
    from ..parameters import gathered
    from .run_follower import JsonFollower, TextFollower

    saved_choices()  # names what a run ignores
    notebooks = runner.books(spoken(), numbers(",".join(options.only)))
    parameters = gathered(options.parameters_file, options.parameters_yaml, options.parameter)
    parameters.setdefault("language", spoken())
    if options.junit:
        _refuse_unwritable(options.junit)
    follower = JsonFollower() if options.format == "json" else TextFollower()
    try:
        result = runner.run(
            notebooks,
            parameters,
            options.out,
            follower=follower,
            limit_s=options.timeout,
            always_clean=options.always_clean,
        )
    except BrokenPipeError:  # `… | head` has seen enough, before the last notebook
        return STATUSES["failed"]
    except OSError as error:
        if error.errno not in FULL or not follower.run:
            raise
        follower.run.problems.append(error)
        return REFUSED
    finally:
        if follower.run:
            options.creates = True
            _end(follower.run, follower, options.junit)
    return _status(result)


def _status(run: Run) -> int:
    """Return the exit status: of the outcome, and 2 if only a file could not be written."""
    if run.passed and not all(map(_is_unread, run.problems)):
        return REFUSED
    return STATUSES[run.outcome]


def _told(problem: OSError | WarmbookError) -> str:
    if isinstance(problem, OSError) and problem.errno in FULL:
        return str(full(problem))
    return str(problem)


def _is_unread(problem: Exception) -> bool:
    """Tell whether it is only that nobody reads the output any more."""
    return isinstance(problem, BrokenPipeError)


def _end(run: Run, follower: JsonFollower | TextFollower, junit: Path | None) -> None:
    """Write the run as JUnit XML where that is wanted, and print how it ended.

    What can't be written is reported: it must not hide an error or Ctrl-C that ended the run.
    """
    with _noted(run):
        if junit:
            _write_junit(run, junit)
    with _noted(run):
        _print_end(run, follower)
    discard_unread()
    for problem in dict.fromkeys(_told(one) for one in run.problems if not _is_unread(one)):
        warn(f"warmbook: {problem}")


@contextmanager
def _noted(run: Run) -> Iterator[None]:
    try:
        yield
    except WarmbookError as error:
        run.problems.append(error)
    except OSError as error:
        run.problems.append(error)


def _print_end(run: Run, follower: JsonFollower | TextFollower) -> None:
    for name in run.unfit:
        told = say("{name}: its entry in the run's workbook.yaml can't be read", name=name)
        show_wrapped(f"warmbook: {told}", sys.stderr)
    follower.run_ended(run)


def _refuse_unwritable(path: Path) -> None:
    """Find out before a run of hours whether its file can be written; create nothing.

    Raises:
        SettingsError: It can't.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    with writing(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(path if is_stream(path) else folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _write_junit(run: Run, path: Path) -> None:
    from ..junit import document

    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    keep(path, document(run.record()), public=True)


def _list(options: argparse.Namespace) -> int:
    from ...settings.described import described
    from .. import runner
    from ..execution import parameters_of

    listed = {book.stem: parameters_of(book) for book in runner.books(spoken())}
    settings = list(described())
    lines = [f"{name}: {', '.join(parameters)}" for name, parameters in listed.items()]
    lines += ["", say("Settings, which the notebooks have as parameters:")]
    notebooks = [{"name": name, "parameters": listed[name]} for name in listed]
    told = {"notebooks": notebooks, "settings": [one.record() for one in settings]}
    print_as(options.format, "\n".join([*lines, *(f"  {one}" for one in settings)]), told)
    return 0
