"""A new engine answers one question with the model, while the first notebooks go on."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..installer import CommandError, finish, started
from ..installer.command import TICK_S
from ..installer.progress import Tell
from .builds import EngineError, environ, locked
from .image import Image
from .model import Model, listing

SCRIPT = Path(__file__).with_name("try_model.py")


class SmokeTest:
    """vLLM's answer to one question, which nobody has to wait for until a server starts."""

    def __init__(self, image: Image, answered: Future[None]) -> None:
        self._answered = answered
        self.image = replace(image, ready=self._ready)
        """The engine, whose `ready` waits for the answer."""

    async def _ready(self) -> None:
        await asyncio.shield(asyncio.wrap_future(self._answered))

    @property
    def ended(self) -> bool:
        """Whether vLLM has answered, or failed to."""
        return self._answered.done()

    def wait(self, tell: Tell) -> None:
        """Wait until vLLM has answered.

        Raises:
            EngineError: It could not, or the answer was wrong.
        """
        while not self.ended:
            tell("Waiting for vLLM's first answer with the new model", None)
            with suppress(StillRunning):
                self._answered.result(TICK_S)
        self._answered.result()


@contextmanager
def smoke_test(
    image: Image, model: Model, tell: Tell, *, wanted: bool = True
) -> Iterator[SmokeTest]:
    """Let a new engine answer a question in the background; on the way out it is stopped.

    It also leaves in the engine what vLLM finds out about the model's class, which would cost
    the first Pod of each rehearsal some fifteen seconds.

    Raises:
        EngineError: The cache is somebody else's, and its engine was never tried.
    """
    if image.passed.exists() or not wanted:
        yield SmokeTest(image, _nothing())
        return
    command = [str(image.python), str(SCRIPT), str(model.folder)]
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_CACHE_ROOT": str(image.vllm_cache)}
    with locked(image.folder.parent / "model.lock", tell), tempfile.TemporaryDirectory() as home:
        with started(command, {**environ(), **offline, "HOME": home}) as process:
            # in a thread: else what vLLM writes would fill the pipe, and it would stop
            with ThreadPoolExecutor(1) as reader:
                try:
                    yield SmokeTest(image, reader.submit(_follow, process, image, model))
                finally:
                    process.kill()


def _nothing() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done


def _follow(process: subprocess.Popen[str], image: Image, model: Model) -> None:
    try:
        finish(process, lambda: None)
    except CommandError as error:
        if process.returncode > 0:  # it was not killed: the model is to be made anew
            _remove(model)
        raise EngineError(
            f"vLLM does not answer with the model {model.folder.name}:\n{error}\n"
            f"  → Start again. If it stays so, remove {image.folder}, and start again."
        ) from None
    image.passed.touch()


def _remove(model: Model) -> None:
    listing(model.folder).unlink(missing_ok=True)
    shutil.rmtree(model.folder, ignore_errors=True)
