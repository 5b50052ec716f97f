"""One container: image, start, probes, restarts with back-off, end; each turn is an event."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..kubernetes import End
from .gpu_driver import too_old_for
from .health import Health, told_about
from .images import SHORTEST_BACK_OFF_S, pause, pull
from .port_guard import PortGuard
from .process import ContainerProcess, spawn
from .programs import program_of
from .sandbox import Sandbox
from .sources import MissingError
from .status import ContainerStatus
from .substitutions import Command, command_for
from .variables import variables
from .view import Mount, View

Obj = dict[str, Any]

FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S, FORGIVEN_S = 10.0, 300.0, 600.0
"""Source: Kubernetes, "Pod Lifecycle": restarts are delayed 10 s, 20 s, 40 s … up to 5 min,
and anew from the beginning after ten minutes without a failure."""

LOOK_S = 0.3
"""How often it is looked whether what a container needs is there now."""

START_ERROR = 128
KILLED = 137
"""128 + SIGKILL."""


class Container:
    """A container of a Pod, from its image to its end.

    `policy` says after which ends it starts again: Always, OnFailure, Never. `plays` is whether
    a fault may let it play an end.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        spec: Obj,
        status: ContainerStatus,
        folder: Path,
        *,
        policy: str,
        plays: bool = False,
        init: bool = False,
    ) -> None:
        self.spec, self.status, self.evicted = spec, status, ""
        self.started = asyncio.Event()
        self._sandbox, self._node, self._folder = sandbox, sandbox.node, folder
        self._policy, self._plays, self._init = policy, plays, init
        self._command: Command | None = None
        self._view = View()
        self._process: ContainerProcess | None = None
        self._beside: list[asyncio.subprocess.Process] = []
        self._logs: list[Path] = []
        self._stopped, self._hurry = asyncio.Event(), asyncio.Event()
        self._grace_s = float(sandbox.pod["spec"].get("terminationGracePeriodSeconds", 30))

    # what the Pod asks

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    def stop(self, grace_s: float) -> None:
        """Let the container end; its process gets `grace_s` seconds, none if that is 0."""
        self._grace_s = grace_s
        self._stopped.set()
        if grace_s <= 0:
            self._hurry.set()

    def log(self, *, previous: bool) -> Path | None:
        """Return the log of the container, or of its instance before the last restart.

        While it waits for a restart both are the instance that has ended.
        """
        logs = self._logs
        if previous:
            logs = logs if self.status.in_back_off else logs[:-1]
        return logs[-1] if logs else None

    async def exec(self, command: list[str], *, stdin: bool) -> asyncio.subprocess.Process:
        """Start a command with the container's variables, volumes and folder.

        Raises:
            LookupError: The container does not run.
            FileNotFoundError: There is no such program.
        """
        if self._process is None or self._command is None:
            raise LookupError(f"container {self.name} is not running")
        words, environ = map(self._view.replaced, command), self._command.environ
        process = await spawn([*words], environ, self._folder, stdin=stdin, view=self._view)
        self._beside = [one for one in self._beside if one.returncode is None] + [process]
        return process

    async def live(self) -> int | None:
        """Run the container, again after each end as the policy says; return its exit code.

        None if it was stopped.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self.status.waits(self.status.waits_for)
        await pull(self._sandbox, self.spec["image"], self.status, self._stopped)
        failures = 0
        while not self._stopped.is_set():
            start = time.monotonic()
            code = await self._run()
            if self._stopped.is_set():
                return None
            if self.evicted or not self._starts_again(code):
                return code
            failures = 0 if time.monotonic() - start > FORGIVEN_S else failures
            await self._back_off(failures)
            failures += 1
        return None

    async def end(self) -> None:
        """End the processes at once."""
        for beside in self._beside:
            with suppress(ProcessLookupError):
                beside.kill()
        if self._process is not None:
            self._process.kill()
            await self._process.exit_code()
            self._process = None

    # what the probes report

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell an event about the Pod."""
        self._sandbox.event(reason, message, warning=warning)

    def healthy(self, *, ready: bool) -> None:
        """Take note that the container has started, and whether it is ready."""
        if not self._init:
            self.status.healthy(ready=ready)
        self.started.set()

    # one turn

    async def _run(self) -> int:
        """Run the container to its end; return its exit code."""
        if self.status.ran_before:
            image = self.spec["image"]
            self.event("Pulled", f'Container image "{image}" already present on machine')
        if (command := await self._configured()) is None:
            return KILLED
        self._command = command
        self.status.created()
        self.event("Created", f"Created container: {self.name}")
        log = self._folder / f"{self.status.restarts}.log"
        end = self._end() or self._refused_by_driver()
        words = self._played(end) if end else command.words
        self._logs.append(log)
        guard = PortGuard(None if end else command.port, self._folder)
        try:
            guard.take()
            process = await ContainerProcess.start(
                words, command.environ, self._folder, log, view=self._view
            )
        except OSError as error:
            guard.close()
            why = f'Error: failed to start container "{self.name}": {error}'
            self.event("Failed", why, warning=True)
            self.status.ended(START_ERROR, reason="StartError")
            return START_ERROR
        self._process = process
        self.event("Started", f"Started container {self.name}")
        self.status.runs(process.pid, started=False)
        async with guard.passing_on(fail=process.kill):
            code = await self._watched(process)
        self._process = None
        reason, done = end.reason if end else "", self._init and code == 0
        self.status.ended(code, reason=reason, done=done)
        self.evicted = end.evicted if end else ""
        return code

    async def _configured(self) -> Command | None:
        """Return the command once all that it needs is there; None if stopped before."""
        told = ""
        while not self._stopped.is_set():
            try:
                return self._substituted()
            except MissingError as error:
                if str(error) != told:
                    told = str(error)
                    self.event("Failed", f"Error: {told}", warning=True)
                    self.status.waits("CreateContainerConfigError", told)
            await pause(LOOK_S, self._stopped)
        return None

    def _end(self) -> End | None:
        """Return the end that a fault has the container play, if any."""
        hooks = self._node.store.fault_hooks
        return hooks.end_of(self._sandbox.pod) if self._plays else None

    def _refused_by_driver(self) -> End | None:
        """Return how the container ends on a driver that its image's CUDA can't use, if so."""
        name = self._sandbox.pod["spec"].get("nodeName", "")
        return too_old_for(self.spec, self._node.store.find("Node", None, name))

    def _played(self, end: End) -> list[str]:
        """Return a command that says the last lines and ends so, by SIGKILL where that is 137."""
        self.event("Substituted", "Rehearsal: this container plays an end, and is not the server")
        (self._folder / "end.txt").write_text("".join(f"{line}\n" for line in end.lines))
        last = "kill -KILL $$" if end.code == KILLED else f"exit {end.code}"
        # an evicted Pod knows no back-off: the next one comes at once
        pause = f"sleep {SHORTEST_BACK_OFF_S}; " if end.evicted else ""
        return ["sh", "-c", f"cat end.txt >&2; {pause}{last}"]

    def _substituted(self) -> Command:
        """Return what runs here.

        Raises:
            MissingError: Something that the container needs is absent.
        """
        sandbox, node = self._sandbox, self._node
        namespace = sandbox.pod["metadata"]["namespace"]
        own, notes = variables(node.store, sandbox.fields, namespace, self.spec)
        place = sandbox.folder / "files" / self.name
        mounts = [*self._brought(), *sandbox.volumes.mounts(self.spec, own, place)]
        kept = (sandbox.folder, node.image.folder, Path(sys.prefix), Path(sys.base_prefix))
        self._view = View(tuple(mounts), sandbox.folder / "views" / self.name, kept)
        command = command_for(
            *(self.spec, own, node.image, sandbox.address, self._folder),
            node.environment(sandbox.pod, sandbox.address),
            engine=node.engine,
        )
        words = [self._view.replaced(word) for word in command.words]
        moved = {name: self._view.replaced(value) for name, value in own.items()}
        left_out = sandbox.volumes.left_out(self.spec)
        if not self.status.ran_before:
            said = [*command.notes, *notes, *self._view.told(), *left_out, told_about(self.spec)]
            for told in filter(None, said):
                self.event("Substituted", f"Rehearsal: {told}")
        return replace(command, words=words, environ={**command.environ, **moved})

    def _brought(self) -> list[Mount]:
        """Return the files that the container's image brings, where it stands for a program."""
        program = program_of(self._node.image.programs, self.spec["image"])
        files = program.files if program else {}
        return [Mount(source, target, read_only=True) for target, source in files.items()]

    async def _watched(self, process: ContainerProcess) -> int:
        """Wait for the container's end, by itself, by its probes or by the Pod's deletion."""
        exited = asyncio.create_task(process.exit_code())
        health = Health(self.spec, self._sandbox.address, self._probe_by, self)
        failed = asyncio.create_task(health.failed())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait({exited, failed, stopped}, return_when=asyncio.FIRST_COMPLETED)
            failed.cancel()
            if stopped.done():
                self.event("Killing", f"Stopping container {self.name}")
            if not exited.done():
                await self._end_gracefully(process, exited)
            return await exited
        finally:
            for task in (exited, failed, stopped):
                task.cancel()

    async def _end_gracefully(self, process: ContainerProcess, exited: asyncio.Task[int]) -> None:
        process.ask_to_end()
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait(
            {exited, hurry}, timeout=self._grace_s, return_when=asyncio.FIRST_COMPLETED
        )
        hurry.cancel()
        process.kill()

    async def _probe_by(self, command: list[str]) -> tuple[int, str]:
        process = await self.exec(command, stdin=False)
        try:
            said, complained = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            raise
        return process.returncode or 0, (said + complained).decode(errors="replace")

    # after an end

    def _starts_again(self, code: int) -> bool:
        return self._policy == "Always" or (self._policy == "OnFailure" and code != 0)

    async def _back_off(self, failures: int) -> None:
        """Wait before a restart: not at all the first time, then longer and longer."""
        self.status.restarting()
        if failures == 0:
            return
        cloud_s = min(FIRST_BACK_OFF_S * 2 ** (failures - 1), LONGEST_BACK_OFF_S)
        here_s = max(SHORTEST_BACK_OFF_S, self._node.time_scale.seconds(cloud_s / 60))
        whose = self._sandbox.full_name
        told = f"Back-off restarting failed container {self.name} in pod {whose}"
        self.event("BackOff", told, warning=True)
        if failures == 1:
            self.event("Substituted", "Rehearsal: back-off is shortened as all waits here are")
        why = f"back-off {_length(cloud_s)} restarting failed container={self.name} pod={whose}"
        self.status.waits("CrashLoopBackOff", why)
        await pause(here_s, self._stopped)


def _length(seconds: float) -> str:
    """Write a length of time as Go does: 40s, 1m20s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
