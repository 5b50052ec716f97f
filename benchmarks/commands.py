"""The genuine gcloud and kubectl in a rehearsal: their time, and the servers' share of it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from warmbook_rehearsal import environment
from warmbook_rehearsal.node import Image
from warmbook_rehearsal.node.model import describe, model_of
from warmbook_rehearsal.rehearsal import LOCATION, PROJECT_ID, Rehearsal
from warmbook_rehearsal.time_scale import TimeScale

from .wire import tell

RUNS = 3
CLUSTER = "bench"
BUCKET = f"gs://{PROJECT_ID}-models"
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {"name": "main", "image": "web:1", "command": ["sleep", "infinity"]}
                ],
            },
        },
    },
}
KUBECTL = (
    "apply -f {folder}/web.json",
    "rollout status deployment/web --timeout=60s",
    "get pods",
    "get pods -o wide",
    "get pods -o yaml",
    "get deployments,replicasets",
    "get nodes",
    "get events",
    "describe deployment web",
    "describe pods -l app=web",
    "scale deployment web --replicas={size}",
    "logs deployment/web",
)
GCLOUD = (
    "projects list",
    f"projects describe {PROJECT_ID}",
    "services list --enabled",
    "container clusters list",
    f"container clusters describe {CLUSTER} --location={LOCATION}",
    "storage ls",
    f"storage ls --long {BUCKET}/**",
    f"storage cat {BUCKET}/bench/config.json",
    f"storage cp {{folder}}/web.json {BUCKET}/web.json",
    f"storage cp {BUCKET}/web.json {{folder}}/copy.json",
    f"storage buckets describe {BUCKET}",
    "storage buckets list",
)
MANY = {"kubectl": KUBECTL, "gcloud": GCLOUD}
UNENDING = ("watch", "follow")
"""Options of requests whose answers last as long as their callers want."""


class Stopwatch(AbstractAccessLogger):
    """Takes down how long the server was busy with each request, in milliseconds."""

    taken: list[float] = []  # noqa: RUF012 - aiohttp makes one object per connection

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Note one request; those that last as long as their callers want are left out."""
        if not any(request.query.get(name) in ("true", "1") for name in UNENDING):
            self.taken.append(time * 1e3)


class TimedRunner(web.AppRunner):
    """Stands for aiohttp's runner: the same, with a stopwatch."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        log = {"access_log": logging.getLogger("bench"), "access_log_class": Stopwatch}
        super().__init__(app, **{**options, **log})


@dataclass
class Measured:
    """One command's runs: seconds of the whole process, and milliseconds of each request."""

    command: str
    seconds: list[float] = field(default_factory=list)
    requests_ms: list[list[float]] = field(default_factory=list)

    @property
    def wall_s(self) -> float:
        """Median time of the whole process."""
        return statistics.median(self.seconds)

    @property
    def share(self) -> float:
        """Part of that time in which a server was busy for it."""
        return statistics.median(
            sum(requests) / 1e3 / seconds
            for requests, seconds in zip(self.requests_ms, self.seconds, strict=True)
        )


def measured() -> dict[str, list[Measured]]:
    """Run each client's everyday commands in a rehearsal; a client that is missing has none."""
    present = [client for client in MANY if shutil.which(client)]
    for client in MANY.keys() - set(present):
        tell(f"{client} is not installed: its commands are left out")
    return asyncio.run(_commands(present)) if present else {}


async def _commands(clients: Sequence[str]) -> dict[str, list[Measured]]:
    found = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        async with _rehearsal(folder) as environ:
            (folder / "web.json").write_text(json.dumps(DEPLOYMENT))
            for client in clients:
                found[client] = [
                    await _measured(f"{client} {words}", folder, environ) for words in MANY[client]
                ]
    return found


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Start a rehearsal with a cluster, without an engine; yield what points clients at it."""
    usual, web.AppRunner = web.AppRunner, TimedRunner  # type: ignore[misc]
    try:
        async with Rehearsal(
            *_stand_ins(folder), engine="quick", time_scale=TimeScale(0.01)
        ) as rehearsal:
            rehearsal.cloud.project.enable(["container.googleapis.com", "compute.googleapis.com"])
            environ = {**os.environ, **environment.of(rehearsal), "HOME": str(folder)}
            await _create_cluster(rehearsal)
            yield environ
    finally:
        web.AppRunner = usual  # type: ignore[misc]


def _stand_ins(folder: Path) -> tuple[Image, Any]:
    """Return an image that starts nothing of its own, and a model of one small file."""
    image, model = folder / "image", folder / "bench"
    for made in (image, model):
        made.mkdir()
    (image / "complete.json").write_text(json.dumps({"vllm": "0"}))
    (model / "config.json").write_text("{}")
    return Image(image), model_of(model, [describe(model / "config.json")])


async def _create_cluster(rehearsal: Rehearsal) -> None:
    import aiohttp

    tell("starting a rehearsal with a cluster")
    parent = f"{rehearsal.google_listener.url}/v1/projects/{PROJECT_ID}/locations/{LOCATION}"
    asked = {"cluster": {"name": CLUSTER, "autopilot": {"enabled": True}}}
    headers = {"Authorization": f"Bearer {rehearsal.token}"}
    async with aiohttp.ClientSession(parent + "/", headers=headers, raise_for_status=True) as http:
        await http.post("clusters", json=asked)
        while (await (await http.get(f"clusters/{CLUSTER}")).json())["status"] != "RUNNING":
            await asyncio.sleep(0.05)


async def _measured(command: str, folder: Path, environ: dict[str, str]) -> Measured:
    """Run a command once to warm up, then a few times more."""
    measured = Measured(command.format(folder=".", size=2))
    tell(measured.command)
    for turn in range(RUNS + 1):
        Stopwatch.taken.clear()
        start = time.monotonic()
        await _run(command.format(folder=folder, size=2 + turn % 2).split(), environ)
        if turn:
            measured.seconds.append(time.monotonic() - start)
            measured.requests_ms.append(list(Stopwatch.taken))
    return measured


async def _run(words: Sequence[str], environ: dict[str, str]) -> None:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*words, env=environ, stdout=pipe, stderr=pipe)
    said, complained = await child.communicate()
    assert child.returncode == 0, (words, said[-500:], complained[-2000:])
