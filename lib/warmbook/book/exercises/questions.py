"""The exercises of the ten notebooks by number."""

from __future__ import annotations

from collections.abc import Mapping

from .preparation import PREPARATION
from .question import Exercises
from .serving import SERVING

EXERCISES: Mapping[str, Exercises] = {**PREPARATION, **SERVING}
