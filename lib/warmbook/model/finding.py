"""What is said of a model's folder: a fault, what will happen, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass

from ..severity import Severity


@dataclass(frozen=True)
class Finding:
    """A fault by `name` at a place, what happens at load time, and the remedy.

    error: the server will not start, or not with this model; warning: it will, with a surprise.
    `pitfall` is its name in the catalogue, "" where it has none.
    """

    name: str
    what: str
    happens: str
    remedy: str
    severity: Severity = "error"
    pitfall: str = ""
