"""The points of a round: one formula, shown with its parts.

A fault that the learner can mend counts half for its name and half for the repair; another counts
for its name alone. The name is worth 1 at the first try without hints. Each hint costs HINT, each
wrong answer WRONG, each near miss NEAR, down to FLOOR. As long as only a near miss was found, the
name is worth PART of that. A name that was asked for is worth nothing.
"""

from __future__ import annotations

HINT = 0.15
WRONG = 0.2
NEAR = 0.1
FLOOR = 0.25
PART = 0.5


def of_name(*, found: bool, revealed: bool, hints: int, wrong: int, near: int) -> float:
    """Return the points for the name of a fault, from 0 to 1."""
    if revealed or not (found or near):
        return 0.0
    whole = max(FLOOR, 1 - HINT * hints - WRONG * wrong - NEAR * near)
    return whole if found else PART * whole


def of_fault(
    *, found: bool, revealed: bool, hints: int, wrong: int, near: int, mended: bool | None
) -> float:
    """Return the points for a fault, from 0 to 1; `mended` is None where it can't be mended."""
    name = of_name(found=found, revealed=revealed, hints=hints, wrong=wrong, near=near)
    return name if mended is None else (name + mended) / 2
