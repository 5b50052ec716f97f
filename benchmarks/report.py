"""The figures as rows with their targets, and as the page docs/bench.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]
"""One figure: what, value, unit, target, met; some carry a `detail`."""


def machine() -> str:
    """Return what a reader must know of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    software = f"Linux {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {software}"


def row(
    what: str, value: float, unit: str, most: float | None = None, least: float | None = None
) -> Row:
    """Return one figure beside its target."""
    target = (
        f"≤ {most:g} {unit}"
        if most is not None
        else f"≥ {least:g} {unit}"
        if least is not None
        else "-"
    )
    met = (most is None or value <= most) and (least is None or value >= least)
    return {"what": what, "value": round(value, 3), "unit": unit, "target": target, "met": met}


def table(found: dict[str, Any], names: Iterable[str]) -> str:
    """Return the figures as the page docs/bench.md, the measurements in the order of `names`."""
    lines = [
        "# Figures",
        "",
        f"From `make bench` on {found['machine']}. Medians; raw values in `bench.json`.",
        "",
        "| figure | value | target | met |",
        "|---|---|---|---|",
    ]
    for name in names:
        for one in found.get(name, ()):
            met = "yes" if one["met"] else "**no**"
            lines.append(
                f"| {one['what']} | {one['value']:g} {one['unit']} | {one['target']} | {met} |"
            )
    return "\n".join(lines) + "\n"
