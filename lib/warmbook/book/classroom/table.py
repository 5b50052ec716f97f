"""The statuses of a class as a table of text, a line or two for each seat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from ...texts import say
from ...units import duration, size
from .status import SeatStatus

EVERY_S = 5.0
"""How often `--watch` and the page look, in seconds."""

_MARKS = {
    "up": "✔",
    "starting": "…",
    "resetting": "…",
    "crashed": "✗",
    "not-answering": "✗",
    "free": "·",
}


def as_text(shown: Sequence[SeatStatus]) -> str:
    """Return the table."""
    return "\n".join(line for one in shown for line in _lines(one))


def _lines(one: SeatStatus) -> Iterator[str]:
    columns = (one.seat, state(one), where(one), gym(one), memory(one))
    yield f"  {_MARKS[one.state]} {'  '.join(filter(None, columns))}"
    if one.failed:
        yield f"      {say('failed')}: {' '.join(one.failed.split())} ({ago(one.failed_since)})"
    if one.faults:
        yield f"      {say('staged')}: {', '.join(one.faults)}"


def state(one: SeatStatus) -> str:
    """Return the state of a seat in the reader's language."""
    return {
        "up": say("up"),
        "starting": say("starting"),
        "resetting": say("resetting"),
        "not-answering": say("not answering"),
        "free": say("not running"),
        "crashed": say("crashed; the work is kept"),
    }[one.state]


def where(one: SeatStatus) -> str:
    """Return the notebook in which somebody works, how it stands and since when."""
    if not one.notebook:
        return say("nothing run yet") if one.state == "up" else ""
    states = {
        "begun": say("begun"),
        "passed": say("passed"),
        "failed": say("failed"),
        "interrupted": say("interrupted"),
        "not-run": say("not run"),
    }
    return f"{one.notebook}: {states.get(one.status, one.status)} ({ago(one.at)})"


def gym(one: SeatStatus) -> str:
    """Return the last round of the gym, "" where there was none."""
    if one.gym is None:
        return ""
    told = say(
        "gym {level}: attempts {attempts}, hints {hints}",
        level=one.gym["level"],
        attempts=one.gym.get("attempts", 0),
        hints=one.gym.get("hints", 0),
    )
    if not one.gym.get("done"):
        return told
    return f"{told}, {say('points {points:.2f}', points=one.gym.get('points', 0))}"


def memory(one: SeatStatus) -> str:
    """Return the memory of a seat, "" where it is not known."""
    return size(one.memory_bytes) if one.memory_bytes else ""


def ago(moment: str) -> str:
    """Return how long ago a time in UTC was, "" for none."""
    try:
        then = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return ""
    seconds = (datetime.now(timezone.utc) - then).total_seconds()
    return say("{time} ago", time=duration(max(0.0, seconds)))
