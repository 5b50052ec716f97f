"""What a cell, a check and a measurement change in the record of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import InterruptedWaitError, WarmbookError
from .cpu_load import cpu_load
from .kernel_notebook import claims

Told = dict[str, Any]
"""A record as JSON has it."""
Change = Callable[[Told], None]


def ended_with(error: BaseException | None) -> tuple[str, str]:
    """Return the status with which a cell's error leaves its notebook, and what is told of it.

    Only the library's own messages are told: what others raise may have a secret in it.
    """
    if error is None:
        return "", ""
    name = type(error).__name__
    if isinstance(error, (KeyboardInterrupt, InterruptedWaitError)):
        return "interrupted", name
    told = f"{name}: {error.what}" if isinstance(error, WarmbookError) else name
    return "failed", told.encode(errors="replace").decode()


def add_cell(
    told: Told, notebook: str, seconds: float, ended: tuple[str, str], at: str = ""
) -> None:
    """Add a cell that ran for some seconds and ended `at` a time; judge its notebook anew."""
    entry = _entry(told, notebook)
    entry["at"] = at
    loads = entry.get("cpu_load"), cpu_load()
    entry["cpu_load"] = max((load for load in loads if load is not None), default=None)
    entry["seconds"] = round(entry["seconds"] + seconds, 3)
    stopped, entry["error"] = ended
    entry["status"] = stopped or _status(entry["checks"], claims(notebook))


def add_check(told: Told, notebook: str, claim: str, passed: bool, at: str) -> None:
    """Add how a claim ended, in the place of how it ended before."""
    note_check(_entry(told, notebook)["checks"], claim, passed, at)


def note_check(checks: list[Told], claim: str, passed: bool, at: str) -> Told:
    """Note in a notebook's checks how a claim ended, and return its entry."""
    found = next((one for one in checks if one["claim"] == claim), None)
    if found is None:
        found = {"claim": claim, "failures": 0}
        checks.append(found)
    found.update(passed=passed, at=at, failures=found["failures"] + (not passed))
    return found


def add_measurement(told: Told, name: str, measurement: Mapping[str, Any]) -> None:
    """Take in what a notebook measured, except what is not as the schema says."""
    from ..measure.runs import measured

    keys = measured.keys({name: measurement})
    left_out = measured.unfit(keys)
    told.update({key: value for key, value in keys.items() if key not in left_out})
    told["versions"].update(measured.packages({name: measurement}))


def add_answer(told: Told, answer: Told) -> None:
    """Add an answer to an exercise, or replace what was known of it before."""
    answers = told.setdefault("answers", [])
    found = next((one for one in answers if one["exercise"] == answer["exercise"]), None)
    if found is None:
        answers.append(dict(answer))
    else:
        found.update(answer)


def add_gym_round(told: Told, one: Told) -> None:
    """Add a round of the gym, or replace what was known of it before.

    Rounds are distinguished by `id`, those of older records, which have none, by `at`.
    """
    rounds = told.setdefault("gym", [])
    found = next((before for before in rounds if _round_key(before) == _round_key(one)), None)
    if found is None:
        rounds.append(dict(one))
        rounds.sort(key=lambda entry: entry["at"])
    else:
        found.update(one)


def _round_key(one: Told) -> tuple[str, str]:
    return one.get("id", ""), one.get("at", "")


def _entry(told: Told, notebook: str) -> Told:
    """Return a notebook's entry; a new one gets its place in the order of the names."""
    entries: list[Told] = told["notebooks"]
    for entry in entries:
        if entry["name"] == notebook:
            return entry
    new = {"name": notebook, "status": "begun", "seconds": 0.0, "error": "", "checks": []}
    entries.append(new)
    entries.sort(key=lambda entry: entry["name"])
    return new


def _status(checks: Sequence[Told], claimed: Sequence[str]) -> str:
    """Return `passed` once each claim of the notebook held the last time that it was checked.

    Of a reader's own notebook the claims are those that were checked.
    """
    outcomes = {one["claim"]: one["passed"] for one in checks}
    if not all(outcomes.values()):
        return "failed"
    whole = outcomes and all(claim in outcomes for claim in claimed)
    return "passed" if whole else "begun"
