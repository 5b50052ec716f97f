"""What a run costs at most, by tier: list prices of machines, and allowances for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import SettingsError
from ..model.gpus import price
from ..texts import say

DEADLINES_S = {0: 5 * 60, 1: 15 * 60, 2: 40 * 60, 3: 75 * 60, 4: 90 * 60}
"""When each tier ends, in seconds after its beginning, whatever it has found by then."""

ALLOWANCES_USD = {1: 0.05, 2: 0.15, 3: 0.15, 4: 0.40}
"""For what no price table here tells, by tier: clusters, small Pods, storage, requests, a cache.

These are allowances of ours and no list prices: each is meant to be more than the bill will say.
"""

MACHINE = "g2-standard-8"
MACHINES = {3: 1, 4: 2}
"""The Spot machine with one L4, and how many of it there are at once, by tier."""

SWEEP_S = 30 * 60
"""How long a sweep may take, in seconds."""


@dataclass(frozen=True)
class TierCost:
    """What a tier costs if it lasts until its deadline, in US dollars."""

    tier: int
    machines_usd: float
    allowance_usd: float

    @property
    def usd(self) -> float:
        """Both together."""
        return self.machines_usd + self.allowance_usd

    def __str__(self) -> str:
        told = {"tier": self.tier, "minutes": DEADLINES_S[self.tier] // 60}
        if not self.usd:
            return say("tier {tier}: free, in {minutes} minutes", **told)
        if not self.machines_usd:
            return say(
                "tier {tier}: at most ${usd:.2f} (an allowance), in {minutes} minutes",
                usd=self.usd,
                **told,
            )
        return say(
            "tier {tier}: at most ${usd:.2f} (machines ${machines:.2f} by list price, the rest an "
            "allowance), in {minutes} minutes",
            usd=self.usd,
            machines=self.machines_usd,
            **told,
        )


def total_usd(costs: Iterable[TierCost]) -> float:
    """Return what the tiers cost together, to the cent."""
    return round(sum(one.usd for one in costs), 2)


def estimate(tier: int) -> tuple[TierCost, ...]:
    """Return what each tier up to `tier` costs if it lasts until its deadline."""
    return tuple(_costs(tier))


def _costs(tier: int) -> Iterator[TierCost]:
    for number in range(tier + 1):
        hours = MACHINES.get(number, 0) * DEADLINES_S[number] / 3600
        yield TierCost(number, hours * spot_usd(), ALLOWANCES_USD.get(number, 0.0))


def spot_usd() -> float:
    """Return the list price of an hour of the Spot machine; a Pod of Autopilot's counts as one."""
    found = price(MACHINE)
    assert found is not None, MACHINE
    return found.spot_usd


def refuse_beyond(budget_usd: float, costs: tuple[TierCost, ...]) -> None:
    """Refuse to begin what may cost more than the budget.

    Raises:
        SettingsError: It may; the message has the estimate by tier.
    """
    total = total_usd(costs)
    if total <= budget_usd:
        return
    lines = "\n".join(f"  {one}" for one in costs)
    told = say(
        "This may cost ${total:.2f}, more than --budget-usd {budget:g}:",
        total=total,
        budget=budget_usd,
    )
    raise SettingsError(
        f"{told}\n{lines}", remedy=say("Raise --budget-usd, or choose a lower --tier.")
    )
