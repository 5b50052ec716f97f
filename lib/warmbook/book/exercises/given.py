"""The answers that were committed: the session's record has them, else this kernel alone.

What was measured is here too: an answer may be committed only after its measurement.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..entries import Told
from ..interactive import recorder
from .question import Value

_here: dict[str, Told] = {}
"""What was committed in this kernel, by exercise: for kernels without a record."""

measured: dict[str, Value | None] = {}
"""What cells of this kernel measured, by exercise; None where that was not possible."""

explained: set[str] = set()
"""The exercises whose reason this kernel has shown below their results."""


def given() -> Mapping[str, Told]:
    """Return the committed answers by exercise, also those from before the kernel's restart."""
    keeper = recorder()
    recorded = keeper.answers() if keeper else None
    return _here if recorded is None else {one["exercise"]: one for one in recorded}


def keep(answer: Told) -> None:
    """Keep an answer, in the place of an earlier one to the same exercise."""
    _here[answer["exercise"]] = answer
    if keeper := recorder():
        keeper.answer(answer)
