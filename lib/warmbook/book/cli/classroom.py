"""A class: seats with a rehearsal each, seen and helped by a trainer."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import InterruptedWaitError, WarmbookError
from ...terminal import clear
from ...texts import LANGUAGES, say
from ..classroom.commands import command
from . import seat
from .class_lines import each, ended_of, show_links, teller, together, up_of
from .options import Verbs, add_format, add_language, folder_named, number_within, print_as
from .rehearse import refuse_unfit_machine
from .screen import show_wrapped
from .seat import ENGINES, add_folder, add_seat_options

if TYPE_CHECKING:
    from ..classroom.seats import Seat


def add(verbs: Verbs) -> None:
    """Add the verb of this module, with verbs of its own."""
    verb = verbs.add_parser(
        "class",
        help="seats of a class: start, status, page, reset, fault, collect, stop",
        description="Manage the seats of a class on this machine. Each has a rehearsal and "
        "JupyterLab. For the seats of JupyterHub (workshop/jupyterhub_config.py), run these verbs "
        "as root. docs/workshop.md plans a half day.",
    )
    added = verb.add_subparsers(
        required=True,
        metavar="VERB",
        help="start, status, page, reset, fault, collect, stop or seat",
    )
    _add_start(added)
    _add_status(added)
    _add_page(added)
    _add_reset(added)
    _add_fault(added)
    _add_collect(added)
    _add_stop(added)
    seat.add(added)


def _verb(
    verbs: Verbs, name: str, act: Callable[[argparse.Namespace], int], help_: str, more: str = ""
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.{more}")
    add_folder(verb)
    add_language(verb, "language of the messages")
    verb.set_defaults(act=act)
    return verb


def _add_start(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "start",
        _start,
        "start N seats on this machine and print their links",
        " The seats run in the background until `class stop`. Earlier work in a seat is kept. In a "
        "class that runs, only the seats that don't run are started: for one more learner, or "
        "after a seat has ended. Exit status 2 if memory or disk does not suffice, or if all N "
        "seats are already running.",
    )
    verb.add_argument(
        "count", type=number_within(1, 99), metavar="N", help="number of seats, up to 99"
    )
    add_seat_options(verb, "", f"that of a class that runs, else {ENGINES[0]}")


def _add_status(verbs: Verbs) -> None:
    told = "show who is where, what failed, the gym's round and the staged faults"
    verb = _verb(verbs, "status", _status, told)
    verb.add_argument("--watch", action="store_true", help="refresh every 5 seconds until Ctrl-C")
    verb.add_argument(
        "--links", action="store_true", help="show the links and the memory of the seats instead"
    )
    add_format(verb)


def _add_page(verbs: Verbs) -> None:
    told = "serve a page for the trainer on this machine, until Ctrl-C"
    verb = _verb(verbs, "page", _page, told)
    verb.add_argument(
        "--port", type=int, default=0, metavar="N", help="port of the page (a free one)"
    )


def _add_reset(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "reset",
        _reset,
        "give a seat a fresh rehearsal and fresh notebooks",
        " The earlier work is kept in the seat's folder, in before-TIME. The link stays the same. "
        "`all` resets as many seats at once as the machine has processors. Exit status 1 if it "
        "failed on a seat.",
    )
    _add_seat(verb)


def _add_seat(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("seat", metavar="SEAT", help="name of the seat, or all")


def _add_fault(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "fault",
        _fault,
        "stage a fault on a seat or on all",
        " `warmbook rehearse --list-faults` lists the names. Exit status 1 if it failed on a seat.",
    )
    _add_seat(verb)
    verb.add_argument("name", metavar="NAME", help="name of the fault")
    verb.add_argument("--unstage", action="store_true", help="remove the fault instead")


def _add_collect(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "collect",
        _collect,
        "copy each seat's records and notebooks into DIR/SEAT",
        " Then run `warmbook report DIR`.",
    )
    verb.add_argument("target", type=folder_named, metavar="DIR", help="created if it is missing")


def _add_stop(verbs: Verbs) -> None:
    _verb(verbs, "stop", _stop, "end all seats; their work is kept")


def _start(options: argparse.Namespace) -> int:
    from ..classroom import start
    from ..classroom.status import statuses
    from ..classroom.stop import clear_crashed

    refuse_unfit_machine()
    for one in clear_crashed(options.folder):
        told = say("seat {name} had not been stopped; its work is kept", name=one.name)
        show_wrapped(f"warmbook: {told}", sys.stderr)
    languages = (options.language,) if options.language else LANGUAGES
    engine = options.engine or start.engine_of(options.folder) or ENGINES[0]
    course = start.Course(options.folder, engine, languages, tuple(options.rehearsal))
    try:
        seats = start.start(options.count, course, teller(up_of))
    except KeyboardInterrupt:
        raise InterruptedWaitError(
            say("The start was interrupted; the seats that it had started were stopped."),
            remedy=say("Start the class again when you are ready."),
        ) from None
    show_links(seats, {one.seat: one.memory_bytes for one in statuses(seats)})
    page = command(options.folder, "page")
    show_wrapped("  → " + say("The trainer's page: {command}", command=page))
    return 0


def _status(options: argparse.Namespace) -> int:
    from ..classroom import table
    from ..classroom.seats import seats
    from ..classroom.status import statuses

    found = seats(options.folder)
    if options.links:
        show_links(found, {one.seat: one.memory_bytes for one in statuses(found)})
        return 0
    try:
        while True:
            shown = statuses(seats(options.folder))
            if options.watch and sys.stdout.isatty():
                clear()
            print_as(options.format, table.as_text(shown), [one.told() for one in shown])
            if not options.watch:
                return 0
            time.sleep(table.EVERY_S)
    except KeyboardInterrupt:  # how one leaves it
        return 0


def _page(options: argparse.Namespace) -> int:
    from ..classroom import page

    with page.Server(options.folder, options.port) as server:
        show_wrapped(say("The trainer's page, until Ctrl-C:"))
        show_wrapped(f"  {server.link}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _reset(options: argparse.Namespace) -> int:
    from ..classroom.at_once import AtOnce, processors
    from ..classroom.reset import reset
    from ..classroom.seats import named

    def act(one: Seat) -> str:
        return say("reset in {seconds:.1f} s", seconds=reset(one))

    # a reset keeps one to two processors busy: with more at once, all of them take no less time
    acts = AtOnce(named(options.folder, options.seat), act, processors())
    return together(acts, math.inf, after_ctrl_c=_goes_on(options))


def _fault(options: argparse.Namespace) -> int:
    from ..classroom import faults
    from ..classroom.at_once import AtOnce
    from ..classroom.seats import named

    def act(one: Seat) -> str:
        if options.unstage:
            faults.unstage(one, options.name)
            return say("{fault} removed", fault=options.name)
        if faults.stage(one, options.name):
            return say(
                "{fault} staged; this rehearsal was used before: existing resources can hide "
                "the fault",
                fault=options.name,
            )
        return say("{fault} staged", fault=options.name)

    chosen = named(options.folder, options.seat)
    faults.check_name(chosen, options.name)
    status = command(options.folder, "status")
    shown = say("See what is staged with `{status}`.", status=status)
    return together(AtOnce(chosen, act, len(chosen)), faults.ANSWER_S, after_ctrl_c=shown)


def _collect(options: argparse.Namespace) -> int:
    from ..classroom.collect import collect, prepare
    from ..classroom.seats import seats

    def act(one: Seat) -> str:
        found = collect(one, options.target)
        told = say(
            "records: {records}, notebooks: {notebooks}",
            records=found.records,
            notebooks=found.notebooks,
        )
        skipped = say("not read: {names}", names=", ".join(found.skipped)) if found.skipped else ""
        return "; ".join(filter(None, (told, skipped)))

    found = seats(options.folder)
    prepare(options.target, options.folder)
    return each(found, act)


def _stop(options: argparse.Namespace) -> int:
    from ..classroom.seats import seats
    from ..classroom.stop import stop

    try:
        left = stop(seats(options.folder), teller(ended_of))
    except KeyboardInterrupt:
        raise InterruptedWaitError(say("Interrupted."), remedy=_goes_on(options)) from None
    if left:
        told = say(
            "These seats did not end in time: {names}", names=", ".join(one.name for one in left)
        )
        pids = " ".join(str(running.pid) for one in left if (running := one.running()))
        raise WarmbookError(
            told,
            remedy=say(
                "Try again in a moment, or end their supervisors: `kill -9 {pids}`.", pids=pids
            ),
        )
    show_wrapped(say("No seat is in use. The work is in {path}.", path=options.folder / "seats"))
    return 0


def _goes_on(options: argparse.Namespace) -> str:
    """Return what holds after Ctrl-C: supervisors go on with what they were told."""
    status = command(options.folder, "status")
    return say("What has begun continues. See it with `{status}`.", status=status)
