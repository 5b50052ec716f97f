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
from .builds import EngineError, beside, environ, locked
from .image import Image
from .model import Model, listing

SCRIPT = Path(__file__).with_name("try_model.py")


class SmokeTest:
    """vLLM's answer to one question, which nobody has to wait for until a server starts.

    This one is of an engine that needs none.
    """

    def __init__(self, image: Image) -> None:
        self._answered: Future[None] = Future()
        self.image = replace(image, ready=self._ready)
        """The engine, whose `ready` waits for the answer."""

    def ask(self, model: Model) -> None:
        """Ask the question, now that the model is there."""
        del model
        self._answered.set_result(None)

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


class _Asked(SmokeTest):
    """A question to a process that imports vLLM meanwhile."""

    def __init__(
        self, image: Image, process: subprocess.Popen[str], thread: ThreadPoolExecutor
    ) -> None:
        super().__init__(image)
        self._process, self._thread = process, thread

    def ask(self, model: Model) -> None:
        # in a thread: else what vLLM writes would fill the pipe, and it would stop
        self._answered = self._thread.submit(self._follow, model)

    def _follow(self, model: Model) -> None:
        try:
            finish(self._process, lambda: None, given=f"{model.folder}\n")
        except CommandError as error:
            if self._process.returncode > 0:  # it was not killed: the model is to be made anew
                listing(model.folder).unlink(missing_ok=True)
                shutil.rmtree(model.folder, ignore_errors=True)
            raise EngineError(
                f"vLLM does not answer with the model {model.folder.name}:\n{error}\n"
                f"  → Start again. If it stays so, remove {self.image.folder}, and start again."
            ) from None
        self.image.passed.touch()


@contextmanager
def smoke_test(image: Image, tell: Tell, *, wanted: bool = True) -> Iterator[SmokeTest]:
    """Let a new engine import vLLM in the background, to be asked; on the way out it is stopped.

    It also leaves in the engine what vLLM finds out about the model's class, which would cost
    the first Pod of each rehearsal some fifteen seconds.

    Raises:
        EngineError: The cache is somebody else's, and its engine was never tried.
    """
    if image.passed.exists() or not wanted:
        yield SmokeTest(image)
        return
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_CACHE_ROOT": str(image.vllm_cache)}
    with locked(beside(image.folder, "lock"), tell), tempfile.TemporaryDirectory() as home:
        command, variables = (
            [str(image.python), str(SCRIPT)],
            {**environ(), **offline, "HOME": home},
        )
        with started(command, variables) as process, ThreadPoolExecutor(1) as thread:
            try:
                yield _Asked(image, process, thread)
            finally:
                process.kill()
