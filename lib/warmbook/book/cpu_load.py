"""How busy this machine is: it decides how far equal runs differ."""

from __future__ import annotations

import os


def cpu_load() -> float | None:
    """Return the load average of the last minute per processor; None where there is none."""
    try:
        return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)
    except (AttributeError, OSError):  # Windows has none
        return None
