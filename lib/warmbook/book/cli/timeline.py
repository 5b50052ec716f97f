"""Say where the time of a cold start went."""

from __future__ import annotations

import argparse

from .options import (
    Verbs,
    add_format,
    add_language,
    add_log,
    add_parameter,
    draw_beside,
    output_named,
    print_as,
    settings_from,
)


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    cold = verbs.add_parser(
        "timeline",
        help="break a Pod's cold start down into phases",
        description="Break the time between a Pod's creation and its readiness down into phases: "
        "node, driver, image, imports, weights, compilation. With --log, from a saved log alone, "
        "in any format of kubectl, docker, stern or Cloud Logging. Exit status 1 if the start "
        "failed or is unfinished, 2 if there is nothing to read.",
    )
    cold.add_argument(
        "pod", nargs="?", default="", metavar="POD", help="name of the Pod (every ready one)"
    )
    add_log(cold)
    cold.add_argument(
        "--picture",
        type=output_named,
        metavar="FILE",
        help="draw the phases into an SVG or PNG file",
    )
    add_parameter(cold)
    add_format(cold)
    add_language(cold, "language of the output")
    cold.set_defaults(act=_timeline)


def _timeline(options: argparse.Namespace) -> int:
    if options.log:
        return _timeline_of_log(options)
    from ...cloud.clients import Clients
    from ...steps import streaming

    settings = settings_from(options)
    clients = Clients(settings.project_id, settings).confirmed()
    start = streaming.cold_start(settings, clients, pod=options.pod)
    print_as(options.format, repr(start), start.details())
    return draw_beside(0, start.plot, options.picture)


def _timeline_of_log(options: argparse.Namespace) -> int:
    """Tell each start that a saved log holds; return 1 where one did not come to its end."""
    from .saved_logs import starts

    cards = starts(options.log, options.start, options.pod)
    pods = [pod for card in cards for pod in card.details()["pods"]]
    text = "\n".join(map(repr, cards))
    print_as(options.format, text, {"rehearsal": False, "cost": None, "pods": pods})
    failed = any(card.outcome and card.outcome.state != "up" for card in cards)
    return draw_beside(int(failed), cards[0].plot, options.picture)
