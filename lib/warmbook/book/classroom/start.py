"""N seats on one machine for one user: each a rehearsal with JupyterLab, on a port of its own."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import SettingsError, UnreachableError
from ...files import locked, read_end, writing
from ...texts import say
from .commands import command
from .room import check_room
from .seat_file import Running
from .seats import SEATS, Seat, existing, seat

Tell = Callable[[int, int, float], None]
"""Told how many seats are up or ended, of how many, and the seconds since the beginning."""

LOOK_S = 0.2
UP_S = 120.0
"""How long a class may take to start, in seconds, beyond UP_EACH_S for each seat."""
UP_EACH_S = 20.0
STOP_S = 20.0
LOG = "seat.log"
LOG_BYTES = 100_000
"""Of the end of a log, where the last error is."""


@dataclass(frozen=True)
class Course:
    """What every seat of a class gets."""

    folder: Path
    engine: str
    languages: tuple[str, ...]
    rehearsal: tuple[str, ...] = ()
    """More options of the rehearsal."""


@dataclass
class Started:
    """The seats of a class that starts, and their supervisors."""

    seats: list[Seat] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)


def start(count: int, course: Course, tell: Tell) -> list[Seat]:
    """Start those of seats 01 to `count` that do not run; return them when all of them are up.

    Where that is interrupted or fails, every seat that was started is stopped again; seats that
    ran before go on. Work that is on a seat from before stays.

    Raises:
        SettingsError: All of them run already, the machine has no room for them, or the class's
            folder can't be written.
        UnreachableError: A seat did not start; says what its log has.
    """
    check_room(len(missing(count, course.folder)), course.engine, course.folder)
    home = course.folder.absolute() / SEATS
    with writing(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(course.folder / ".lock"):
        started = Started()
        try:
            for one in missing(count, course.folder):  # another command may have started some
                _start_one(one, course, started)
            _wait(started, tell)
        except BaseException:
            _end(started)
            raise
        return started.seats


def missing(count: int, folder: Path) -> list[Seat]:
    """Return those of seats 01 to `count` that do not run.

    Raises:
        SettingsError: All of them run.
    """
    wanted = [seat(folder, f"{number:02d}") for number in range(1, count + 1)]
    if found := [one for one in wanted if not one.occupied]:
        return found
    raise SettingsError(
        say(
            "A class is already running in {path}: seats {names}.",
            path=folder,
            names=", ".join(one.name for one in existing(folder) if one.occupied),
        ),
        remedy=say(
            "See it with `{status}`, end it with `{stop}`.",
            status=command(folder, "status"),
            stop=command(folder, "stop"),
        ),
    )


def engine_of(folder: Path) -> str:
    """Return the engine of a class that runs, "" where none runs."""
    running = (one.running() for one in existing(folder))
    return next((one.engine for one in running if one and one.engine), "")


def _start_one(one: Seat, course: Course, started: Started) -> None:
    with writing(one.folder):
        one.folder.mkdir(mode=0o700, exist_ok=True)
    port, token = _free_port(), secrets.token_urlsafe(24)
    words = [sys.executable, "-m", "warmbook", "class", "seat", one.name]
    words += ["--folder", str(course.folder.absolute()), "--engine", course.engine]
    words += ["--address", f"http://127.0.0.1:{port}/"]
    if len(course.languages) == 1:
        words += ["--language", *course.languages]
    words += [f"--rehearsal={option}" for option in course.rehearsal]
    # the token is in the environment, which other users can't read; they can read arguments
    environ = {**os.environ, "JUPYTER_TOKEN": token}
    with (one.folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [*words, "--", *_lab(one, port, course.languages[0])],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started.seats.append(one)
    started.processes.append(process)


def _end(started: Started) -> None:
    """End the seats of a class that does not start: each supervisor ends its rehearsal."""
    for process in started.processes:
        process.terminate()  # also one that has not written its seat's file yet
    end = time.monotonic() + STOP_S
    for process in started.processes:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _lab(one: Seat, port: int, language: str) -> list[str]:
    lab = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    if os.geteuid() == 0:
        lab.append("--allow-root")
    first = f"/lab/tree/{language}/01_settings.ipynb"
    lab += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={one.work}"]
    return [*lab, f"--LabApp.default_url={first}"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(started: Started, tell: Tell) -> None:
    """Wait until every seat is up."""
    began = time.monotonic()
    end = began + UP_S + UP_EACH_S * len(started.seats)
    while time.monotonic() < end:
        up = sum(_is_up(one.running()) for one in started.seats)
        tell(up, len(started.seats), time.monotonic() - began)
        if up == len(started.seats):
            return
        for one, process in zip(started.seats, started.processes, strict=True):
            if process.poll() is not None:
                raise _not_up(one)
        time.sleep(LOOK_S)
    raise _not_up(next(one for one in started.seats if not _is_up(one.running())))


def _is_up(running: Running | None) -> bool:
    return running is not None and running.state == "up"


def _not_up(one: Seat) -> UnreachableError:
    return UnreachableError(
        say("Seat {name} did not start: {reason}", name=one.name, reason=reason_of(one)),
        remedy=say("Read {path}, then start the class again.", path=one.folder / LOG),
    )


def reason_of(one: Seat) -> str:
    """Return the last error in a seat's log, its last line where none is marked as one.

    It is "" where there is no log of the seat's owner: those of JupyterHub write into the hub's.
    """
    try:
        log = read_end(one.folder / LOG, LOG_BYTES, owner=one.owner)
    except OSError:
        return ""
    lines = log.decode(errors="replace").strip().splitlines()
    errors = [line for line in lines if line.startswith("warmbook: ")]
    return (errors or lines or [""])[-1].removeprefix("warmbook: ").strip()
