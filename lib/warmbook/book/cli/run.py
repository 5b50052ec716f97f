"""Run the book without a reader; list it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...terminal import redraw, show
from ...texts import say, spoken
from .options import (
    Verbs,
    add_format,
    add_language,
    add_parameter,
    numbers,
    print_as,
    saved_choices,
)
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...measure.runs.schema import Record
    from ..execution import Done, Tell
    from ..runner import Run


def add(verbs: Verbs) -> None:
    """Add the verbs of this module."""
    run = verbs.add_parser(
        "run",
        help="run the notebooks headless, in order",
        description="Run warmbook's own notebooks headlessly, in order, with your saved choices; "
        "copies of them are not touched. Exit status 1 if one of them fails.",
    )
    run.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (runs/<time>)")
    add_language(run, "language of the messages")
    run.add_argument(
        "--only", default="", metavar="NN[,NN]", help="run these notebooks only, such as 04,05"
    )
    add_parameter(run)
    run.set_defaults(act=_run)

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

    saved_choices()  # names what a run ignores
    only = numbers(options.only)
    notebooks = runner.books(spoken(), only)
    out = options.out or Path("runs") / time.strftime("%Y%m%d-%H%M%S")
    parameters = {name: value for name, value in options.parameter}
    parameters.setdefault("language", spoken())
    tell, started, ended = _reporters()
    try:
        result = runner.run(notebooks, parameters, out, tell=tell, started=started, ended=ended)
    except KeyboardInterrupt:
        show_wrapped(f"  {say('Executed notebooks and run.json')}: {out}", sys.stderr)
        raise
    show_wrapped(_summary(result, out))
    for name in result.unfit:
        told = say("{name}: its entry in the run's workbook.yaml can't be read", name=name)
        show_wrapped(f"warmbook: {told}", sys.stderr)
    return 0 if result.passed else 1


def _reporters() -> tuple[Tell, Callable[[Path], None], Callable[[Done], None]]:
    """Return reporters that keep one line per notebook, and a moving one on a terminal."""
    moving = sys.stdout.isatty()
    last = {"state": "", "at": 0.0}

    def tell(line: str, elapsed_s: float) -> None:
        state = line.rpartition(" (")[0]
        if moving:
            redraw(f"    {line[:110]}")
        elif state != last["state"] or time.monotonic() - float(str(last["at"])) > 10:
            show(f"    {line}")
            last.update(state=state, at=time.monotonic())
        del elapsed_s

    def started(book: Path) -> None:
        if moving:
            redraw(f"  … {book.stem}")

    def ended(done: Done) -> None:
        mark = "✔" if done.status == "passed" else "✗"
        if moving:
            redraw("")
        show(f"  {mark} {done.name:<14} {done.seconds:6.1f} s")
        if done.error:
            told = "\n".join(f"      {line}" for line in done.error.splitlines())
            show(told, sys.stderr if done.status == "interrupted" else sys.stdout)

    return tell, started, ended


def _summary(result: Run, out: Path) -> str:
    from ...units import duration, size

    record = result.record()
    lines = [""]
    for load in record.streams:
        told = f"{size(load.bytes)}, {duration(load.seconds)}, {load.gib_s:.2f} GiB/s"
        lines.append(f"  {say('Stream')}: {told} ({load.source})")
    if record.streams and result.network:
        lines.append(f"  {result.network.label}")
    lines += _cold_start(record)
    if record.answer or record.declined:
        lines.append(f"  {record.question}\n  → {record.answer or record.declined}")
    if record.comparison:
        lines.append(f"  {record.comparison.sentence}")
    if parity := record.parity:
        told = say("{equal} of {count} answers equal", equal=parity.equal, count=parity.prompts)
        lines.append(f"  {say('Parity')}: {told}")
    if (served := record.served) and served.equal is not None:
        told = say("{equal} of {count} answers equal", equal=served.equal, count=served.prompts)
        lines.append(f"  {say('Parity of the server')}: {told}")
    lines += _left_behind(record)
    if not result.passed:
        lines.append("  " + say("Not every notebook passed. The created resources still exist."))
    lines.append(f"  {say('Executed notebooks and run.json')}: {out}")
    return "\n".join(lines)


def _left_behind(record: Record) -> Iterator[str]:
    """Yield what cleanup left: "nothing" only where nothing may be the reader's either."""
    if record.left is not None and (record.left or not record.perhaps):
        yield f"  {say('Left behind')}: {', '.join(record.left) or say('nothing')}"
    if record.perhaps:
        yield f"  {say('May be yours')}: {', '.join(record.perhaps)}"


def _cold_start(record: Record) -> Iterator[str]:
    """Yield how long the cold start took, and how much of it nobody explains."""
    from ...measure.coldstart.timeline import UNEXPLAINED
    from ...units import duration

    if (total_s := record.cold_start_s) is None:
        return
    gaps_s = sum(phase.seconds for phase in record.phases if phase.name == UNEXPLAINED)
    told = say(
        "{time} in {count} phases, {share:.0%} unexplained",
        time=duration(total_s),
        count=len(record.phases),
        share=gaps_s / total_s if total_s else 0,
    )
    yield f"  {say('Cold start')}: {told}"


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
