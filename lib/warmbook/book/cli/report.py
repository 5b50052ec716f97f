"""Write a run, or a whole class, as a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...texts import say
from .options import Verbs, add_format, add_language, print_as, write
from .records import own_work, run_name


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    report = verbs.add_parser(
        "report",
        help="write an HTML report of a run",
        description="Write the record of a run as one HTML page that needs no other file.",
    )
    report.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN",
        help="folder of a run, or its run.json (your last work in JupyterLab)",
    )
    report.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (report.html beside run.json)"
    )
    add_format(report)
    add_language(report, "language of the page")
    report.set_defaults(act=_report)


def _report(options: argparse.Namespace) -> int:
    from ...errors import SettingsError
    from ...measure.runs.html import page
    from ...measure.runs.record import read

    run = options.run or own_work()
    if run is None:
        raise SettingsError(
            say("There is no record of work in JupyterLab."),
            remedy=say("Run a notebook, or name the folder of a run."),
        )
    out = options.out or (run if run.is_dir() else run.parent) / "report.html"
    write(out, page(read(run), run_name(run)).encode())
    print_as(options.format, out, {"page": str(out)})
    return 0
