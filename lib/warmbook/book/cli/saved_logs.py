"""The starts that a saved log holds, each as a card."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from ...errors import MissingError, SettingsError
from ...logs import Stream, UnreadableError, read_bytes, streams
from ...measure.coldstart.card import ColdStart
from ...measure.coldstart.outcome import Outcome, outcome
from ...measure.coldstart.startlog import OUTCOME, StartLog, read
from ...measure.coldstart.timeline import timeline
from ...texts import say


def content(path: Path) -> bytes:
    """Return what is in a file of the reader's.

    Raises:
        SettingsError: It can't be read.
    """
    try:
        return read_bytes(path)
    except UnreadableError as error:
        told = say("{path} can't be read: {reason}.", path=_name(path), reason=error.reason)
        raise SettingsError(told, remedy=say("Name a file that can be read.")) from None


def starts(path: Path, number: int | None, pod: str = "") -> list[ColdStart]:
    """Return the start of each server in a saved log: of `pod` only, the `number`th or the last.

    vLLM writes no year: the one nearest to the file's own time is taken.

    Raises:
        SettingsError: The file can't be read, or has fewer starts.
        MissingError: No start is in it.
    """
    near = _written(path)
    cards = []
    for stream in _of_pod(streams(content(path)), pod):
        log = _chosen(read(stream.data, near), number)
        became = outcome(log, stream.data)
        if became.state != "none":
            drawn = replace(timeline(log=log), pod=stream.pod)
            cards.append(ColdStart((drawn,), outcome=became))
    if not cards:
        raise no_start(path)
    return cards


def outcomes(
    text: bytes, number: int | None, pod: str = "", near: datetime | None = None
) -> list[tuple[str, Outcome]]:
    """Return what became of each server's start in a log, by its Pod's name."""
    found = []
    for stream in _of_pod(streams(text), pod):
        log = _chosen(read(stream.data, near, OUTCOME), number)
        found.append((stream.pod, outcome(log, stream.data)))
    return [one for one in found if one[1].state != "none"]


def no_start(path: Path) -> MissingError:
    """Return the error for a file in which no server starts."""
    return MissingError(
        say("{path} contains no start of a model server.", path=_name(path)),
        remedy=say("Save its whole log: kubectl logs POD -c CONTAINER --timestamps > FILE"),
    )


def _name(path: Path) -> str:
    return say("Standard input") if str(path) == "-" else str(path)


def _of_pod(found: Collection[Stream], pod: str) -> list[Stream]:
    return [one for one in found if pod in ("", one.pod)]


def _chosen(log: StartLog, number: int | None) -> StartLog:
    if number is None:
        return log
    if number > log.lives:
        told = say(
            "The log has no start {number}; starts in it: {count}.", count=log.lives, number=number
        )
        raise SettingsError(told, remedy=say("Choose one of these with --start."))
    return replace(log, chosen=number - 1)


def _written(path: Path) -> datetime:
    """Return when a file was written last, now where that is not known."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except (OSError, ValueError, OverflowError):
        return datetime.now(timezone.utc)
