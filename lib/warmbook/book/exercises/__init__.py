"""The exercises of the notebooks: predict, then see; change it and explain."""

from __future__ import annotations

from .asking import commit, compare, predict, see

__all__ = ["commit", "compare", "predict", "see"]
