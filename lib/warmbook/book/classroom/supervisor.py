"""The supervisor of a seat: keeps a rehearsal with the learner's server, and resets it.

SIGUSR1 resets: the rehearsal ends with its kernels, the work is set aside, fresh notebooks are
copied, and the same command starts again with the same variables. So the port and the token stay,
and a browser's tab and JupyterHub's proxy connect again. SIGTERM, SIGINT and SIGHUP end the seat.
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

from ...errors import SettingsError
from ...files import writing
from ...texts import say
from .. import origin
from ..copies import copy_out
from .processes import Process
from .seats import Running, Seat, State

RESET = signal.SIGUSR1
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ADDRESS = "JUPYTERHUB_SERVICE_URL"
"""Where a server of JupyterHub answers."""

LOOK_S = 0.05
STOP_S = 12.0
"""How long a rehearsal may take to stop, in seconds: it limits itself to less."""

_HERE = Path(__file__).parent
_BARE = (sys.executable, "-I", "-S")
"""A Python that starts in milliseconds, without this package's imports."""


@dataclass(frozen=True)
class Plan:
    """What runs on a seat."""

    command: tuple[str, ...]
    """The learner's server."""
    rehearsal: tuple[str, ...] = ()
    """Options of the rehearsal."""
    languages: tuple[str, ...] = ("en", "es")
    address: str = ""
    """The server's URL, which tells when it is up; empty where nobody can tell."""
    link: str = ""


class Supervisor:
    """Runs a seat until it is told to end; `run` returns the exit status."""

    def __init__(self, seat: Seat, plan: Plan) -> None:
        self._seat, self._plan = seat, plan
        own = Process.of(os.getpid())
        self._running = Running(
            pid=own.pid, started=own.started, state="starting", since=origin.now(), link=plan.link
        )
        self._told = seat.folder / ".rehearsal.json"
        self._asked: asyncio.Queue[signal.Signals] = asyncio.Queue()

    async def run(self) -> int:
        """Keep the seat; leave nothing but the work when it ends.

        Raises:
            SettingsError: The seat's folder can't be written.
        """
        loop = asyncio.get_running_loop()
        for number in (RESET, *ENDS):
            loop.add_signal_handler(number, self._asked.put_nowait, number)
        try:
            while (status := await self._once()) is None:
                self._seat.set_aside()
            return status
        finally:
            self._seat.vacate()
            self._told.unlink(missing_ok=True)

    async def _once(self) -> int | None:
        """Run one rehearsal; return its status, None where the seat is to be reset."""
        began = time.monotonic()
        self._told.unlink(missing_ok=True)
        copy_out(self._seat.work, self._plan.languages)
        rehearsal = await self._started()
        ended = asyncio.create_task(rehearsal.wait())
        asked = asyncio.create_task(self._asked.get())
        up = asyncio.create_task(self._announce(began))
        try:
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            if asked.result() == RESET:
                self._write("resetting", resets=self._running.resets + 1)
            up.cancel()
            await self._stop(rehearsal, ended)
            return None if asked.result() == RESET else 128 + asked.result()
        finally:
            up.cancel()
            asked.cancel()

    async def _started(self) -> asyncio.subprocess.Process:
        """Start the rehearsal with the learner's server in it."""
        if self._running.state != "resetting":
            self._write("starting")
        announced = (*_BARE, str(_HERE / "announce.py"), str(self._told), *self._plan.command)
        return await asyncio.create_subprocess_exec(
            *(*_BARE, str(_HERE / "tethered.py"), str(os.getpid())),
            *(sys.executable, "-m", "warmbook_rehearsal", *self._plan.rehearsal, "--"),
            *announced,
            cwd=self._seat.work,
            stdin=asyncio.subprocess.DEVNULL,
        )

    async def _stop(self, rehearsal: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        """End the rehearsal and all in it; by force if it takes too long, or at a second signal."""
        with suppress(ProcessLookupError):
            rehearsal.terminate()
        await asyncio.wait({ended}, timeout=STOP_S)
        if not ended.done():
            with suppress(ProcessLookupError):
                rehearsal.kill()
            await ended

    async def _announce(self, began: float) -> None:
        """Write where the rehearsal is, once it says so, and that the server is up."""
        while not self._told.exists():
            await asyncio.sleep(LOOK_S)
        told = json.loads(self._told.read_text())
        self._told.unlink()
        self._running = self._running.model_copy(update=told)
        self._write(self._running.state)
        while self._plan.address and not await asyncio.to_thread(_answers, self._plan.address):
            await asyncio.sleep(LOOK_S)
        self._write("up", ready_s=round(time.monotonic() - began, 2))

    def _write(self, state: State, **changed: object) -> None:
        since = self._running.since if state == self._running.state else origin.now()
        update = {"state": state, "since": since, **changed}
        self._running = self._running.model_copy(update=update)
        self._seat.write(self._running)


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
            remedy=say("Stop it first: warmbook class stop"),
        )
    return asyncio.run(Supervisor(seat, plan).run())


def link(address: str, environ: Mapping[str, str]) -> str:
    """Return what the learner opens, "" under JupyterHub, where the hub has the links."""
    token = environ.get("JUPYTER_TOKEN", "")
    return f"{address}?token={token}" if token and address else ""
