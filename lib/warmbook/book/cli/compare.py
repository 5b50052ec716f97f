"""Compare runs with each other, for people, for programs and for a pull request."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...terminal import one_line, show
from ...texts import say
from .options import Verbs, add_language, draw_beside, output_named, path_named, print_as
from .records import comparable_runs, own_work
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...measure.runs.comparison.compare import Comparison
    from ...measure.runs.comparison.threshold import Threshold
    from ...measure.runs.comparison.verdicts import Judged, Verdict

FORMATS = ("text", "json", "markdown")


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    compared = verbs.add_parser(
        "compare",
        help="compare the records of runs; the first is the base",
        description="Show the figures of two runs or more side by side, and which settings and "
        "versions changed. A single RUN is compared with your last work in JupyterLab. Exit "
        "status 0 if they could be compared and every run is within each --fail-if; 1 if fewer "
        "than two could be compared, a run exceeds a threshold or can't be judged by it; 2 if a "
        "threshold is invalid. `verdict` in --format json distinguishes these cases.",
        epilog="Figures for --fail-if: cold_start (ready or, if every run has it, first_answer), "
        "ready, first_answer, stream_rate, stream_seconds, stream_bytes, cost, equal_answers, "
        "phase.NAME such as phase.compile, notebook.NAME such as notebook.07_streaming. "
        "Operators: > < >= <=. Limits: a change from the base (+20%, -10%) or a value "
        "(90s, 5 min 30 s, 1.5 GiB/s, 95%).",
    )
    compared.mixed = True
    compared.add_argument(
        "runs", type=path_named, nargs="+", metavar="RUN", help="folder of a run, or its run.json"
    )
    compared.add_argument(
        "--base",
        type=path_named,
        action="append",
        default=[],
        metavar="RUN",
        help="another run of the base: runs are compared with the median of all of them, and "
        "their spread is the noise; may be repeated",
    )
    compared.add_argument(
        "--fail-if",
        action="append",
        default=[],
        metavar="EXPRESSION",
        help='fail if a run exceeds a threshold, such as "cold_start > +20%%" or '
        '"stream_rate < -20%%"; may be repeated',
    )
    compared.add_argument(
        "--allow-unlike",
        action="store_true",
        help="judge by --fail-if also runs of another target, engine, network or model",
    )
    compared.add_argument(
        "--picture",
        type=output_named,
        metavar="FILE",
        help="draw the phases of each run into an SVG or PNG file",
    )
    compared.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="text for people, json for programs, markdown for a comment on a pull request",
    )
    add_language(compared, "language of the output")
    compared.set_defaults(act=_compare)


def _compare(options: argparse.Namespace) -> int:
    from ...measure.runs.comparison.compare import Comparison
    from ...measure.runs.comparison.threshold import parsed
    from ...measure.runs.comparison.verdicts import Judged, judge, overall

    thresholds = tuple(map(parsed, options.fail_if))
    named = _named(options.runs)
    runs, more_bases, left_out = comparable_runs(named, options.base)
    for run, reason in left_out.items():
        show_wrapped(f"✗ {one_line(run)}: {one_line(reason)}", sys.stderr)
    comparison, enough = Comparison(runs, more_bases), len(runs) > 1
    if not enough:
        told = say("Fewer than two runs could be compared.")
        show_wrapped(f"warmbook: {told}\n  → {say('Name two runs or more.')}", sys.stderr)
    verdicts: Sequence[Verdict] = ()
    if enough:
        verdicts = judge(comparison, thresholds, allow_unlike=options.allow_unlike)
        _warn_of_direction(comparison, thresholds)
    complete = enough and not any(str(run) in left_out for run in named)
    outcome = overall(verdicts, complete=complete) if thresholds else None
    _print(options.format, comparison, Judged(verdicts, outcome, left_out))
    status = 0 if enough and outcome in (None, "within") else 1
    return draw_beside(status, comparison.plot, options.picture if enough else None)


def _warn_of_direction(comparison: Comparison, thresholds: Sequence[Threshold]) -> None:
    """Name on standard error the thresholds that fail a run which is better than the base."""
    from ...measure.runs.comparison.threshold import figure_of

    figures = comparison.figures()
    for one in thresholds:
        figure = figure_of(one, figures)
        if figure and one.fails_the_better(figure.measure.unit):
            told = say("{text} fails a run that is better, not one that is worse", text=one.text)
            hint = say('Times are worse if they are higher ("> +20%"), rates if lower ("< -20%").')
            show_wrapped(f"warmbook: {told}\n  → {hint}", sys.stderr)


def _named(runs: Sequence[Path]) -> Sequence[Path]:
    """Return the runs to compare: beside a single one, the reader's last work.

    Raises:
        SettingsError: There is no such work.
    """
    from ...errors import SettingsError

    if len(runs) == 1 and (own := own_work()):
        return [*runs, own]
    if len(runs) < 2:
        told = say("Comparing takes at least two runs.")
        raise SettingsError(told, remedy=say("Name two runs or more."))
    return runs


def _print(format_: str, comparison: Comparison, judged: Judged) -> None:
    """Print the comparison; as text, nothing where there are fewer than two runs."""
    from ...measure.runs.comparison import pull_request

    if format_ == "json":
        print_as("json", "", {**comparison.record(), **judged.record()})
    elif format_ == "markdown":
        show(pull_request.comment(comparison, judged), end="")
    elif len(comparison.runs) > 1:
        show_wrapped("\n\n".join(filter(None, (str(comparison), str(judged)))))
