"""One Pod: image, start, probes, restarts with back-off, end; every turn told as an event."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .probes import EVERY_S, Probe
from .process import ContainerProcess
from .substitutions import process_for

if TYPE_CHECKING:
    from .kubelet import Kubelet

Obj = dict[str, Any]

PULL_MINUTES = 2.0
"""About how long the guide's image takes to be pulled in the cloud."""

FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 10.0, 300.0
PATHS = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
"""What a Pod's process gets of this machine's own variables: no secrets."""


def now() -> str:
    """Return the time as Kubernetes writes it, in whole seconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pod:
    """A Pod on this node, from its first event to its removal."""

    def __init__(self, kubelet: Kubelet, obj: Obj, address: str, folder: Path) -> None:
        self.kubelet, self.obj, self.address, self.folder = kubelet, obj, address, folder
        self.container: Obj = obj["spec"]["containers"][0]
        self.process: ContainerProcess | None = None
        self.environ: dict[str, str] = {}
        self.restarts = 0
        self._last: Obj = {}
        self._logs: list[Path] = []
        self._deleted = asyncio.Event()
        self._grace_s = 30.0

    def delete(self, grace_s: float) -> None:
        """Let the Pod end; its process gets `grace_s` seconds."""
        self._grace_s = grace_s
        self._deleted.set()

    def log(self, *, previous: bool) -> Path | None:
        """Return the log of the current container, or of the one before it."""
        wanted = self._logs[:-1] if previous else self._logs
        return wanted[-1] if wanted else None

    async def live(self) -> None:
        """Run the container, again after each end as the restart policy says, until deleted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._status(waiting="ContainerCreating")
        await self._pull()
        while not self._deleted.is_set():
            code, reason = await self._run_once()
            if self._deleted.is_set():
                break
            if not self._again(code):
                self._finish(code)
                await self._deleted.wait()
                break
            await self._back_off(code, reason)
        await self._stop()
        self._remove()

    async def end(self) -> None:
        """End the process at once; also called when the rehearsal stops."""
        if self.process is not None:
            process, self.process = self.process, None
            process.signal(signal.SIGKILL)
            with suppress(asyncio.CancelledError):
                await asyncio.shield(process.wait())
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _stop(self) -> None:
        if self.process is not None:
            self._event("Killing", f"Stopping container {self.container['name']}")
            process, self.process = self.process, None
            await process.end(self._grace_s)

    def _remove(self) -> None:
        meta = self.obj["metadata"]
        self.kubelet.store.remove("Pod", meta["namespace"], meta["name"])

    async def _pull(self) -> None:
        image = self.container["image"]
        engine = self.kubelet.image.versions().get("vllm", "?")
        self._event("Pulling", f'Pulling image "{image}"')
        start = time.monotonic()
        await self._unless_deleted(self.kubelet.pace.seconds(PULL_MINUTES))
        self._event(
            "Pulled",
            f'Successfully pulled image "{image}" in {time.monotonic() - start:.1f}s. Rehearsal: '
            f"nothing was pulled; vLLM {engine} for CPUs on this machine stands for it",
        )

    async def _run_once(self) -> tuple[int, str]:
        """Run the container to its end; return its exit code and the reason for it."""
        wanted = process_for(
            self.container,
            self.kubelet.image,
            self.address,
            self.folder,
            engine=self.kubelet.engine,
        )
        name = self.container["name"]
        self._event("Created", f"Created container: {name}")
        for told in wanted.told:
            self._event("Substituted", f"Rehearsal: {told}")
        self.environ = {
            **{key: os.environ[key] for key in PATHS if key in os.environ},
            **wanted.environ,
            **self.kubelet.environment(self.obj, self.address),
        }
        log = self.folder / f"{self.restarts}.log"
        self._logs.append(log)
        try:
            self.process = await ContainerProcess.start(
                wanted.words, self.environ, self.folder, log
            )
        except OSError as error:
            self._event("Failed", f"Error: failed to start container: {error}", warning=True)
            return 128, "StartError"
        self._event("Started", f"Started container {name}")
        self._status(running=now(), started=not self.container.get("startupProbe"))
        return await self._watch(self.process)

    async def _watch(self, process: ContainerProcess) -> tuple[int, str]:
        ending = asyncio.create_task(process.wait())
        probing = asyncio.create_task(self._probe())
        deleted = asyncio.create_task(self._deleted.wait())
        try:
            await asyncio.wait({ending, probing, deleted}, return_when=asyncio.FIRST_COMPLETED)
            if probing.done() and not ending.done() and not deleted.done():
                probing.result()
                process.signal(signal.SIGTERM)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(asyncio.shield(ending), 10)
                process.signal(signal.SIGKILL)
            if deleted.done():
                self.process = None
                await process.end(self._grace_s)
            code = await ending
        finally:
            for task in (probing, deleted):
                task.cancel()
        if not self._deleted.is_set():
            self.process = None
        return code, "Completed" if code == 0 else "Error"

    async def _probe(self) -> None:
        """Probe the container; return only when it must be killed."""
        name = self.container["name"]
        if spec := self.container.get("startupProbe"):
            if not await self._succeeds(Probe(spec, self.address), "Startup"):
                self._event("Killing", f"Container {name} failed startup probe, will be restarted")
                return
            self._status(running=self._running_since(), started=True)
        readiness = self.container.get("readinessProbe")
        liveness = self.container.get("livenessProbe")
        ready, failing_since = False, 0.0
        while True:
            passes = not readiness or not await Probe(readiness, self.address).fails()
            if passes != ready:
                ready = passes
                self._status(running=self._running_since(), started=True, ready=ready)
            if liveness:
                probe = Probe(liveness, self.address)
                failing_since = (
                    0.0 if not await probe.fails() else failing_since or time.monotonic()
                )
                if failing_since and time.monotonic() - failing_since > probe.deadline_s:
                    self._event(
                        "Killing", f"Container {name} failed liveness probe, will be restarted"
                    )
                    return
            await asyncio.sleep(EVERY_S if not ready else 1.0)

    async def _succeeds(self, probe: Probe, kind: str) -> bool:
        end = time.monotonic() + probe.deadline_s
        told = time.monotonic()
        while time.monotonic() < end:
            if not (why := await probe.fails()):
                return True
            if time.monotonic() - told > probe.spec.get("periodSeconds", 10):
                self._event("Unhealthy", f"{kind} probe failed: {why}", warning=True)
                told = time.monotonic()
            await asyncio.sleep(EVERY_S)
        self._event("Unhealthy", f"{kind} probe failed: {why}", warning=True)
        return False

    def _again(self, code: int) -> bool:
        policy = self.obj["spec"].get("restartPolicy", "Always")
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    async def _back_off(self, code: int, reason: str) -> None:
        self._last = {"terminated": self._terminated(code, reason)}
        self.restarts += 1
        if self.restarts == 1:  # the first time, the kubelet does not wait
            return
        name, pod = self.container["name"], self.obj["metadata"]["name"]
        self._event(
            "BackOff", f"Back-off restarting failed container {name} in pod {pod}", warning=True
        )
        self._status(waiting="CrashLoopBackOff")
        wait_s = min(FIRST_BACK_OFF_S * 2 ** (self.restarts - 2), LONGEST_BACK_OFF_S)
        await self._unless_deleted(self.kubelet.pace.seconds(wait_s / 60) + 1.0)

    async def _unless_deleted(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._deleted.wait(), seconds)

    def _finish(self, code: int) -> None:
        reason = "Completed" if code == 0 else "Error"
        self._status(terminated=self._terminated(code, reason))

    def _terminated(self, code: int, reason: str) -> Obj:
        return {
            "exitCode": code,
            "reason": reason,
            "startedAt": self._running_since(),
            "finishedAt": now(),
        }

    def _running_since(self) -> str:
        found = self._current()
        states = (found or self.obj).get("status", {}).get("containerStatuses") or [{}]
        return str((states[0].get("state") or {}).get("running", {}).get("startedAt") or now())

    def _current(self) -> Obj | None:
        meta = self.obj["metadata"]
        return self.kubelet.store.find("Pod", meta["namespace"], meta["name"])

    def _event(self, reason: str, message: str, *, warning: bool = False) -> None:
        with suppress(Exception):  # a namespace that is going away takes no events
            self.kubelet.store.event(
                self.obj, reason, message, kind_of="Warning" if warning else "Normal"
            )

    def _status(
        self,
        *,
        waiting: str = "",
        running: str = "",
        terminated: Obj | None = None,
        started: bool = False,
        ready: bool = False,
    ) -> None:
        if waiting:
            state: Obj = {"waiting": {"reason": waiting}}
        elif terminated:
            state = {"terminated": terminated}
        else:
            state = {"running": {"startedAt": running}}
        phase = "Running" if running or self.restarts else "Pending"
        if terminated:
            phase = "Succeeded" if terminated["exitCode"] == 0 else "Failed"
        container = {
            "name": self.container["name"],
            "image": self.container["image"],
            "imageID": "",
            "ready": ready,
            "started": started,
            "restartCount": self.restarts,
            "state": state,
            "lastState": self._last,
        }
        self._write(phase, container, ready)

    def _write(self, phase: str, container: Obj, ready: bool) -> None:
        def change(obj: Obj) -> None:
            status = obj.setdefault("status", {})
            status.update(
                phase=phase,
                podIP=self.address,
                podIPs=[{"ip": self.address}],
                hostIP="127.0.0.1",
                containerStatuses=[container],
            )
            status.setdefault("startTime", now())
            for name, holds in (
                ("PodScheduled", True),
                ("Initialized", True),
                ("ContainersReady", ready),
                ("Ready", ready),
            ):
                _set_condition(status.setdefault("conditions", []), name, holds)

        meta = self.obj["metadata"]
        if self._current() is not None:
            self.kubelet.store.update(
                "Pod",
                meta["namespace"],
                meta["name"],
                change,
                manager="kubelet",
                subresource="status",
            )


def _set_condition(conditions: list[Obj], name: str, holds: bool) -> None:
    status = "True" if holds else "False"
    for condition in conditions:
        if condition["type"] == name:
            if condition["status"] != status:
                condition.update(status=status, lastTransitionTime=now())
            return
    conditions.append({"type": name, "status": status, "lastTransitionTime": now()})
