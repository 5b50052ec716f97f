"""How long a wait of the cloud lasts in the rehearsal: one number for all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TimeScale:
    """The rehearsal's clock: `minute_s` seconds here stand for one minute in the cloud."""

    minute_s: float = 0.5

    def seconds(self, cloud_minutes: float) -> float:
        """Return how many seconds a wait of `cloud_minutes` lasts here."""
        return cloud_minutes * self.minute_s
