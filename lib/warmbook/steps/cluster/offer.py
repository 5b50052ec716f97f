"""Where the region has the GPU, and the quota for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud.availability import gpu_quota, zones_with_gpu
from ...cloud.clients import Clients
from ...display.card import Card, Row
from ...display.step import step
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say


@dataclass(frozen=True, repr=False)
class GpuOffer(Card):
    """Where the region has the GPU, and how many the project may use there."""

    gpu: str
    region: str
    zones: tuple[str, ...]
    limit: float | None
    usage: float

    def title(self) -> str:
        return say("{gpu} in {region}", gpu=self.gpu, region=self.region)

    def rows(self) -> Sequence[Row]:
        zones = ", ".join(self.zones) or say("none: choose another region")
        return (Row(say("zones"), zones, "ok" if self.zones else "error"), self._quota())

    def _quota(self) -> Row:
        if self.limit is None:
            return Row(say("quota"), say("the API reports no quota for this GPU"))
        left = self.limit - self.usage
        detail = say("{left:.0f} of {limit:.0f} left", left=left, limit=self.limit)
        return Row(say("quota"), detail, "ok" if left >= 1 else "error")


@step(gcloud.gpu_offer)
def gpu_offer(settings: Settings, clients: Clients) -> GpuOffer:
    """Return the zones of the region that have the GPU, and the quota for it.

    Source: guide, "Crea un clúster de GKE con GPUs"; Compute Engine API.
    """
    zones = [
        z for z in zones_with_gpu(clients, settings.gpu) if z.startswith(f"{settings.region}-")
    ]
    limit, usage = gpu_quota(clients, settings.region, settings.gpu, spot=settings.spot)
    return GpuOffer(settings.gpu, settings.region, tuple(zones), limit, usage)
