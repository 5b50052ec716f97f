"""Which pitfalls a Pod that does not come up has met, from what the cluster tells; pure."""

from __future__ import annotations

from dataclasses import replace

from . import container, events, logs
from .container import NO_IMAGE
from .evidence import Diagnosis, Evidence
from .scheduling import placement, shortage

__all__ = ["NO_IMAGE", "Diagnosis", "Evidence", "diagnose"]

LOOKS = (
    container.refused,
    container.taken_away,
    placement,
    events.signs,
    shortage,
    container.image,
    container.out_of_memory,
    logs.causes,
    container.ended,
    container.others,
    events.late_signs,
    logs.hints,
)
"""From what stops a Pod earliest to what a log merely hints at."""


def diagnose(evidence: Evidence) -> list[Diagnosis]:
    """Return the pitfalls that the evidence shows, the likeliest first, each once.

    One lasts if any look at it says so. A Pod that is ready shows none: this is for one that is
    not.
    """
    found: dict[str, Diagnosis] = {}
    for look in LOOKS:
        for one in look(evidence):
            first = found.setdefault(one.pitfall, one)
            if one.hopeless and not first.hopeless:
                found[one.pitfall] = replace(first, hopeless=True)
    return list(found.values())
