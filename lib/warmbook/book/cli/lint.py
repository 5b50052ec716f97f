"""Check manifests that somebody wrote, and tell it to people, programs and code hosts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...terminal import one_line, show
from ...texts import say
from .check import in_bucket
from .options import Verbs, add_language, path_named, print_as
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...display.card import Row
    from ...model.inspect import Inspection
    from ...serving.lint import Report

FORMATS = ("text", "json", "sarif", "github")
_MOST_SKIPPED = 10
"""Containers that are no servers: named up to so many, counted beyond."""


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    linted = verbs.add_parser(
        "lint",
        help="check manifests of model servers",
        description="Check the model servers (vLLM, SGLang and what is built on them) in YAML "
        "files: flags, the streamer's keys, accelerators, probes, service account. Charts and "
        "kustomizations are rendered first: helm template CHART | warmbook lint -. Exit status 0 "
        "if there are only remarks and warnings, 1 if a server would not start, 2 if a file or a "
        "document could not be checked.",
    )
    linted.mixed = True
    linted.add_argument(
        "files", type=path_named, nargs="+", metavar="FILE", help="YAML; - reads standard input"
    )
    linted.add_argument(
        "--look",
        action="store_true",
        help="also inspect the model in the bucket: is the streamer's memory limit large enough?",
    )
    linted.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="text, json, or sarif and github to annotate lines in CI",
    )
    linted.add_argument(
        "--fail-on",
        choices=("error", "warning"),
        default="error",
        help="lowest severity for exit status 1 (error)",
    )
    add_language(linted, "language of the output")
    linted.set_defaults(act=_lint)


def _lint(options: argparse.Namespace) -> int:
    from ...serving.lint import files, together

    options.files = files.each_once(options.files)
    report = together(_looked_at(path, look=options.look) for path in options.files)
    _tell(options, report)
    return report.status(options.fail_on)


def _looked_at(path: Path, *, look: bool) -> Report:
    from ...limited_yaml import YamlError
    from ...serving.lint import Report, examine, files
    from ...serving.lint.report import Passed

    try:
        text = files.text_of(path)
    except (OSError, ValueError, YamlError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        told = say("{path} can't be read: {reason}.", path=path, reason=reason)
        remedy = say("Name a readable YAML file; - reads standard input.")
        return Report(unread=[Passed(str(path), 0, "", told, remedy)])
    return examine(text, str(path), _in_bucket if look else lambda uri: None)


def _tell(options: argparse.Namespace, report: Report) -> None:
    from ...serving.lint import github, sarif

    if options.format == "json":
        print_as("json", "", {"file": str(options.files[0]), **report.record()})
    elif options.format == "sarif":
        print_as("json", "", sarif.sarif(report))
    elif options.format == "github":
        if commands := github.workflow_commands(report):
            show(commands)
    elif rows := list(_rows(options.files, report)):
        show_wrapped("\n".join(map(str, rows)))
    for line in _not_looked_at(report, listed=options.format == "github"):
        show_wrapped(line, sys.stderr)


def _rows(files: list[Path], report: Report) -> Iterator[Row]:
    from ...display.card import Row

    for one in report.findings:
        remedy = f" → {one.remedy}" if one.remedy else ""
        name = one_line(f"{_place(one)} {one.what}")
        yield Row(name, one_line(f"{one.happens}{remedy}"), one.severity)
    for file in map(str, files):
        if _is_fine(report, file):
            yield Row(one_line(file), say("no findings"), "ok")
    for passed in report.skipped[:_MOST_SKIPPED]:
        name = one_line(f"{_place(passed)} {passed.name}")
        yield Row(name, say("skipped: {why}", why=passed.reason))
    if more := len(report.skipped[_MOST_SKIPPED:]):
        yield Row(say("skipped"), say("{count} more containers", count=more))


def _is_fine(report: Report, file: str) -> bool:
    looked = any(one.file == file for one in report.servers)
    told = [one.file for one in report.findings] + [one.file for one in report.unread]
    return looked and file not in told


def _place(one: Any) -> str:
    return f"{one.file}:{one.line}"


def _not_looked_at(report: Report, *, listed: bool) -> Iterator[str]:
    """Return what to print of what could not be looked at, unless it is listed already."""
    for one in report.unread if not listed else ():
        place = f"{_place(one)}: " if one.line else ""
        yield f"warmbook: {one_line(f'{place}{one.reason}')}\n  → {one_line(one.remedy)}"
    if not (report.servers or report.skipped or report.unread):
        from ...serving.lint.judge import nothing_there

        what, remedy = nothing_there()
        yield f"warmbook: {what}\n  → {remedy}"


def _in_bucket(uri: str) -> Inspection | None:
    return in_bucket(uri) if uri.startswith("gs://") else None
