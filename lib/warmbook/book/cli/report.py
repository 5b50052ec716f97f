"""Write a run as a page, or a whole class as a page and a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...terminal import one_line
from ...texts import say
from .options import (
    Verbs,
    add_format,
    add_language,
    keep,
    output_named,
    path_named,
    print_as,
)
from .records import own_work, run_name
from .screen import show_wrapped


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    report = verbs.add_parser(
        "report",
        help="write an HTML report of a run, or of a class with a CSV",
        description="Write the record of a run as one HTML page that needs no other file. With "
        "several folders (each is a seat), or one that holds many (each folder in it is a seat), "
        "write one page and one CSV of all seats: who, when, what passed, times, answers, gym. "
        "Records are searched up to 8 folders deep; those that can't be read are listed. Exit "
        "status 2 if there is no record at all.",
    )
    report.mixed = True
    report.add_argument(
        "runs",
        type=path_named,
        nargs="*",
        metavar="DIR",
        help="folder of a run, its run.json, or folders of seats (your last work in JupyterLab)",
    )
    report.add_argument(
        "--out",
        type=output_named,
        metavar="FILE",
        help="the page (report.html beside run.json; of a class, class.html in its folder)",
    )
    report.add_argument(
        "--csv",
        type=output_named,
        metavar="FILE",
        help="the table of a class (beside the page, with the suffix .csv)",
    )
    add_format(report)
    add_language(report, "language of the page")
    report.set_defaults(act=_report)


def _report(options: argparse.Namespace) -> int:
    from ...measure.runs.seats.search import is_run

    runs = options.runs or [_own()]
    if len(runs) == 1 and (is_run(runs[0]) or not runs[0].exists()) and not options.csv:
        return _one(runs[0], options)
    return _class(runs, options)


def _own() -> Path:
    from ...errors import SettingsError

    if run := own_work():
        return run
    raise SettingsError(
        say("There is no record of work in JupyterLab."),
        remedy=say("Run a notebook, or name the folder of a run."),
    )


def _one(run: Path, options: argparse.Namespace) -> int:
    from ...errors import RecordError
    from ...measure.runs.html import page
    from ...measure.runs.record import read

    out = options.out or (run if run.is_dir() else run.parent) / "report.html"
    try:
        record = read(run)
    except RecordError as error:
        raise RecordError(f"{run}: {error.what}", remedy=error.remedy) from None
    keep(out, page(record, run_name(run)).encode(), public=True)
    print_as(options.format, out, {"page": str(out)})
    return 0


def _class(folders: Sequence[Path], options: argparse.Namespace) -> int:
    from ...errors import SettingsError
    from ...measure.runs.seats import page, search, table

    places = _seats_of(folders)
    seats = search.seats(places, _tell)
    home = folders[0] if len(folders) == 1 and folders[0].is_dir() else Path()
    out = options.out or home / "class.html"
    csv = options.csv or out.with_suffix(".csv")
    if csv == out:
        raise SettingsError(
            say("The page and the table can't both be {file}.", file=out),
            remedy=say("Name two files with --out and --csv."),
        )
    problems = {file: why for seat in seats for file, why in seat.problems.items()}
    for folder in search.without_records(places, seats):
        problems[str(folder)] = say("it has no record of a run")
    for file, why in problems.items():
        show_wrapped(f"✗ {one_line(file)}: {one_line(why)}", sys.stderr)
    keep(out, page.page(seats).encode())  # names and grades, for the reader alone
    keep(csv, table.table(seats))
    told = {"page": str(out), "csv": str(csv), "seats": len(seats), "left_out": problems}
    print_as(options.format, f"{out}\n{csv}", told)
    return 0


def _seats_of(folders: Sequence[Path]) -> Sequence[Path]:
    """Return the folders to search: of a class's own folder, that of its seats."""
    from ..classroom.seats import SEATS

    if len(folders) == 1 and (folders[0] / SEATS).is_dir():
        return [folders[0] / SEATS]
    return folders


def _tell(searched: int) -> None:
    told = say("searching for records: {count} folders so far", count=searched)
    show_wrapped(f"… {told}", sys.stderr)
