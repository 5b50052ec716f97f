"""The door into a rehearsal: prepare engine and model, run a command inside, leave nothing."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from . import node
from .faults import Fault
from .installer.progress import Tell
from .isolation import REMOVED
from .network import UNSHAPED, Network
from .node import Image, Model, SmokeTest
from .rehearsal import Rehearsal
from .time_scale import TimeScale

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHAPED = (
    "A shaped rehearsal: what is read from its storage takes {network}. "
    "No rate of it is Cloud Storage's."
)
PATIENCE_S = 10
"""How long a command may take to end after a signal, in seconds, before it is killed."""


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


async def around(
    command: Sequence[str],
    image: Image,
    model: Model,
    *,
    engine: str,
    time_scale: TimeScale,
    network: Network = UNSHAPED,
    staged: Sequence[Fault] = (),
    propagation_s: float = 0.0,
) -> int:
    """Run `command` in a rehearsal and return its exit status; without one, wait for Ctrl-C.

    A signal to this process is passed on to the command; the rehearsal stops when it ended.
    An engine that turns out not to work ends the command too.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in STOPPING:
        loop.add_signal_handler(name, stopping.set)
    watch = asyncio.create_task(_stop_if_not_ready(image, stopping))
    rehearsal = Rehearsal(
        *(image, model),
        engine=engine,
        time_scale=time_scale,
        network=network,
        staged=staged,
        propagation_s=propagation_s,
    )
    async with rehearsal:
        if network.is_shaped:
            print(SHAPED.format(network=network), flush=True)
        if not command:
            _greet(rehearsal)
            await stopping.wait()
            return 0
        try:
            return await _run(command, rehearsal.command_environment(), stopping)
        finally:
            watch.cancel()


async def _stop_if_not_ready(image: Image, stopping: asyncio.Event) -> None:
    """Stop the command if the engine turns out not to work; `smoke_test` says why."""
    try:
        await image.ready()
    except node.EngineError:
        stopping.set()


async def _run(command: Sequence[str], environ: dict[str, str], stopping: asyncio.Event) -> int:
    try:
        child = await asyncio.create_subprocess_exec(*command, env=environ)
    except OSError as error:
        print(f"warmbook_rehearsal: {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    ended = asyncio.create_task(child.wait())
    while not ended.done():
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            stopping.clear()
            await _stop(child, ended)
    status = ended.result()
    return status if status >= 0 else 128 - status


async def _stop(child: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    """Ask the command to end, then make it; it has the terminal's Ctrl-C already."""
    for name, patience_s in ((signal.SIGINT, PATIENCE_S), (signal.SIGKILL, None)):
        if name is not signal.SIGINT or not sys.stdin.isatty():
            with suppress(ProcessLookupError):
                child.send_signal(name)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(ended), patience_s)
            return


def _greet(rehearsal: Rehearsal) -> None:
    print("The rehearsal is up; Ctrl-C ends it. In another shell:\n", flush=True)
    print(f"unset {' '.join(REMOVED)}", flush=True)
    for name, value in sorted(rehearsal.environment().items()):
        print(f"export {name}={shlex.quote(value)}", flush=True)
