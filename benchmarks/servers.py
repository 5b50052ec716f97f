"""Measure the rehearsal's servers over the wire; prints JSON: figures with their targets.

python -m benchmarks.servers [--only commands,kubernetes,storage]
"""

from __future__ import annotations

import argparse
import json
from statistics import median, quantiles
from typing import Any

from . import commands, growth
from .commands import Measured
from .growth import Figures

REQUEST_MS, LIST_MS, DELIVERY_MS, RATIO = 20, 300, 50, 2
"""The most that a request, a list of 1,000 Pods, a watch's news and growth may take."""

PODS = 1_000
LISTS = "list Pods as JSON", "list Pods as a Table"
DELIVERY = "deliver a change to a watch"
Rows = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, comma-separated")
    wanted = parser.parse_args().only.split(",")
    print(json.dumps([row for name in wanted for row in PARTS[name]()]))


def of_commands() -> Rows:
    """Measure the servers' time for each request of kubectl's and gcloud's."""
    rows = []
    for client, measured in commands.measured().items():
        times = [ms for one in measured for request_ms in one.requests_ms for ms in request_ms]
        at = f"server time per request of {client}'s everyday commands"
        detail = {"requests": len(times), "max": round(max(times), 1)}
        rows += [
            figure(f"{at}, median", median(times), "ms", REQUEST_MS, detail),
            figure(f"{at}, 95th percentile", quantiles(times, n=20)[-1], "ms"),
            *map(command, measured),
        ]
    return rows


def command(one: Measured) -> dict[str, Any]:
    """Return a whole command's time, and the servers' share of it."""
    detail = {"share": round(one.share, 4), "requests": len(one.requests_ms[-1])}
    unit = f"s, {one.share:.1%} of it the server's"
    return figure(f"`{one.command}`", one.wall_s, unit, detail=detail)


def of_kubernetes() -> Rows:
    """Measure a cluster of up to 10,000 Pods."""
    found = growth.of_kubernetes()
    told_ms = [seconds * 1e3 for seconds in found[DELIVERY][PODS]]
    at_most = f"{len(told_ms)} changes among {PODS:,} Pods: a watch is told after"
    return [
        *(
            figure(f"{what}, {PODS:,} of them", median(found[what][PODS]) * 1e3, "ms", LIST_MS)
            for what in LISTS
        ),
        figure(f"{at_most}, median", median(told_ms), "ms", DELIVERY_MS),
        figure(f"{at_most}, maximum", max(told_ms), "ms", DELIVERY_MS),
        *ratios(found),
    ]


def of_storage() -> Rows:
    """Measure a bucket of up to 10,000 objects."""
    return ratios(growth.of_storage())


def ratios(found: Figures) -> Rows:
    """Return for each action its time per object among the most, over that among a tenth.

    From the best runs: others may be at work on the machine, in one more than in another.
    """
    *_, tenth, most = growth.SIZES
    rows = []
    for what, times in found.items():
        lists = what.startswith("list")
        each_us = {size: min(runs) * 1e6 / (size if lists else 1) for size, runs in times.items()}
        told = f"{what}: time per object among {most:,}, over that among {tenth:,}"
        detail = {f"us_among_{size}": round(each) for size, each in each_us.items()}
        rows.append(figure(told, each_us[most] / each_us[tenth], "x", RATIO, detail))
    return rows


def figure(
    what: str, value: float, unit: str, most: float | None = None, detail: Any = None
) -> dict[str, Any]:
    """Return one figure as benchmarks.measurements reads it."""
    return {"what": what, "value": value, "unit": unit, "most": most, "detail": detail}


PARTS = {"commands": of_commands, "kubernetes": of_kubernetes, "storage": of_storage}

if __name__ == "__main__":
    main()
