"""One Pod: image, start, probes, restarts with back-off, end; every turn told as an event."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kubernetes import End, Store
from ..time_scale import TimeScale
from .gpu_driver import too_old_for
from .health import Health, told_about
from .image import Image
from .process import ContainerProcess, spawn
from .status import PodStatus
from .substitutions import Command, command_for

Obj = dict[str, Any]

PULL_MINUTES, LONGEST_PULL_S = 2.0, 4.0
"""About how long the guide's image takes to be pulled in the cloud, and at most here."""

FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S, FORGIVEN_S = 10.0, 300.0, 600.0
"""Source: Kubernetes, "Pod Lifecycle": restarts are delayed 10 s, 20 s, 40 s … up to 5 min,
and anew from the beginning after ten minutes without a failure."""

SHORTEST_BACK_OFF_S = 1.0
"""At least that here, so that a failing engine does not take the machine."""

START_ERROR = 128
KILLED = 137
"""128 + SIGKILL."""


@dataclass(frozen=True)
class Node:
    """What a Pod needs of the node that it runs on."""

    store: Store
    image: Image
    engine: str
    time_scale: TimeScale
    environment: Callable[[Obj, str], Mapping[str, str]]


class Pod:
    """A Pod on this node, from its first event to its removal."""

    def __init__(self, node: Node, obj: Obj, address: str, folder: Path) -> None:
        self.obj, self.address, self.folder = obj, address, folder
        self._node = node
        self._container: Obj = obj["spec"]["containers"][0]
        self._status = PodStatus(node.store, obj, address)
        self._command: Command | None = None
        self._process: ContainerProcess | None = None
        self._beside: list[asyncio.subprocess.Process] = []
        self._logs: list[Path] = []
        self._evicted = ""
        self._deleted, self._hurry = asyncio.Event(), asyncio.Event()
        self._grace_s = float(obj["spec"].get("terminationGracePeriodSeconds", 30))

    # what the kubelet asks

    def delete(self, grace_s: float) -> None:
        """Let the Pod end; its process gets `grace_s` seconds, none if that is 0."""
        self._grace_s = grace_s
        self._deleted.set()
        if grace_s <= 0:
            self._hurry.set()

    def log(self, *, previous: bool) -> Path | None:
        """Return the log of the container, or of its instance before the last restart.

        While it waits for a restart both are the instance that has ended.
        """
        logs = self._logs
        if previous:
            logs = logs if self._status.in_back_off else logs[:-1]
        return logs[-1] if logs else None

    async def exec(self, command: list[str], *, stdin: bool) -> asyncio.subprocess.Process:
        """Start a command with the container's variables and folder; it ends with the Pod.

        Raises:
            LookupError: The container does not run.
            FileNotFoundError: There is no such program.
        """
        if self._process is None or self._command is None:
            raise LookupError(f"container {self._container['name']} is not running")
        process = await spawn(command, self._command.environ, self.folder, stdin=stdin)
        self._beside = [one for one in self._beside if one.returncode is None] + [process]
        return process

    async def live(self) -> None:
        """Run the container, again after each end as the restart policy says, until deleted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._status.waits("ContainerCreating")
        await self._pull()
        failures = 0
        while not self._deleted.is_set():
            start = time.monotonic()
            code = await self._run()
            if self._deleted.is_set():
                break
            if self._evicted or not self._starts_again(code):
                self._finish()
                await self._deleted.wait()
                break
            failures = 0 if time.monotonic() - start > FORGIVEN_S else failures
            await self._back_off(failures)
            failures += 1
        self._node.store.remove("Pod", self._meta["namespace"], self._meta["name"])

    async def end(self) -> None:
        """End the processes at once and remove the Pod's files."""
        for beside in self._beside:
            with suppress(ProcessLookupError):
                beside.kill()
        if self._process is not None:
            self._process.kill()
            await self._process.exit_code()
            self._process = None
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    # what the probes report

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell an event about the Pod."""
        kind_of = "Warning" if warning else "Normal"
        self._node.store.event(self.obj, reason, message, kind_of=kind_of)

    def healthy(self, *, ready: bool) -> None:
        """Take note that the container has started, and whether it is ready."""
        self._status.healthy(ready=ready)

    # one turn

    @property
    def _meta(self) -> Obj:
        return dict(self.obj["metadata"])

    async def _pull(self) -> None:
        image, versions = self._container["image"], self._node.image.versions()
        self.event("Pulling", f'Pulling image "{image}"')
        start = time.monotonic()
        await self._until_there(image)
        if "vllm" in image:
            await self._until_ready()
        usual_s = min(LONGEST_PULL_S, self._node.time_scale.seconds(PULL_MINUTES))
        more = self._node.store.fault_hooks.pull_minutes(self.obj)
        await self._unless_deleted(usual_s + self._node.time_scale.seconds(more))
        took = f"{time.monotonic() - start:.3f}s"
        self.event(
            "Pulled",
            f'Successfully pulled image "{image}" in {took} ({took} including waiting). Rehearsal: '
            f"image {image} stands for the engine vLLM {versions.get('vllm', '?')} on this "
            "machine; nothing was pulled",
        )

    async def _until_there(self, image: str) -> None:
        """Tell, again and again, that the image can't be pulled, until it can."""
        while not self._deleted.is_set() and (
            why := self._node.store.fault_hooks.no_image(self.obj)
        ):
            self.event("Failed", f'Failed to pull image "{image}": {why}', warning=True)
            self.event("Failed", "Error: ErrImagePull", warning=True)
            self._status.waits("ErrImagePull", why)
            await self._unless_deleted(SHORTEST_BACK_OFF_S)
            told = f'Back-off pulling image "{image}"'
            self.event("BackOff", told)
            self._status.waits("ImagePullBackOff", f"{told}: {why}")
            await self._unless_deleted(SHORTEST_BACK_OFF_S)

    async def _until_ready(self) -> None:
        """Wait for a new engine's first answer, or for the Pod's deletion."""
        ready = asyncio.ensure_future(self._node.image.ready())
        deleted = asyncio.ensure_future(self._deleted.wait())
        try:
            await asyncio.wait({ready, deleted}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
        finally:
            ready.cancel()
            deleted.cancel()

    async def _run(self) -> int:
        """Run the container to its end; return its exit code."""
        name = self._container["name"]
        if self._status.restarts:
            image = self._container["image"]
            self.event("Pulled", f'Container image "{image}" already present on machine')
        self._command = command = self._substituted()
        self.event("Created", f"Created container: {name}")
        log = self.folder / f"{self._status.restarts}.log"
        end = self._node.store.fault_hooks.end_of(self.obj) or self._refused_by_driver()
        words = self._played(end) if end else command.words
        try:
            process = await ContainerProcess.start(words, command.environ, self.folder, log)
        except OSError as error:
            self._logs.append(log)
            why = f'Error: failed to start container "{name}": {error}'
            self.event("Failed", why, warning=True)
            self._status.ended(START_ERROR, reason="StartError")
            return START_ERROR
        self._logs.append(log)
        self._process = process
        self.event("Started", f"Started container {name}")
        self._status.runs(process.pid, started=False)
        code = await self._watched(process)
        self._process = None
        self._status.ended(code, reason=end.reason if end else "")
        self._evicted = end.evicted if end else ""
        return code

    def _refused_by_driver(self) -> End | None:
        node = self._node.store.find("Node", None, self.obj["spec"].get("nodeName", ""))
        return too_old_for(self.obj, node)

    def _played(self, end: End) -> list[str]:
        """Return a command that says the last lines and ends so, by SIGKILL where that is 137."""
        self.event("Substituted", "Rehearsal: this container plays an end, and is not the server")
        (self.folder / "end.txt").write_text("".join(f"{line}\n" for line in end.lines))
        last = "kill -KILL $$" if end.code == KILLED else f"exit {end.code}"
        # an evicted Pod knows no back-off: the next one comes at once
        pause = f"sleep {SHORTEST_BACK_OFF_S}; " if end.evicted else ""
        return ["sh", "-c", f"cat end.txt >&2; {pause}{last}"]

    def _substituted(self) -> Command:
        services = self._node.environment(self.obj, self.address)
        command = command_for(
            *(self.obj, self._node.image, self.address, self.folder, services),
            engine=self._node.engine,
        )
        if not self._status.restarts:
            for told in filter(None, [*command.notes, told_about(self._container)]):
                self.event("Substituted", f"Rehearsal: {told}")
        return command

    async def _watched(self, process: ContainerProcess) -> int:
        """Wait for the container's end, by itself, by its probes or by the Pod's deletion."""
        exited = asyncio.create_task(process.exit_code())
        failed = asyncio.create_task(
            Health(self._container, self.address, self._probe_by, self).failed()
        )
        deleted = asyncio.create_task(self._deleted.wait())
        try:
            await asyncio.wait({exited, failed, deleted}, return_when=asyncio.FIRST_COMPLETED)
            failed.cancel()
            if deleted.done():
                self.event("Killing", f"Stopping container {self._container['name']}")
            if not exited.done():
                await self._end_gracefully(process, exited)
            return await exited
        finally:
            for task in (exited, failed, deleted):
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

    def _finish(self) -> None:
        """Tell that the Pod is over: it has run its course, or the node puts it out."""
        if self._evicted:
            self.event("Evicted", self._evicted, warning=True)
        self._status.finished(self._evicted)

    def _starts_again(self, code: int) -> bool:
        policy = self.obj["spec"].get("restartPolicy", "Always")
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    async def _back_off(self, failures: int) -> None:
        """Wait before a restart: not at all the first time, then longer and longer."""
        self._status.restarting()
        if failures == 0:
            return
        cloud_s = min(FIRST_BACK_OFF_S * 2 ** (failures - 1), LONGEST_BACK_OFF_S)
        here_s = max(SHORTEST_BACK_OFF_S, self._node.time_scale.seconds(cloud_s / 60))
        name, meta = self._container["name"], self._meta
        whose = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
        told = f"Back-off restarting failed container {name} in pod {whose}"
        self.event("BackOff", told, warning=True)
        if failures == 1:
            self.event("Substituted", "Rehearsal: back-off is shortened as all waits here are")
        why = f"back-off {_length(cloud_s)} restarting failed container={name} pod={whose}"
        self._status.waits("CrashLoopBackOff", why)
        await self._unless_deleted(here_s)

    async def _unless_deleted(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._deleted.wait(), seconds)


def _length(seconds: float) -> str:
    """Write a length of time as Go does: 40s, 1m20s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
