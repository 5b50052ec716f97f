"""Why a wrong answer does not fit the evidence, as far as the catalogue and the round tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...doctor.pitfalls import SUBJECTS, pitfall
from ...texts import say
from .levels import BEFORE_THE_SERVER
from .rounds import Evidence

_QUOTE = re.compile("«([^»]+)»")
_CODE = re.compile(r"\b(?:1[34]\d|4\d\d|5\d\d)\b")
"""An exit code of a signal, or a status code of HTTP."""
_REASON = re.compile(r"\b(?:[A-Z]+[a-z]+[A-Z]\w+|OOMKilled|[A-Z]+_[A-Z_]+)\b")
"""A reason of Kubernetes, an error's class, or a reason of a Google Cloud API."""
_ABOUT_PODS = ("pod", "server")
_OF_THE_API = ("argument-is-a-map", "resource-quota", "admission-refused")
"""Pitfalls of a Pod by which it never comes to be."""
_SHORTEST = 4


def contradiction(answer: str, found: Evidence) -> str:
    """Return what in the evidence speaks against an answer, in the reader's language.

    The pitfall that is hidden is not looked at, so nothing of it can be told.
    """
    if found.notebook < "06" and _needs_a_pod(answer):
        return say(
            "The guide stopped in notebook {number}, before there was any Pod.",
            number=found.notebook,
        )
    if found.notebook >= "06" and answer in BEFORE_THE_SERVER:
        return say("Notebooks 02 to 05 completed; with this pitfall, one of them stops.")
    if missing := _not_in(found.text, answer):
        return say(
            "The symptom of this pitfall is {mark}, which the evidence does not contain.",
            mark=missing,
        )
    return say("It does not explain all of the evidence: compare its symptom with each line.")


def _needs_a_pod(answer: str) -> bool:
    return answer not in _OF_THE_API and any(
        answer == one.name for subject in _ABOUT_PODS for one in SUBJECTS[subject]
    )


def _not_in(text: str, answer: str) -> str:
    """Return what marks the pitfall's symptom if no mark of it is in the text, else ""."""
    marks = list(_marks(pitfall(answer).symptom))
    there = " ".join(text.lower().split())
    return "" if any(_occurs(mark, there) for mark in marks) else next(iter(marks), "")


def _marks(symptom: str) -> Iterator[str]:
    yield from (f"«{quote}»" for quote in _QUOTE.findall(symptom))
    rest = _QUOTE.sub("", symptom)
    yield from (*_CODE.findall(rest), *_REASON.findall(rest))


def _occurs(mark: str, text: str) -> bool:
    """Tell whether a mark is in the text; where it has …, anything may stand."""
    pieces = (piece.strip().lower() for piece in mark.strip("«»").split("…"))
    return all(piece in text for piece in pieces if len(piece) >= _SHORTEST or piece == mark)
