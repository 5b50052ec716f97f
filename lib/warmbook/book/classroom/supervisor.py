"""The supervisor of a seat: keeps a rehearsal with the learner's server, and resets it.

SIGUSR1 resets, unless a reset is under way: the rehearsal ends with its kernels while another one
starts, the work is set aside, fresh notebooks are copied, and the same command starts again with
the same variables. So the port and the token stay, and a browser's tab and JupyterHub's proxy
connect again. SIGTERM, SIGINT and SIGHUP end the seat.
JupyterHub starts a supervisor as the command of its spawner. Source: JupyterHub,
`LocalProcessSpawner`, which signals the process that it started, and
`Spawner.get_env`, which names the server's address in JUPYTERHUB_SERVICE_URL.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ...errors import SettingsError
from ...files import writing
from ...terminal import show
from ...texts import say
from .. import origin
from ..copies import copy_out
from .commands import command
from .processes import Process
from .seat_file import Running, State, loopback
from .seats import Seat

RESET = signal.SIGUSR1
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ADDRESS = "JUPYTERHUB_SERVICE_URL"
"""Where a server of JupyterHub answers."""

LOOK_S = 0.05
GONE_S = 1.0
"""How often the supervisor looks whether its seat's file is still its own, in seconds."""
RESET_S = 120.0
"""How long a reset may take, in seconds; 3 s on a machine that does nothing else."""
STOP_S = 12.0
"""How long a rehearsal may take to stop, in seconds: it limits itself to less."""

Rehearsal: TypeAlias = asyncio.subprocess.Process

_HERE = Path(__file__).parent
_BARE = (sys.executable, "-I", "-S")
"""A Python that starts in milliseconds, without this package's imports."""


@dataclass(frozen=True)
class Plan:
    """What runs on a seat."""

    command: tuple[str, ...]
    """The learner's server."""
    engine: str
    """The rehearsal's engine."""
    rehearsal: tuple[str, ...] = ()
    """More options of the rehearsal."""
    languages: tuple[str, ...] = ("en", "es")
    address: str = ""
    """The server's URL: the seat is up when it answers, or at once where there is no URL."""
    link: str = ""
    """What the learner opens."""


class Supervisor:
    """Runs a seat until it is told to end; `run` returns the exit status."""

    def __init__(self, seat: Seat, plan: Plan) -> None:
        self._seat, self._plan = seat, plan
        own = Process.of(os.getpid())
        self._running = Running(
            pid=own.pid,
            started=own.started,
            state="starting",
            since=origin.now(),
            link=plan.link,
            engine=plan.engine,
        )
        self._announced = seat.folder / ".rehearsal.json"
        self._asked: asyncio.Queue[signal.Signals] = asyncio.Queue()
        self._began = time.monotonic()
        self._resetting_until = 0.0
        self._alive: list[Rehearsal] = []

    async def run(self) -> int:
        """Keep the seat; leave nothing but the work when it ends.

        Raises:
            SettingsError: The seat's folder can't be written.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(RESET, self._ask_reset)
        for number in ENDS:
            loop.add_signal_handler(number, self._asked.put_nowait, number)
        self._write("starting")
        watching = asyncio.create_task(self._watch_file())
        try:
            rehearsal = await self._booted()
            while (status := await self._served(rehearsal)) is None:
                rehearsal = await self._replacement(rehearsal)
            return status
        finally:
            watching.cancel()
            await asyncio.gather(*(_ended(one) for one in self._alive))
            self._seat.vacate()
            self._announced.unlink(missing_ok=True)

    def _ask_reset(self) -> None:
        """Reset the seat; two trainers who ask at once get one reset, unless that one hangs."""
        if (now := time.monotonic()) >= self._resetting_until:
            self._resetting_until = now + RESET_S
            self._asked.put_nowait(RESET)

    async def _watch_file(self) -> None:
        """End the seat when its file is gone, or another supervisor's: `class stop` would miss it.

        A file that is damaged is written again.
        """
        while self._seat.is_there():
            told = self._seat.told()
            if told is None or told.process != self._running.process:
                if self._seat.occupied:
                    break
                with suppress(SettingsError):  # it is tried again
                    self._write(self._running.state)
            await asyncio.sleep(GONE_S)
        self._asked.put_nowait(signal.SIGTERM)

    async def _served(self, rehearsal: Rehearsal) -> int | None:
        """Run the learner's server in a rehearsal; return the exit status, None for a reset."""
        self._announced.unlink(missing_ok=True)
        copy_out(self._seat.work, self._plan.languages)
        self._let_go(rehearsal)
        ended = asyncio.create_task(rehearsal.wait())
        asked = asyncio.create_task(self._asked.get())
        up = asyncio.create_task(self._announce())
        try:
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
            asked.cancel()
        if ended.done():
            return ended.result() if ended.result() >= 0 else 128 - ended.result()
        if asked.result() == RESET:
            return None
        show(f"warmbook: {say('the seat was stopped')}", sys.stderr)  # the reason in its log
        return 128 + asked.result()

    async def _replacement(self, rehearsal: Rehearsal) -> Rehearsal:
        """Start another rehearsal while this one ends, and set the work aside."""
        self._began = time.monotonic()
        self._write("resetting", resets=self._running.resets + 1)
        following = await self._booted()
        await _ended(rehearsal)
        self._alive.remove(rehearsal)
        self._seat.set_aside()
        return following

    async def _booted(self) -> Rehearsal:
        """Start a rehearsal whose command waits until it is let go."""
        announce = (*_BARE, str(_HERE / "announce.py"), str(self._announced), str(self._seat.work))
        started = await asyncio.create_subprocess_exec(
            *(*_BARE, str(_HERE / "tethered.py"), str(os.getpid())),
            *(sys.executable, "-m", "warmbook_rehearsal", f"--engine={self._plan.engine}"),
            *(*self._plan.rehearsal, "--"),
            *(*announce, *self._plan.command),
            cwd=self._seat.folder,
            stdin=asyncio.subprocess.PIPE,
        )
        self._alive.append(started)
        return started

    @staticmethod
    def _let_go(rehearsal: Rehearsal) -> None:
        """Let the command begin: the work is laid out, and the port is free."""
        if rehearsal.stdin:
            rehearsal.stdin.close()

    async def _announce(self) -> None:
        """Write where the rehearsal is, once `announce.py` has, and that the server is up."""
        while not self._announced.exists():
            await asyncio.sleep(LOOK_S)
        announced = json.loads(self._announced.read_text())
        self._announced.unlink()
        self._running = self._running.model_copy(update=announced)
        self._write(self._running.state)
        while self._plan.address and not await asyncio.to_thread(_answers, self._plan.address):
            await asyncio.sleep(LOOK_S)
        self._resetting_until = 0.0
        self._write("up", ready_s=round(time.monotonic() - self._began, 2))

    def _write(self, state: State, **changed: object) -> None:
        since = self._running.since if state == self._running.state else origin.now()
        update = {"state": state, "since": since, **changed}
        self._running = self._running.model_copy(update=update)
        self._seat.write(self._running)


async def _ended(rehearsal: Rehearsal) -> None:
    """End a rehearsal and all in it; by force if it takes too long."""
    with suppress(ProcessLookupError):
        rehearsal.terminate()
    leaving = asyncio.ensure_future(rehearsal.wait())
    await asyncio.wait({leaving}, timeout=STOP_S)
    if not leaving.done():
        with suppress(ProcessLookupError):
            rehearsal.kill()
    await leaving


def _answers(address: str) -> bool:
    """Tell whether a server answers there, whatever it says; no proxy has a part in it."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address.rstrip('/')}/api", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def supervise(seat: Seat, plan: Plan) -> int:
    """Keep a seat until a signal or its server ends it; return the exit status.

    Raises:
        SettingsError: Somebody sits there, or the seat's folder can't be written.
    """
    with writing(seat.folder):
        seat.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if seat.occupied:
        raise SettingsError(
            say("Seat {name} is in use.", name=seat.name),
            remedy=say("Stop it first: {command}", command=command(seat.folder.parents[1], "stop")),
        )
    return asyncio.run(Supervisor(seat, plan).run())


def link(address: str, environ: Mapping[str, str]) -> str:
    """Return what the learner opens on this machine.

    It is "" under JupyterHub, where the hub has the links, and for another machine's address.
    """
    token = environ.get("JUPYTER_TOKEN", "")
    return loopback(f"{address}?token={token}") if token and address else ""
