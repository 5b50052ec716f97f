"""A kubelet on a real store, and an image whose interpreter is the one that runs the tests."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from warmbook_rehearsal.kubernetes import Store
from warmbook_rehearsal.node import Image, Kubelet, build_image
from warmbook_rehearsal.time_scale import TimeScale

ADDRESSES = (f"127.201.{third}.{fourth}" for third in range(1, 250) for fourth in range(2, 250))
QUICK_TIME_SCALE = TimeScale(minute_s=0.01)


class Cluster:
    """A store and its kubelet, with the questions that the tests ask."""

    def __init__(self, folder: Path, image: Image, **more: Any) -> None:
        self.store = Store()
        self.turns: list[str] = []
        self.kubelet = Kubelet(
            self.store,
            **{
                "folder": folder,
                "image": image,
                "engine": "vllm",
                "addresses": ADDRESSES,
                "environment": lambda pod, address: {"SERVED_BY": address},
                "on_start": self.on_start,
                "on_stop": self.on_stop,
                "time_scale": QUICK_TIME_SCALE,
                **more,
            },
        )

    async def on_start(self, pod: Mapping[str, Any], address: str) -> None:
        self.turns.append(f"start {address}")

    async def on_stop(self, address: str) -> None:
        self.turns.append(f"stop {address}")

    def create(self, name: str = "pod", **spec: Any) -> None:
        """Create a Pod on this node; its containers get an image each."""
        for field in ("containers", "initContainers"):
            for container in spec.get(field, ()):
                container.setdefault("image", "img:1")
        pod = {"nodeName": "node", "restartPolicy": "Always", **spec}
        self.store.create("Pod", {"metadata": {"name": name}, "spec": pod})

    def hold(self, kind: str, name: str, **fields: Any) -> None:
        """Create an object with a name, or put it in the place of the old one."""
        new = {"metadata": {"name": name, "namespace": "default"}, **fields}
        if self.store.find(kind, "default", name) is None:
            self.store.create(kind, new)
        else:
            self.store.update(kind, "default", name, lambda old: old.update(fields), manager="t")

    def run(
        self, *command: str, name: str = "pod", policy: str = "Always", **container: Any
    ) -> str:
        """Create a Pod on this node and return its name."""
        grace_s = container.pop("grace_s", 30)
        spec = {
            "nodeName": "node",
            "restartPolicy": policy,
            "terminationGracePeriodSeconds": grace_s,
            "containers": [{"name": "c", "image": "img:1", "command": [*command], **container}],
        }
        self.store.create("Pod", {"metadata": {"name": name}, "spec": spec})
        return name

    def pod(self, name: str = "pod") -> dict[str, Any] | None:
        return self.store.find("Pod", "default", name)

    def status(self, name: str = "pod") -> dict[str, Any]:
        return (self.pod(name) or {}).get("status", {})

    def container(self, name: str = "pod") -> dict[str, Any]:
        return (self.status(name).get("containerStatuses") or [{}])[0]

    def waiting(self, container: str = "c", name: str = "pod") -> str:
        """Return why a container waits, "" if it does not."""
        return self.states(name).get(container, {}).get("waiting", {}).get("reason", "")

    def states(self, name: str = "pod") -> dict[str, Any]:
        """Return the state of each container, init containers included."""
        status = self.status(name)
        fields = ("initContainerStatuses", "containerStatuses")
        return {one["name"]: one["state"] for field in fields for one in status.get(field) or ()}

    def ready(self, name: str = "pod") -> bool:
        conditions = self.status(name).get("conditions") or []
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def events(self, reason: str = "") -> list[str]:
        """Return the messages of events, in order."""
        listed = sorted(
            self.store.list("Event"), key=lambda event: int(event["metadata"]["resourceVersion"])
        )
        return [e["message"] for e in listed if reason in ("", e["reason"])]

    def log(
        self, name: str = "pod", container: str | None = None, *, previous: bool = False
    ) -> str:
        path = self.kubelet.log_file("default", name, container, previous=previous)
        return path.read_text() if path and path.exists() else ""

    def said(self, container: str | None = None, name: str = "pod") -> list[str]:
        """Return the lines that a container has written, without times and streams."""
        return [line.split(" ", 3)[3] for line in self.log(name, container).splitlines()]

    async def ended(self, name: str = "pod") -> str:
        """Wait until the Pod is over; return its phase."""
        over = ("Succeeded", "Failed")
        await self.until(lambda: self.status(name).get("phase") in over)
        return self.status(name)["phase"]

    async def until(self, holds: Callable[[], Any], timeout_s: float = 15) -> Any:
        """Wait until something holds, and return it."""
        end = time.monotonic() + timeout_s
        while not (found := holds()):
            assert time.monotonic() < end, (self.status(), self.events(), self.log())
            await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[Cluster]:
    task = asyncio.create_task(cluster.kubelet.run())
    try:
        yield cluster
    finally:
        await cluster.kubelet.stop()
        task.cancel()


@pytest.fixture
def image(tmp_path: Path) -> Image:
    folder = tmp_path / "image"
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(sys.executable)
    (folder / "complete.json").write_text(json.dumps({"vllm": "0.32.0"}))
    return Image(folder)


Scenario = Callable[[Cluster], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path, image: Image) -> Callable[..., None]:
    """Run a scenario against a kubelet of its own."""
    counter = itertools.count()

    def play(scenario: Scenario, **more: Any) -> None:
        async def played() -> None:
            chosen = more.pop("image", image)
            cluster = Cluster(tmp_path / f"pods{next(counter)}", chosen, **more)
            async with running(cluster):
                await scenario(cluster)

        asyncio.run(played())

    return play


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be taken does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    return alive


@pytest.fixture(scope="session")
def engine() -> Iterator[Image]:
    """The real engine, from the reader's cache; built there if need be."""
    cache = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    yield build_image(cache, lambda what, share: None)
