"""How slow this machine is at the moment, for limits that hold on one at its usual speed."""

from __future__ import annotations

import os
import time

USUAL_S = 0.25
"""Seconds that adding up ten million numbers takes on 2 cores at their usual speed."""


def slowness() -> float:
    """Return how many times longer things take here now than usual, at least 1.

    The clock of a loop tells it, and how many processes share a core.
    """
    start = time.monotonic()
    sum(range(10**7))
    taken = time.monotonic() - start
    return max(1.0, taken / USUAL_S, os.getloadavg()[0] / (os.cpu_count() or 1))
