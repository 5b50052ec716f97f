"""Who is where: what a trainer sees of each seat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import RecordError, WarmbookError
from ...measure.runs.record import FILE, parse
from ...measure.runs.schema import GymRound, Notebook, Record
from ...texts import say
from .. import session
from ..gym.faults_server import FaultsServer
from .seat_file import Running
from .seats import Seat, read_own

ANSWER_S = 3.0
"""How long a rehearsal may take to say what is staged, in seconds."""


@dataclass(frozen=True)
class SeatStatus:
    """What is known of a seat now."""

    seat: str
    state: str
    """up, starting or resetting; not-answering where the seat is up and its rehearsal does not
    answer; free where nobody runs; crashed where a file was left behind"""
    since: str = ""
    """When that state began, in UTC."""
    resets: int = 0
    notebook: str = ""
    """The notebook in which a cell ran last."""
    status: str = ""
    """How that notebook stands: begun, passed, failed or interrupted."""
    at: str = ""
    """When that cell ended, in UTC."""
    passed: tuple[str, ...] = ()
    """The notebooks that passed."""
    failed: str = ""
    """What failed last and has not passed since."""
    failed_since: str = ""
    gym: Mapping[str, Any] | None = None
    """The last round of the gym, as the record has it."""
    faults: tuple[str, ...] = ()
    """What is staged in its rehearsal now."""
    memory_bytes: int = 0
    """Of everything that runs on the seat; 0 where this user can't tell."""

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def statuses(seats: Sequence[Seat]) -> list[SeatStatus]:
    """Return what is known of each seat, in their order.

    All rehearsals are asked at the same time, so that any number that hang take ANSWER_S.
    """
    with ThreadPoolExecutor(max(1, len(seats))) as pool:
        return list(pool.map(status, seats))


def status(seat: Seat) -> SeatStatus:
    """Return what is known of a seat."""
    return SeatStatus(seat.name, **{**_of_process(seat), **_of_record(seat)})


def _of_process(seat: Seat) -> dict[str, Any]:
    if (running := seat.running()) is None:
        return {"state": "crashed" if seat.stale else "free"}
    staged = _staged(running) if running.state == "up" and running.faults else ()
    return {
        "state": "not-answering" if staged is None else running.state,
        "since": running.since,
        "resets": running.resets,
        "faults": staged or (),
        "memory_bytes": running.process.memory_bytes(),
    }


def _staged(running: Running) -> tuple[str, ...] | None:
    """Return what is staged in a rehearsal, None where it does not answer."""
    try:
        staged = FaultsServer(running.faults, running.token, ANSWER_S).staged()
        return tuple(str(one["name"]) for one in staged)
    except (WarmbookError, LookupError, TypeError):  # no answer, or none of a rehearsal's
        return None


def _of_record(seat: Seat) -> dict[str, Any]:
    record = last_record(seat)
    if record is None:
        return {}
    newest = max(record.notebooks, key=lambda one: (one.at, one.name), default=None)
    failed, since = _failed(record.notebooks)
    return {
        "notebook": newest.name if newest else "",
        "status": newest.status if newest else "",
        "at": (newest.at if newest else "") or record.ended,
        "passed": tuple(one.name for one in record.notebooks if one.status == "passed"),
        "failed": failed,
        "failed_since": since,
        "gym": _round(record.gym),
    }


def _round(rounds: Sequence[GymRound]) -> dict[str, Any] | None:
    return rounds[-1].dumped() if rounds else None


def _failed(notebooks: Iterable[Notebook]) -> tuple[str, str]:
    """Return what failed last and when; two empty texts where nothing stands failed."""
    found = max(_failures(notebooks), default=("", ""))
    return found[1], found[0]


def _failures(notebooks: Iterable[Notebook]) -> Iterator[tuple[str, str]]:
    for one in notebooks:
        for check in one.checks:
            if not check.passed:
                yield check.at, f"{one.name}: {say('check')} «{check.claim}»"
        if one.status == "failed" and one.error:
            yield one.at, f"{one.name}: {one.error}"


def last_record(seat: Seat) -> Record | None:
    """Return the record of the learner's session that was worked in last, None without one."""
    try:
        folder = session.last(places(seat.work))
        return parse(read_own(folder / FILE, seat.owner)) if folder else None
    except (OSError, RecordError):
        return None


def places(work: Path) -> list[Path]:
    """Return the folders of a seat's work in which kernels keep records."""
    return [work, work / "gym"]
