"""Up to which difference chance explains that two runs differ.

Equal runs differ: nodes, images and disks are not the same twice, and on a busy machine they differ
more. With several runs of the base, their own spread says how much; with one, what equal runs of a
rehearsal showed does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median, stdev
from typing import NamedTuple

ENOUGH = 5
"""From so many runs of the base on, their spread alone decides."""

BUSY = 1.5
"""From this load per processor on, a machine is busy."""


class Tolerance(NamedTuple):
    """The share of a figure's value by which two equal runs may differ."""

    quiet: float
    """Where both ran on a quiet machine."""
    otherwise: float


EXACT = Tolerance(0.0, 0.0)
TOLERANCES = {
    "ready": Tolerance(0.2, 0.8),
    "first_answer": Tolerance(0.2, 0.8),
    "usd": Tolerance(0.2, 0.8),
    "phase.": Tolerance(1.3, 1.75),
    "stream.seconds": Tolerance(0.05, 0.6),
    "stream.gib_s": Tolerance(0.05, 0.6),
    "notebook.": Tolerance(1.1, 2.2),
}
"""By the beginning of a figure's key.

Measured with `python tools/equal_runs.py`; the records are in tests/corpus/runs. The quick engine
answers nothing: the first answer has the tolerance of the cold start until ready, as has its cost.
The streams of a network without limits differ most: see docs/compare-runs.md.
A figure that is not here is exact.
"""

_QUANTILES = (
    *((5, 7.173), (6, 5.893), (7, 5.208), (8, 4.785), (9, 4.501), (10, 4.297), (12, 4.025)),
    *((15, 3.787), (20, 3.579), (30, 3.396), (60, 3.234)),
)
"""For so many values or more: the 99.9 % quantile of Student's t for that many, less one degree.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
"""


@dataclass(frozen=True)
class Spread:
    """What several values of one figure have in common."""

    median: float
    least: float
    most: float
    deviation: float
    """The standard deviation of the sample."""

    @property
    def share(self) -> float:
        """The deviation as a share of the median, 0 where that is 0."""
        return self.deviation / self.median if self.median else 0.0


def spread(values: Sequence[float]) -> Spread | None:
    """Return the spread of two values or more, else None."""
    if len(values) < 2:
        return None
    return Spread(median(values), min(values), max(values), stdev(values))


def explained(key: str, bases: Sequence[float], grain: float, *, quiet: bool) -> float:
    """Return up to which difference from the base's median chance explains a further value.

    From `ENOUGH` runs of the base on it is the prediction interval of a normal distribution: of a
    thousand equal runs, one lies above it by chance and one below. Fewer runs that happen to be
    alike must not make a usual one look slow: the tolerance is then the least.
    Source: NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6, for the interval.
    """
    usual, found = tolerance(key, quiet=quiet) * abs(median(bases)), spread(bases)
    if found is None:
        return grain + usual
    if (count := len(bases)) < ENOUGH:
        return grain + max(usual, found.most - found.least)
    return grain + quantile(count) * found.deviation * sqrt(1 + 1 / count)


def tolerance(key: str, *, quiet: bool) -> float:
    """Return the share by which a figure of two equal runs may differ."""
    fitting = (one for start, one in TOLERANCES.items() if key.startswith(start))
    found = next(fitting, EXACT)
    return found.quiet if quiet else found.otherwise


def quantile(count: int) -> float:
    """Return the quantile for the next lower count that the table has: never too small a one."""
    place = bisect_right([least for least, _ in _QUANTILES], count)
    return _QUANTILES[place - 1][1]
