"""Say why a server does not come up: from its log, its events, or its Pod in the cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import MissingError, SettingsError
from ...texts import say
from .options import (
    Verbs,
    add_format,
    add_language,
    add_log,
    add_parameter,
    path_named,
    print_as,
    settings_from,
)

if TYPE_CHECKING:
    from ...cloud.clients import Clients
    from ...doctor.pods import Evidence
    from ...doctor.pods.told import Told
    from ...settings import Settings

STDIN = Path("-")


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    verb = verbs.add_parser(
        "diagnose",
        help="name the root cause of a server that does not start, from its Pod, a saved log or "
        "saved events",
        description="Find the root cause of a failed start, quote the evidence, and print the "
        "remedy. With --log, --events or standard input, no cluster is needed. Exit status 0 if "
        "the start succeeded, 1 if it failed or is unfinished, 2 if there is nothing to read.",
    )
    verb.add_argument(
        "pod",
        nargs="?",
        default="",
        metavar="POD",
        help="name of the Pod, in the cluster or in the files; - reads standard input",
    )
    add_log(verb)
    verb.add_argument(
        "--events",
        type=path_named,
        metavar="FILE",
        help="events or objects as printed by kubectl get (-o json, -o yaml, table) or kubectl "
        "describe",
    )
    add_parameter(verb)
    add_format(verb)
    add_language(verb, "language of the output")
    verb.set_defaults(act=_diagnose)


def _diagnose(options: argparse.Namespace) -> int:
    piped = options.pod == "-" or not (options.pod or sys.stdin is None or sys.stdin.isatty())
    if options.log or options.events:
        found = [*_of_events(options), *_of_log(options)]
    elif piped:
        found = _of_anything(options)
    elif options.pod:
        found = [_of_cluster(options)]
    else:
        raise SettingsError(say("There is nothing to read."), remedy=_what_to_give())
    if not found:
        raise _nothing_in(options)
    print_as(options.format, "\n".join(map(repr, found)), {"pods": [one.record() for one in found]})
    return int(any(one.found for one in found))


def _nothing_in(options: argparse.Namespace) -> MissingError:
    """Return the error for files, or standard input, that tell of no server."""
    from .saved_logs import no_start

    if options.events and not options.log:
        return MissingError(say("The events name no model server."), remedy=_what_to_give())
    return no_start(options.log or STDIN)


def _what_to_give() -> str:
    return say("Name a Pod, or pass --log FILE or --events FILE.")


def _of_log(options: argparse.Namespace) -> list[Told]:
    from .saved_logs import content

    if not options.log:
        return []
    return list(_told_by_log(content(options.log), options))


def _told_by_log(text: bytes, options: argparse.Namespace) -> Iterator[Told]:
    from ...doctor.pods.told import Told
    from .saved_logs import outcomes

    pod = "" if options.pod == "-" else options.pod
    for name, one in outcomes(text, options.start, pod):
        state = "failed" if one.ended else one.state
        yield Told(name, state, one.causes, one.exception)


def _of_events(options: argparse.Namespace) -> list[Told]:
    from .saved_logs import content

    if not options.events:
        return []
    found = _told_by_events(content(options.events), options)
    if found is None:
        told = say("{path} contains no Kubernetes events.", path=options.events)
        remedy = say("Save them: kubectl get events -o json > FILE, or kubectl describe pod POD")
        raise SettingsError(told, remedy=remedy)
    return found


def _told_by_events(text: bytes, options: argparse.Namespace) -> list[Told] | None:
    from ...doctor.saved import evidence

    found = evidence(text.decode("utf-8", "replace"))
    if found is None:
        return None
    chosen = options.pod.removeprefix("-")
    return [_judged(name, one) for name, one in found.items() if chosen in ("", name)]


def _of_anything(options: argparse.Namespace) -> list[Told]:
    """Read standard input: as events where it looks so, else as a log."""
    from .saved_logs import content

    text = content(STDIN)
    if not text.strip():
        raise SettingsError(say("There is nothing to read."), remedy=_what_to_give())
    told = _told_by_events(text, options)
    return told if told is not None else list(_told_by_log(text, options))


def _judged(name: str, evidence: Evidence) -> Told:
    from ...doctor.pods import diagnose
    from ...doctor.pods.told import Told

    found = diagnose(evidence)
    return Told(name, "up" if evidence.ready else "unfinished", () if evidence.ready else found)


def _of_cluster(options: argparse.Namespace) -> Told:
    from ...cloud.clients import Clients
    from ...cloud.errors import explained
    from ...doctor.pods import diagnose
    from ...doctor.pods.exceptions import first_exception
    from ...doctor.pods.root_cause import find_root_cause
    from ...doctor.pods.told import Told

    settings = settings_from(options)
    clients = Clients(settings.project_id, settings).confirmed()
    with explained():
        evidence = _gathered(options.pod, settings, clients)
        if evidence.ready:
            return Told(options.pod, "up")
        found = [find_root_cause(one, settings, clients) for one in diagnose(evidence)]
    log = (evidence.previous or evidence.log).encode("utf-8", "replace")
    return Told(options.pod, "unfinished", found, "" if found else first_exception(log))


def _gathered(name: str, settings: Settings, clients: Clients) -> Evidence:
    """Return what the cluster tells of a Pod."""
    from ...doctor.pods.gather import gather

    found = gather(name, settings, clients)
    if found is None:
        told = say("The Pod {pod} does not exist in {ns}.", pod=name, ns=settings.namespace)
        raise MissingError(told, remedy=say("kubectl get pods -n NAMESPACE lists them."))
    return found
