"""Check in the reader's own project what only a project can show, in tiers."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...texts import say
from .options import Verbs, add_language, add_parameter, number_typed, output_named, settings_from
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...cloud.clients import Clients
    from ...display.progress import Progress, Report
    from ...live.evidence import Item
    from ...settings import Settings

MARKS = {"confirmed": "✔", "refuted": "✗", "not-reached": "·"}

APART_S = 2.0
"""Seconds between two lines on one wait: an upload's state is another at each look."""

LONGEST = 160
"""How much of a reason is told, in characters; evidence.json has all of it."""


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    verb = verbs.add_parser(
        "live",
        help="verify in your own project what only a live project can show; deletes what it "
        "creates",
        description="Verify in your own project what only a live project can show "
        "(docs/live.md), in tiers of increasing cost: tier 0 is free and changes nothing. Creates "
        "resources of its own and deletes them at the end. Writes evidence.json. Exit status 1 if "
        "a claim was refuted or a resource is left, 2 if it could not start or tested no claim.",
    )
    verb.add_argument(
        "--tier", type=int, choices=range(5), default=0, help="the last tier to run (0)"
    )
    verb.add_argument(
        "--budget-usd",
        type=number_typed,
        default="0",
        metavar="X",
        help="highest cost to start, in US dollars (0)",
    )
    verb.add_argument(
        "--out",
        type=output_named,
        default=Path("runs/live"),
        metavar="DIR",
        help="folder of evidence.json (runs/live)",
    )
    verb.add_argument(
        "--yes",
        action="store_true",
        help="don't ask for confirmation before it costs money",
    )
    verb.add_argument(
        "--sweep",
        action="store_true",
        help="delete what the run of DIR left, and what is past its time limit; test nothing",
    )
    verb.add_argument(
        "--all", action="store_true", help="with --sweep: delete what every run of the project left"
    )
    add_parameter(verb)
    add_language(verb, "language of the output")
    verb.set_defaults(act=_live)


def _live(options: argparse.Namespace) -> int:
    from ...cloud.clients import Clients
    from ...cloud.errors import explained

    settings = settings_from(options)
    clients = Clients(settings.project_id, settings).confirmed()
    with explained():
        if options.sweep:
            return _sweep(options, settings, clients)
        return _check(options, settings, clients)


def _check(options: argparse.Namespace, settings: Settings, clients: Clients) -> int:
    from ...live import cost
    from ...live.evidence import read
    from ...live.run import begin, live

    costs = cost.estimate(options.tier)
    cost.refuse_beyond(float(options.budget_usd), costs)
    for one in costs:
        show_wrapped(f"  {one}")
    show_wrapped(say("total: at most ${usd:.2f}", usd=cost.total_usd(costs)))
    if options.tier and clients.target == "google-cloud" and not options.yes:
        _confirm(settings)
    session = begin(settings, options.tier, options.out, _teller())
    try:
        left = live(session, options.tier, options.out, lambda item: show_wrapped(_line(item)))
    except BaseException:
        _offer_sweep(options)
        raise
    return _told(options, read(options.out), left)


def _line(item: Item) -> str:
    """Return what became of a claim, and why where it is not confirmed."""
    words = {
        "confirmed": say("confirmed"),
        "refuted": say("refuted"),
        "not-reached": say("not reached"),
    }
    told = f"{MARKS[item.status]} {item.id}: {words[item.status]}"
    if item.status == "confirmed":
        return told
    remedy = item.found.get("remedy")
    return f"{told} ({_why(item)})" + (f"\n    → {remedy}" if remedy else "")


def _why(item: Item) -> str:
    """Return the reason, or else the facts, of them no more than LONGEST characters."""
    facts = ", ".join(f"{name} {value}" for name, value in item.found.items())
    why = str(item.found.get("reason") or item.found.get("error") or facts)
    return f"{why[:LONGEST]}…" if len(why) > LONGEST else why


def _told(options: argparse.Namespace, items: Sequence[Item], left: Sequence[object]) -> int:
    from ...live.evidence import FILE

    counts = {status: sum(one.status == status for one in items) for status in MARKS}
    show_wrapped(
        say(
            "{confirmed} confirmed, {refuted} refuted, {open} not reached: {path}",
            confirmed=counts["confirmed"],
            refuted=counts["refuted"],
            open=counts["not-reached"],
            path=options.out / FILE,
        )
    )
    if any(one.target == "rehearsal" for one in items):
        show_wrapped(say("This was a rehearsal; it proves nothing about Google Cloud."))
    show_wrapped(say("Left behind") + ": " + (", ".join(map(str, left)) or say("nothing")))
    if left or any(_counts_against(one) for one in items):
        return 1
    return 2 if all(one.status == "not-reached" for one in items) else 0


def _counts_against(item: Item) -> bool:
    return item.status == "refuted" and item.target == "google-cloud"


def _confirm(settings: Settings) -> None:
    """Ask whether this may cost money.

    Raises:
        SettingsError: The answer is another than the project's ID, or there is nobody to ask.
    """
    from ...errors import SettingsError

    question = say("This costs money. To continue, type the project ID: ")
    try:
        answer = input(question) if sys.stdin.isatty() else ""
    except EOFError:
        answer = ""
    if answer.strip() != settings.project_id:
        told = say("Not confirmed; nothing was started.")
        raise SettingsError(told, remedy=say("Type the project ID, or pass --yes."))


def _sweep(options: argparse.Namespace, settings: Settings, clients: Clients) -> int:
    from ...live import run as runs
    from ...live.sweep import left

    run = runs.named(options.out)
    found = left(settings, clients)
    for one in found:
        if one.overdue():
            show_wrapped(f"  {say('overdue')}: {one}")
    others = [one for one in found if one.run != run and not one.overdue()]
    still = runs.swept(settings, options.out, _teller(), every=options.all)
    if others and not options.all:
        for one in others:
            told = say("from another run that is still within its time; --all deletes it")
            show_wrapped(f"  {told}: {one}")
    show_wrapped(say("Left behind") + ": " + (", ".join(map(str, still)) or say("nothing")))
    return 1 if still else 0


def _offer_sweep(options: argparse.Namespace) -> None:
    if not options.tier:
        return
    told = say(
        "The created resources still exist and may be billed. To delete them: {command}",
        command=sweep_command(options.out, options.parameter),
    )
    show_wrapped(told, sys.stderr)


def sweep_command(out: Path, parameters: Sequence[tuple[str, str]]) -> str:
    """Return the shell line that deletes what the run of `out` has left."""
    from ...shell import quoted

    given = "".join(f" -p {quoted(name)} {quoted(value)}" for name, value in parameters)
    return f"python -m warmbook live --sweep --out {quoted(str(out))}{given}"


def _teller() -> Report:
    """Return what tells a wait on standard error: its beginning, its end, new states between."""
    last, told_at = ("", ""), 0.0

    def tell(progress: Progress) -> None:
        nonlocal last, told_at
        now, seen = time.monotonic(), (progress.what, progress.state)
        soon = progress.what == last[0] and now - told_at < APART_S
        if seen != last and (progress.done or not soon):
            last, told_at = seen, now
            show_wrapped(progress, sys.stderr)

    return tell
