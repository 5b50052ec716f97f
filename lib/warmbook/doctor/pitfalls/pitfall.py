"""What a pitfall is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pitfall:
    """Something that goes wrong for many, by `name` (kebab-case): how it shows, why, what helps.

    `symptom`, `cause` and `remedy` are English; `texts.say` gives them in the reader's language.
    `source` is where it is told or where the code stands.
    """

    name: str
    symptom: str
    cause: str
    remedy: str
    source: str
