"""The door into a rehearsal: prepare engine and model, run a command inside, leave nothing."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from . import environment, node, own_image
from .faults import Fault
from .installer.progress import Tell
from .isolation import REMOVED
from .network import UNSHAPED, Network
from .node import Image, Model, SmokeTest
from .processes import Process, below, send_all
from .rehearsal import Rehearsal
from .stopping import Stopping
from .time_scale import TimeScale

SHAPED = "The rehearsal's network is shaped: {network}. Its rates say nothing about Cloud Storage."
TETHERED = Path(__file__).with_name("tethered.py")
PATIENCE_S = {signal.SIGINT: 10.0, signal.SIGTERM: 3.0, signal.SIGHUP: 3.0}
"""How long a command may take to end after each signal, in seconds, before it is killed."""

HURRY_S = 1.0
"""The same after a second Ctrl-C."""


@contextmanager
def prepared(cache: Path, tell: Tell, *, tested: bool = True) -> Iterator[tuple[Model, SmokeTest]]:
    """Build the engine and the model into `cache` unless they are there; have them tested.

    What is being tested when the context ends is stopped, and tested again by the next one.

    Raises:
        EngineError: One of them could not be built; says what is missing.
    """
    image = node.build_image(cache, tell)
    with node.smoke_test(image, tell, wanted=tested) as test:
        model = node.make_model(cache, image, tell)
        test.ask(model)
        if (done := node.downloads(image)).exists():
            shutil.rmtree(done, ignore_errors=True)
        yield model, test


@asynccontextmanager
async def private_files() -> AsyncIterator[int]:
    """Let nobody else read what is written during the block; yield the umask of before."""
    before = os.umask(0o077)
    try:
        yield before
    finally:
        os.umask(before)


async def around(
    command: Sequence[str],
    image: Image,
    model: Model,
    *,
    engine: str,
    time_scale: TimeScale,
    network: Network = UNSHAPED,
    staged: Sequence[Fault] = (),
    record: Path | None = None,
    propagation_s: float = 0.0,
    up: Callable[[], None] = lambda: None,
) -> int:
    """Run `command` in a rehearsal and return its exit status; without one, wait for Ctrl-C.

    A signal to this process is passed on to the command; the rehearsal stops when it ended, in
    `stopping.LIMIT_S` seconds at most. A second Ctrl-C ends everything at once, with status 130.
    The status after SIGTERM is 143. An engine that turns out not to work ends the command too.
    `record` names a file for the exchanges with Google's HTTP APIs.
    What the rehearsal and its Pods write is this user's alone; what the command writes has the
    modes that it has elsewhere. `up` is called when the rehearsal is up, before the command.
    """
    image = replace(image, programs={**own_image.of(lambda: rehearsal), **image.programs})
    rehearsal = Rehearsal(
        *(image, model),
        engine=engine,
        time_scale=time_scale,
        network=network,
        staged=staged,
        record=record,
        propagation_s=propagation_s,
    )
    with Stopping(rehearsal) as stopping:
        watch = asyncio.create_task(_stop_if_not_ready(image, stopping))
        async with private_files() as umask, stopping.bounded():
            up()
            if network.is_shaped:
                print(SHAPED.format(network=network), flush=True)
            if not command:
                _greet(rehearsal)
                await stopping.asked.wait()
                return stopping.status_after(0)
            try:
                environ = environment.of_command(rehearsal)
                status = await _run(command, environ, umask, stopping)
                return stopping.status_after(status)
            finally:
                watch.cancel()


async def _stop_if_not_ready(image: Image, stopping: Stopping) -> None:
    """Stop the command if the engine turns out not to work; `smoke_test` says why."""
    try:
        await image.ready()
    except node.EngineError:
        stopping.asked.set()


async def _run(
    command: Sequence[str], environ: dict[str, str], umask: int, stopping: Stopping
) -> int:
    tethered = (sys.executable, "-I", "-S", str(TETHERED), str(os.getpid()))
    child = await asyncio.create_subprocess_exec(*tethered, *command, env=environ, umask=umask)
    ended = asyncio.create_task(child.wait())
    await _first(ended, stopping.asked)
    if not ended.done():
        await _stop(child, ended, stopping)
    status = ended.result()
    return status if status >= 0 else 128 - status


async def _stop(
    child: asyncio.subprocess.Process, ended: asyncio.Task[int], stopping: Stopping
) -> None:
    """Ask the command to end, then make it, with what is still below it."""
    number = stopping.first or signal.SIGINT
    end = time.monotonic() + PATIENCE_S[number]
    children = below(child.pid)
    _send(child, number)
    await _first(ended, stopping.forced, PATIENCE_S[number])
    if stopping.forced.is_set() and not ended.done():
        _send(child, signal.SIGINT)
        await asyncio.wait({ended}, timeout=HURRY_S)
        end = time.monotonic()
    with suppress(ProcessLookupError):
        child.kill()
    await ended
    await _end_orphans(children, number, end)


def _send(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send the command a signal; it has the terminal's Ctrl-C already."""
    if number is not signal.SIGINT or not sys.stdin.isatty():
        with suppress(ProcessLookupError):
            child.send_signal(number)


async def _end_orphans(children: Sequence[Process], number: signal.Signals, end: float) -> None:
    """End what the command had started and not waited for, as a shell does after SIGTERM."""
    send_all(children, number)
    while any(one.runs for one in children) and time.monotonic() < end:
        await asyncio.sleep(0.05)
    send_all(children, signal.SIGKILL)


async def _first(
    ended: asyncio.Task[int], event: asyncio.Event, limit_s: float | None = None
) -> None:
    """Wait for the command's end or the event, for `limit_s` seconds at most."""
    happened = asyncio.create_task(event.wait())
    await asyncio.wait({ended, happened}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    happened.cancel()


def _greet(rehearsal: Rehearsal) -> None:
    print("The rehearsal is up; Ctrl-C ends it. In another shell:\n", flush=True)
    print(f"unset {' '.join(REMOVED)}", flush=True)
    for name, value in sorted(environment.of(rehearsal).items()):
        print(f"export {name}={shlex.quote(value)}", flush=True)
