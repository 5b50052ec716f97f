"""What the nodes cost that are still there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..cloud.clients import Clients
from ..cloud.errors import explained
from ..cloud.gke import MACHINE_TYPE
from ..display.card import Row
from ..errors import WarmbookError
from ..model import gpus
from ..texts import say


def machines_of(clients: Clients) -> tuple[str, ...]:
    """Return the machine type of each node; none of a cluster that does not answer."""
    try:
        with explained():
            nodes = clients.kubernetes.list_objects("Node")
    except WarmbookError:
        return ()
    types = ((node["metadata"].get("labels") or {}).get(MACHINE_TYPE, "?") for node in nodes)
    return tuple(sorted(types))


def cost_rows(machines: Sequence[str]) -> Iterator[Row]:
    """Tell what the nodes cost in an hour by the list price, as far as it is known."""
    known = {machine.name: machine.price for machine in gpus.machines() if machine.price}
    priced = [(name, known[name]) for name in machines if name in known]
    if priced:
        detail = say(
            "${usd:.2f} per hour at list price: {machines} ({region}, {date})",
            usd=sum(price.on_demand_usd for _, price in priced),
            machines=_counted([name for name, _ in priced]),
            region=priced[0][1].region,
            date=min(price.date for _, price in priced),
        )
        yield Row(say("cost of its nodes"), detail, "warning")
    if others := [name for name in machines if name not in known]:
        detail = say("price unknown: {machines}", machines=_counted(others))
        yield Row(say("cost of its nodes"), detail, "warning")


def _counted(names: Sequence[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(Counter(names).items()))
