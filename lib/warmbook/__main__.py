"""`python -m warmbook`: run the book without a reader, list it, print it as a shell script."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import WarmbookError
from .texts import LANGUAGES, say, speak, spoken

if TYPE_CHECKING:
    from .clients import Clients
    from .improvements import Needs
    from .runner import Run
    from .settings import Settings
    from .steps.probe import Probed
    from .xray import XRay


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _parser().parse_args(arguments)
    if getattr(options, "language", ""):
        speak(options.language)
    try:
        status = int(options.act(options))
        sys.stdout.flush()
        return status
    except WarmbookError as error:
        print(f"warmbook: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(say("Stopped. What was created is still there; notebook 10 deletes it."))
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m warmbook",
        description="A guided workbook: load large AI models fast onto GKE.",
        epilog="Settings: defaults < WARMBOOK_* environment < workbook.yaml < -p < the form.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", help="run the notebooks headlessly, in order")
    run.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (runs/<time>)")
    _add_language(run, "language of the book")
    run.add_argument(
        "--only", default="", metavar="NN[,NN]", help="run these notebooks only, such as 04,05"
    )
    _add_parameter(run)
    run.set_defaults(act=_run)
    shell = verbs.add_parser(
        "commands",
        help="print the guide as a shell script for your settings; runs nothing",
        description="Print the whole guide as a shell script for your settings, with gcloud and "
        "kubectl. Read it, then run it: python -m warmbook commands | bash. What it creates costs "
        "money; --cleanup prints the part that deletes it again.",
    )
    part = shell.add_mutually_exclusive_group()
    part.add_argument(
        "--notebook", default="", metavar="NN[,NN]", help="the commands of these notebooks only"
    )
    part.add_argument(
        "--cleanup", action="store_true", help="the commands that delete it all again"
    )
    shell.add_argument(
        "--look",
        action="store_true",
        help="look at the model in the bucket, so that the manifest asks for its memory",
    )
    _add_parameter(shell)
    _add_language(shell, "language of its comments")
    shell.set_defaults(act=_commands)
    manifest = verbs.add_parser(
        "manifest",
        help="print the Deployment for your settings and your model; sends nothing",
        description="Print the Deployment as YAML for your settings. The model in the bucket is "
        "looked at, for its memory and its probe; the differences from the guide's manifest, each "
        "with its reason, stand above it as comments.",
    )
    manifest.add_argument(
        "--as-in-the-guide", action="store_true", help="the guide's own, with nothing changed"
    )
    _add_parameter(manifest)
    _add_language(manifest, "language of its comments")
    manifest.set_defaults(act=_manifest)
    weights = verbs.add_parser(
        "weights",
        help="look through a model's folder in a bucket; reads no weights",
        description="Look through a model's folder in a bucket, from listings and the first "
        "kilobytes of its files: what will be streamed, and what is wrong. Exit status 1 if the "
        "model would not load.",
    )
    weights.add_argument("uri", metavar="gs://BUCKET/PATH", help="the model's folder")
    weights.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw the bytes of its layers into a PNG"
    )
    _add_language(weights, "language of the answer")
    weights.set_defaults(act=_weights)
    linted = verbs.add_parser(
        "lint",
        help="check a manifest that somebody wrote against what its vLLM takes",
        description="Check the vLLM servers of a YAML file: flags, the streamer's keys, GPUs, "
        "probe, service account. Exit status 1 if one of them would not start.",
    )
    linted.add_argument("file", type=Path, metavar="FILE", help="YAML; - reads standard input")
    linted.add_argument(
        "--look",
        action="store_true",
        help="look at its model in the bucket too: is the streamer's memory limit large enough?",
    )
    _add_language(linted, "language of the answer")
    linted.set_defaults(act=_lint)
    doctor = verbs.add_parser(
        "doctor",
        help="look for what would stop a notebook, before it does",
        description="Look at credentials, project, quota, bucket, cluster and roles, and say what "
        "stands in the way of a notebook, with the remedy and the command. Changes nothing. Exit "
        "status 1 if something does.",
    )
    doctor.add_argument(
        "--before",
        default="04",
        type=lambda number: str(number).zfill(2),
        choices=[f"{number:02}" for number in range(2, 11)],
        metavar="NN",
        help="what earlier notebooks make should be there; what later ones make is later (04)",
    )
    doctor.add_argument("--json", action="store_true", help="print the lines as JSON")
    doctor.add_argument(
        "--probe",
        action="store_true",
        help="ask the bucket as the service account too, from a small Pod in the cluster",
    )
    _add_parameter(doctor)
    _add_language(doctor, "language of the answer")
    doctor.set_defaults(act=_doctor)
    compared = verbs.add_parser(
        "compare",
        help="compare the records of runs; the first is the base",
        description="Show the figures of two runs or more side by side, and which settings and "
        "versions changed. Exit status 1 if fewer than two could be compared.",
    )
    compared.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="folder of a run, or its run.json"
    )
    compared.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw the phases of each run into a PNG"
    )
    _add_language(compared, "language of the answer")
    compared.set_defaults(act=_compare)
    report = verbs.add_parser(
        "report",
        help="write the record of a run as one HTML page, to hand in or to attach",
        description="Write the record of a run as one HTML page that needs no other file.",
    )
    report.add_argument("run", type=Path, metavar="RUN", help="folder of a run, or its run.json")
    report.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (report.html beside run.json)"
    )
    _add_language(report, "language of the page")
    report.set_defaults(act=_report)
    listing = verbs.add_parser("list", help="list the notebooks and their parameters")
    _add_language(listing, "language of the book")
    listing.set_defaults(act=_list)
    return parser


def _add_language(verb: argparse.ArgumentParser, what: str) -> None:
    verb.add_argument("--language", choices=LANGUAGES, default="", help=what)


def _add_parameter(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the notebooks; may be repeated",
    )


def _numbers(listed: str) -> list[str]:
    return [number.strip().zfill(2) for number in listed.split(",") if number.strip()]


def _run(options: argparse.Namespace) -> int:
    from . import runner

    only = _numbers(options.only)
    notebooks = runner.books(spoken(), only)
    out = options.out or Path("runs") / time.strftime("%Y%m%d-%H%M%S")
    parameters = {name: value for name, value in options.parameter}
    parameters.setdefault("language", spoken())
    tell, started, ended = runner.terminal()
    try:
        result = runner.run(notebooks, parameters, out, tell=tell, started=started, ended=ended)
    except KeyboardInterrupt:
        print(f"  {say('Executed notebooks and run.json')}: {out}")
        raise
    print(_summary(result, out))
    return 0 if result.passed else 1


def _summary(result: Run, out: Path) -> str:
    from .views import duration, size

    record = result.record()
    lines = [""]
    for load in record["streams"]:
        told = f"{size(load['bytes'])}, {duration(load['seconds'])}, {load['gib_s']:.2f} GiB/s"
        lines.append(f"  {say('Stream')}: {told} ({load['source']})")
    if record["answer"] or record["declined"]:
        lines.append(f"  {record['question']}\n  → {record['answer'] or record['declined']}")
    if record["left"] is not None:
        left = ", ".join(record["left"]) or say("nothing")
        lines.append(f"  {say('Left behind')}: {left}")
    if not result.passed:
        lines.append("  " + say("Not every notebook passed. What was created is still there."))
    lines.append(f"  {say('Executed notebooks and run.json')}: {out}")
    return "\n".join(lines)


def _commands(options: argparse.Namespace) -> int:
    from . import script

    settings = _settings(options)
    numbers = [script.CLEANUP] if options.cleanup else _numbers(options.notebook)
    needs = _needs(settings) if options.look else None
    print(script.script(settings, numbers, needs), end="")
    return 0


def _manifest(options: argparse.Namespace) -> int:
    from . import improvements, manifests

    settings = _settings(options)
    if options.as_in_the_guide:
        print(manifests.to_yaml(manifests.as_in_the_guide(settings)), end="")
        return 0
    needs = _needs(settings)
    print("# " + say("What differs from the guide's manifest:"))
    for one in improvements.improvements(settings, needs):
        print(f"# - {one.name}: {one.reason}")
    print(manifests.to_yaml(improvements.deployment(settings, needs)), end="")
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    from .settings import Settings
    from .workbook import Workbook

    given = {name: value for name, value in options.parameter}
    saved = Path(__file__).resolve().parents[2] / "notebooks" / "workbook.yaml"
    return Settings.parse(Workbook.open(default=saved).draft(given))


def _needs(settings: Settings) -> Needs | None:
    """Look at the model; where that can't be, say so and go on without."""
    from .clients import Clients
    from .failures import explained
    from .steps.server import look_up, not_looked_at

    reason = ""
    try:
        with explained():
            needs = look_up(Clients(settings.project_id), settings)
    except WarmbookError as error:
        needs, reason = None, error.what
    if needs is None:
        print(f"warmbook: {not_looked_at()} {reason}".rstrip(), file=sys.stderr)
    return needs


def _weights(options: argparse.Namespace) -> int:
    from .clients import Clients
    from .failures import explained
    from .settings import merge, model_uri
    from .steps.weights import model_at

    with explained():
        model = model_at(Clients(str(merge().get("project_id", ""))), model_uri(options.uri))
    print(repr(model))
    if options.picture:
        _write(options.picture, model.plot().png)
    return 0 if model.whole else 1


def _write(path: Path, data: bytes) -> None:
    from .errors import SettingsError

    try:
        path.write_bytes(data)
    except OSError as error:
        told = say("{path} can't be written: {reason}.", path=path, reason=error.strerror)
        raise SettingsError(told, remedy=say("Name a file in a folder of yours.")) from None


def _lint(options: argparse.Namespace) -> int:
    from .errors import SettingsError
    from .lint import lint
    from .views import Row

    try:
        text = sys.stdin.read() if str(options.file) == "-" else options.file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        told = say("{path} can't be read: {reason}.", path=options.file, reason=error)
        raise SettingsError(told, remedy=say("Correct the file, then try again.")) from None
    found = lint(text, _look if options.look else lambda uri: None)
    for one in found:
        print(one.row())
    if not found:
        print(Row(str(options.file), say("nothing to say against it"), "ok"))
    return 1 if any(one.weight == "bad" for one in found) else 0


def _look(uri: str) -> XRay:
    from .clients import Clients
    from .failures import explained
    from .settings import merge, model_uri
    from .xray import look

    with explained():
        return look(Clients(str(merge().get("project_id", ""))), model_uri(uri))


def _doctor(options: argparse.Namespace) -> int:
    from .clients import Clients
    from .doctor import examine

    settings = _settings(options)
    clients = Clients(settings.project_id, settings)
    examined = examine(settings, clients, options.before, whole=True)
    probed = _probed(settings, clients) if options.probe else None
    if options.json:
        told = {**examined.record(), **({"probe": probed.record()} if probed else {})}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print("\n\n".join([examined.table(), *([repr(probed)] if probed else [])]))
    return 0 if examined.healthy and (probed is None or probed.readable) else 1


def _probed(settings: Settings, clients: Clients) -> Probed:
    from .steps import probe

    return probe.probe(settings, clients, report=lambda progress: None)


def _compare(options: argparse.Namespace) -> int:
    from .comparison import Comparison, comparable, printable
    from .errors import RecordError, SettingsError
    from .records import Record, read

    if len(options.runs) < 2:
        told = say("One run alone can't be compared.")
        raise SettingsError(told, remedy=say("Name two runs or more."))
    runs: list[tuple[str, Record]] = []
    for run in options.runs:
        try:
            record = read(run)
            reason = comparable(record)
        except RecordError as error:
            reason = error.what
        if reason:
            print(f"✗ {printable(str(run))}: {printable(reason)}", file=sys.stderr)
        else:
            runs.append((_run_name(run), record))
    if len(runs) < 2:
        return 1
    comparison = Comparison(tuple(runs))
    print(comparison)
    if options.picture:
        _write(options.picture, comparison.plot().png)
    return 0


def _run_name(run: Path) -> str:
    path = run.resolve()
    return path.name if path.is_dir() else path.parent.name


def _report(options: argparse.Namespace) -> int:
    from .records import read
    from .report import page

    out = options.out or (options.run if options.run.is_dir() else options.run.parent) / (
        "report.html"
    )
    _write(out, page(read(options.run), _run_name(options.run)).encode())
    print(out)
    return 0


def _list(options: argparse.Namespace) -> int:
    del options
    import papermill

    from . import runner

    for book in runner.books(spoken()):
        print(f"{book.stem}: {', '.join(papermill.inspect_notebook(str(book)))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
