"""One run in the reader's project: its name, its settings, its clients, what it has kept."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from ..cloud.availability import zones_with_gpu
from ..cloud.clients import Clients
from ..display.progress import Progress, Report
from ..settings import Settings
from .cost import DEADLINES_S, MACHINE, SWEEP_S
from .ledger import Ledger

PREFIX = "warmbook-live-"
LABEL = "warmbook-live"
"""Label of the run's buckets; its value is the run. Clusters have the workbook's own label, and
the run's name in front of their own."""

SMALL = "hf://HuggingFaceTB/SmolLM2-135M-Instruct"
"""The small model, 270 MB; a rehearsal's Hub has it too."""

GPU = "nvidia-l4"

_NAME = re.compile(rf"{PREFIX}(?P<begun>\d{{10}})-[0-9a-f]{{6}}")


class TierOverError(Exception):
    """The tier's time is up."""


def new_run(now: datetime | None = None) -> str:
    """Return a name for a run: when it began, to the minute in UTC, and six hex digits."""
    begun = (now or datetime.now(timezone.utc)).strftime("%y%m%d%H%M")
    return f"{PREFIX}{begun}-{secrets.token_hex(3)}"


def run_of(name: str) -> str:
    """Return the run that something belongs to by its name, "" where it belongs to none."""
    found = _NAME.match(name)
    return found.group() if found else ""


def due(run: str) -> datetime:
    """Return when a run must be over: all tiers and a sweep after its beginning."""
    found = _NAME.fullmatch(run)
    assert found
    begun = datetime.strptime(found["begun"], "%y%m%d%H%M").replace(tzinfo=timezone.utc)
    return begun + timedelta(seconds=sum(DEADLINES_S.values()) + SWEEP_S)


def settings_of(own: Settings, run: str, **changes: Any) -> Settings:
    """Return the settings of a run: the reader's project, region and releases, the rest its own."""
    chosen = {
        "mode": "autopilot",
        "location": own.region,
        "zone": "",
        "model_uri": f"gs://{run}/small",
        "model_source": SMALL,
        "cluster_name": run,
        "namespace": LABEL,
        "gpu": GPU,
        "gpu_count": 1,
        "tensor_parallel_size": 1,
        "machine_type": MACHINE,
        "spot": True,
        "inference_server": "vllm",
        "replicas": 1,
        "max_replicas": 0,
        "max_model_len": 2048,
        "compare_runs": 3,
        "compare_minutes": 15,
        **changes,
    }
    return Settings.parse({**own.model_dump(), **chosen})


@dataclass
class Session:
    """One run: the reader's `own` settings for look-ups, `settings` for what it makes itself."""

    own: Settings
    run: str
    tell: Report
    clock: Callable[[], float] = time.monotonic
    kept: dict[str, Any] = field(default_factory=dict)
    """What one check leaves for others of the run."""
    _end: float = float("inf")

    @cached_property
    def settings(self) -> Settings:
        """The settings of the run's Autopilot cluster."""
        return settings_of(self.own, self.run)

    @cached_property
    def clients(self) -> Clients:
        """Clients for the Autopilot cluster."""
        return Clients(self.settings.project_id, self.settings).confirmed()

    @cached_property
    def standard(self) -> Settings:
        """The settings of the run's Standard cluster, in a zone of the region with the GPU."""
        zones = zones_with_gpu(self.clients, GPU)
        here = [zone for zone in zones if zone.startswith(f"{self.own.region}-")]
        zone = here[0] if here else f"{self.own.region}-a"
        name = f"{self.run}-std"
        return settings_of(self.own, self.run, mode="standard", location=zone, cluster_name=name)

    @cached_property
    def standard_clients(self) -> Clients:
        """Clients for the Standard cluster."""
        return Clients(self.own.project_id, self.standard).confirmed()

    @cached_property
    def own_clients(self) -> Clients:
        """Clients for the reader's own settings."""
        return Clients(self.own.project_id, self.own).confirmed()

    @cached_property
    def ledger(self) -> Ledger:
        """What the run has made that carries no label."""
        return Ledger(self.clients, self.run)

    @property
    def bucket(self) -> Any:
        """The run's bucket."""
        return self.clients.storage.bucket(self.run)

    def begin(self, tier: int) -> None:
        """Let the tier's time begin."""
        self._end = self.clock() + DEADLINES_S[tier]

    def hold_deadline(self) -> None:
        """End the tier once its time is up.

        Raises:
            TierOverError: It is.
        """
        if self.clock() >= self._end:
            raise TierOverError

    def report(self, progress: Progress) -> None:
        """Tell of a wait, unless the tier's time is up: then the wait ends.

        Raises:
            TierOverError: It is.
        """
        self.tell(progress)
        if not progress.done:
            self.hold_deadline()
