"""Say where the time went: in a cold start, between runs, as a page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...terminal import one_line
from ...texts import say
from .options import (
    Verbs,
    add_format,
    add_language,
    add_log,
    add_parameter,
    draw,
    print_as,
    settings_from,
    write,
)
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...measure.runs.schema import Record


def add(verbs: Verbs) -> None:
    """Add the verbs of this module."""
    cold = verbs.add_parser(
        "timeline",
        help="break a Pod's cold start down into phases",
        description="Say where the time went between a Pod's creation and its readiness: node, "
        "driver, image, imports, weights, compilation. With --log, from a saved log alone, in any "
        "form in which kubectl, docker, stern or Cloud Logging save it. Exit status 1 if the start "
        "failed or is unfinished, 2 if there is none to read.",
    )
    cold.add_argument(
        "pod", nargs="?", default="", metavar="POD", help="name of the Pod (every ready one)"
    )
    add_log(cold)
    cold.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw the phases into an SVG or PNG"
    )
    add_parameter(cold)
    add_format(cold)
    add_language(cold, "language of the output")
    cold.set_defaults(act=_timeline)

    compared = verbs.add_parser(
        "compare",
        help="compare the records of runs; the first is the base",
        description="Show the figures of two runs or more side by side, and which settings and "
        "versions changed. A single RUN is compared with your last work in JupyterLab. Exit "
        "status 1 if fewer than two could be compared.",
    )
    compared.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="folder of a run, or its run.json"
    )
    compared.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="draw the phases of each run into an SVG or PNG",
    )
    add_format(compared)
    add_language(compared, "language of the output")
    compared.set_defaults(act=_compare)

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


def _timeline(options: argparse.Namespace) -> int:
    if options.log:
        return _timeline_of_log(options)
    from ...cloud.clients import Clients
    from ...steps import streaming

    settings = settings_from(options)
    clients = Clients(settings.project_id, settings).confirmed()
    start = streaming.cold_start(settings, clients, pod=options.pod)
    print_as(options.format, repr(start), start.details())
    if options.picture:
        draw(start.plot(), options.picture)
    return 0


def _timeline_of_log(options: argparse.Namespace) -> int:
    """Tell each start that a saved log holds; return 1 where one did not come to its end."""
    from .saved_logs import starts

    cards = starts(options.log, options.start, options.pod)
    pods = [pod for card in cards for pod in card.details()["pods"]]
    text = "\n".join(map(repr, cards))
    print_as(options.format, text, {"rehearsal": False, "cost": None, "pods": pods})
    if options.picture:
        draw(cards[0].plot(), options.picture)
    return int(any(card.outcome and card.outcome.state != "up" for card in cards))


def _compare(options: argparse.Namespace) -> int:
    from ...errors import SettingsError
    from ...measure.runs.compare import Comparison

    named = options.runs
    if len(named) == 1 and (own := _own_work()):
        named = [*named, own]
    if len(named) < 2:
        told = say("Comparing takes at least two runs.")
        raise SettingsError(told, remedy=say("Name two runs or more."))
    runs, left_out = _comparable(named)
    for run, reason in left_out.items():
        show_wrapped(f"✗ {one_line(run)}: {one_line(reason)}", sys.stderr)
    comparison, enough = Comparison(runs), len(runs) > 1
    if enough or options.format == "json":
        text = str(comparison) if enough else ""
        print_as(options.format, text, {**comparison.record(), "left_out": left_out})
    if enough and options.picture:
        draw(comparison.plot(), options.picture)
    return 0 if enough else 1


def _comparable(
    named: Sequence[Path],
) -> tuple[tuple[tuple[str, Record], ...], dict[str, str]]:
    """Return the runs that can be compared, by name, and why the others can't."""
    from ...errors import RecordError
    from ...measure.runs.compare import comparable
    from ...measure.runs.record import read, same_run

    runs: list[tuple[str, Record]] = []
    left_out: dict[str, str] = {}
    for run in named:
        try:
            record = read(run)
            reason = comparable(record)
            for name in (name for name, other in runs if same_run(record, other)):
                reason = say("it is the same run as {name}", name=name)
        except RecordError as error:
            reason = error.what
        if reason:
            left_out[str(run)] = reason
        else:
            runs.append((_run_name(run), record))
    return tuple(runs), left_out


def _run_name(run: Path) -> str:
    path = run.resolve()
    return path.name if path.is_dir() else path.parent.name


def _report(options: argparse.Namespace) -> int:
    from ...errors import SettingsError
    from ...measure.runs.html import page
    from ...measure.runs.record import read

    run = options.run or _own_work()
    if run is None:
        raise SettingsError(
            say("There is no record of work in JupyterLab."),
            remedy=say("Run a notebook, or name the folder of a run."),
        )
    out = options.out or (run if run.is_dir() else run.parent) / "report.html"
    write(out, page(read(run), _run_name(run)).encode())
    print_as(options.format, out, {"page": str(out)})
    return 0


def _own_work() -> Path | None:
    """Return the folder of the reader's last work in JupyterLab, None where there is none."""
    from ...workbook import Workbook
    from .. import session, shipped

    beside = Workbook.open(default=shipped.workbook_file()).path.parent
    return session.last(dict.fromkeys((beside, *shipped.workplaces())))
