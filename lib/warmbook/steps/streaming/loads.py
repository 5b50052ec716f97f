"""What each Pod streamed, by its own log, against the bytes in the bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...cloud.clients import Clients
from ...cloud.rehearsal import Network
from ...display.card import Card, Row
from ...display.step import step
from ...errors import ResourceFailedError
from ...measure.coldstart.labels import source_name
from ...measure.coldstart.startlog import read
from ...measure.coldstart.timeline import witness
from ...measure.runs.schema import Stream
from ...model.folder import list_folder
from ...serving import pods
from ...serving.shell_commands import kubectl
from ...settings import Settings
from ...texts import say
from ...units import duration, size


@dataclass(frozen=True)
class Load:
    """One Pod's load of the weights: bytes, seconds, and who says so."""

    pod: str
    size_bytes: int
    elapsed_s: float
    source: str

    @property
    def rate_gib_s(self) -> float:
        """Rate in GiB/s (2**30 bytes per second)."""
        return self.size_bytes / 2**30 / self.elapsed_s if self.elapsed_s else 0.0

    def record(self) -> dict[str, Any]:
        """Return the load for the run record."""
        return Stream(
            pod=self.pod,
            bytes=self.size_bytes,
            seconds=round(self.elapsed_s, 3),
            gib_s=round(self.rate_gib_s, 3),
            source=self.source,
        ).dumped()


@dataclass(frozen=True, repr=False)
class Streams(Card):
    """What each Pod streamed, beside the bytes of the weights in the bucket."""

    loads: tuple[Load, ...]
    expected_bytes: int
    network: Network | None = field(default=None, kw_only=True)
    """The rehearsal's, where it is shaped."""

    @property
    def whole(self) -> bool:
        """Whether each Pod read all the weights."""
        return bool(self.loads) and all(x.size_bytes == self.expected_bytes for x in self.loads)

    @property
    def slowest_s(self) -> float | None:
        """Seconds of the Pod that took longest; None without a load."""
        return max((load.elapsed_s for load in self.loads), default=None)

    def title(self) -> str:
        return say("Stream: {size} of weights in the bucket", size=size(self.expected_bytes))

    def rows(self) -> Sequence[Row]:
        return tuple(
            Row(
                load.pod,
                f"{size(load.size_bytes)}, {duration(load.elapsed_s)}, {load.rate_gib_s:.2f} GiB/s"
                f" ({source_name(load.source)})",
                "ok" if load.size_bytes == self.expected_bytes else "error",
            )
            for load in self.loads
        )

    def note(self) -> str:
        return self.network.label if self.network else ""

    def record(self) -> dict[str, Any]:
        """Return the loads for the run record."""
        return {"expected_bytes": self.expected_bytes, "loads": [x.record() for x in self.loads]}


@step(kubectl.logs)
def measure(settings: Settings, clients: Clients) -> Streams:
    """Read each Pod's log: how many bytes were streamed, in how many seconds.

    Source: guide, "Verifica la implementación". The streamer's own line is the best witness;
    it is rounded, so a size that agrees with the bucket's counts as the bucket's. Where no
    line is printed, vLLM's loading time stands with the bucket's bytes, and is named.

    Raises:
        ResourceFailedError: A log holds neither figure.
    """
    expected = list_folder(clients, settings.model_uri).size_bytes
    ready = [pod for pod in pods.now(settings, clients) if pod.ready]
    logs = {pod.name: clients.kubernetes.log(pod.name, settings.namespace) for pod in ready}
    loads = tuple(_load(name, log, expected) for name, log in logs.items())
    return Streams(loads, expected, network=clients.network)


def _load(pod: str, log: str, expected_bytes: int) -> Load:
    if told := witness(read(log), expected_bytes):
        return Load(pod, told.size_bytes, told.elapsed_s, told.source)
    raise ResourceFailedError(
        say("{pod}'s log reports no weight load.", pod=pod),
        remedy=say(
            "Follow the log with the command; a ready Pod without a load did not use the streamer."
        ),
    )
