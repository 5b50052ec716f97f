"""How a cold start is told and drawn: a card with its phases, their witnesses, their cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...cloud.rehearsal import Network
from ...display.card import Card, Row
from ...display.picture import Picture
from ...display.plots import Bar, lanes, waterfall
from ...doctor.pitfalls import pitfall
from ...model.gpus import Machine, Price
from ...model.load_estimate import LoadTime, limit_name
from ...severity import Severity
from ...texts import say
from ...units import duration, size
from ..runs import schema
from .outcome import Outcome, State
from .timeline import UNEXPLAINED, Phase, Timeline, Witness, phase_kind, phase_name, source_name

MOST_UNEXPLAINED = 0.1
"""A larger share that no signal explains is pointed out."""

CLOCKS_S = 1.5
"""vLLM writes whole seconds: clocks that differ by less may be the same."""

_STAMP = re.compile(r"^\S+T\S+Z ")


@dataclass(frozen=True, repr=False)
class ColdStart(Card):
    """From a Pod's creation to its readiness, part by part; of the first Pod, and others beside.

    `machine` is the node's, None where there are no figures of it; `spot` says how it is paid.
    """

    timelines: tuple[Timeline, ...]
    machine: Machine | None = None
    spot: bool = False
    streams: int | None = field(default=None, kw_only=True)
    """How many connections each rank of the server opens, None where that is not known."""

    rehearsal: bool = field(default=False, kw_only=True)
    network: Network | None = field(default=None, kw_only=True)
    """The rehearsal's, where it is shaped."""

    outcome: Outcome | None = field(default=None, kw_only=True)
    """What became of the start by a saved log, None where the Pod was seen to be ready."""

    @property
    def first(self) -> Timeline:
        """The cold start that the card tells."""
        return self.timelines[0]

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the first Pod."""
        return self.first.phases

    @property
    def load_percent(self) -> float | None:
        """Share of the load of the weights in the first Pod's start; None where it is not known."""
        witness, total_s = self.first.witness, self.first.total_s
        return 100 * witness.elapsed_s / total_s if witness and total_s else None

    @property
    def efficiency(self) -> tuple[float, str] | None:
        """The least time of the weights as a share of the time they took, and which limit binds.

        None in a rehearsal, whose bytes come from this machine, or where a figure is missing.
        """
        witness, limits = self.first.witness, self.limits
        return (witness.efficiency(limits), limits.binds) if witness and limits else None

    @property
    def limits(self) -> LoadTime | None:
        """What held the load of the weights up, None where `efficiency` has none."""
        witness = self.first.witness
        if self.machine is None or witness is None or self.rehearsal or not witness.elapsed_s:
            return None
        return witness.limits(self.machine, replicas=len(self.timelines), streams=self.streams)

    def title(self) -> str:
        pod = self.first.pod or say("log file")
        server = self.first.pod or say("the server")
        if self._state == "failed":
            time = duration(self.first.total_s)
            return say("The start of {server} failed after {time}", server=server, time=time)
        if self._state == "unfinished":
            time = duration(self.first.total_s)
            return say(
                "The start of {server} is unfinished: {time} so far", server=server, time=time
            )
        return say("Cold start of {pod}: {time}", pod=pod, time=duration(self.first.total_s))

    def rows(self) -> Sequence[Row]:
        witness = self.first.witness
        well = self._state == "up"
        told = [_witness_row(witness, well), *_ranks(witness)] if witness else []
        return (*self._why(), *map(self._row, self.phases), *told, *self._efficiency())

    @property
    def _state(self) -> State:
        return self.outcome.state if self.outcome else "up"

    def _why(self) -> Iterator[Row]:
        """Yield what the log gives as the cause of a failure, or that it ends too early."""
        if self.outcome is None or self._state == "up":
            return
        if self._state == "unfinished":
            told = (
                say("the log ends while the weights are loading, without a failure")
                if self.outcome.loading
                else say("the log ends before the server is ready, without a failure")
            )
            yield Row(say("Unfinished"), told, "warning")
        for one in self.outcome.causes:
            yield Row(say("Cause"), f"{one.pitfall}: {say(pitfall(one.pitfall).cause)}", "error")
            yield Row(say("Evidence"), f"«{one.quote}»")
        for line in self.outcome.exception.splitlines():
            yield Row(say("Error"), f"«{line.strip()}»", "error")

    def _row(self, phase: Phase) -> Row:
        parts = [duration(phase.elapsed_s)]
        if phase.name != UNEXPLAINED:
            parts.append(source_name(phase.source))
        if (usd := self._hourly_usd()) and (cost := phase.cost_usd(usd)) >= 0.00005:
            parts.append(f"${cost:.4f}")
        large = phase.name == UNEXPLAINED and self.first.unexplained >= MOST_UNEXPLAINED
        return Row(phase_name(phase.name), ", ".join(parts), "warning" if large else "info")

    def _efficiency(self) -> Iterator[Row]:
        if self.machine is None or (found := self.efficiency) is None:
            return
        share, binds = found
        told = say(
            "{percent:.0f} % of the limit: {limit}",
            percent=100 * share,
            limit=limit_name(binds, self.machine),
        )
        yield Row(say("Rate"), told)
        if limits := self.limits:
            ordered = sorted(limits.limits.items(), key=lambda limit: -limit[1])
            each = (f"{_least(s)}: {limit_name(name, self.machine)}" for name, s in ordered)
            yield Row(say("Shortest possible"), "; ".join(each))

    def note(self) -> str:
        return " ".join(self._remarks())

    def _remarks(self) -> Iterator[str]:
        if missing := ", ".join(phase_name(name) for name in self.first.missing):
            yield say("No signal reports: {phases}.", phases=missing)
        if shift := self.first.shifted_s:
            yield say(
                "The clocks of log and cluster differ: log timestamps were shifted by {time}.",
                time=duration(abs(shift)),
            )
        if abs(ahead := self.first.clock_offset_s or 0.0) > CLOCKS_S:
            yield say(
                "The clocks of Pod and node differ by {time}; the node's is used.",
                time=duration(abs(ahead)),
            )
        if self.first.loading_s and self.first.witness and self.first.witness.ranks:
            yield say(
                "{engine} reports {seconds:.1f} s for the whole load.",
                engine=self.first.engine,
                seconds=self.first.loading_s,
            )
        if self.first.lives > 1:
            yield say("The container started {count} times.", count=self.first.lives)
        if self.machine and (price := self.machine.price):
            yield say(
                "Cost: the list price of an idle {machine} in {region} as of {date}.",
                machine=self.machine.name,
                region=price.region,
                date=price.date,
            )
        if self.rehearsal:
            yield say(
                "This is a rehearsal: nothing is billed, and the times are those of this machine."
            )
        if self.network:
            yield self.network.label

    def _hourly_usd(self) -> float:
        price = self.machine.price if self.machine else None
        if price is None:
            return 0.0
        return price.spot_usd if self.spot else price.on_demand_usd

    @property
    def _price(self) -> Price | None:
        """The machine's price; of a rehearsal none: nothing is paid, its seconds are no GPU's."""
        return None if self.rehearsal or self.machine is None else self.machine.price

    def record(self) -> dict[str, Any]:
        """Return the phases of the first Pod for the run record, and what they cost."""
        return {"pod": self.first.pod, "phases": self._listed(self.first), "cost": self._cost()}

    def details(self) -> dict[str, Any]:
        """Return each Pod's cold start as JSON has it, with the price of the machine."""
        pods = [self._detailed(one) for one in self.timelines]
        return {"rehearsal": self.rehearsal, "cost": self._cost(), "pods": pods}

    def _detailed(self, one: Timeline) -> dict[str, Any]:
        return {
            "pod": one.pod,
            "seconds": round(one.total_s, 3),
            "phases": self._listed(one),
            "unexplained": round(one.unexplained, 4),
            "missing": list(one.missing),
            "stream": one.witness and _streamed(one.witness),
            "starts": one.lives,
            "loading_s": one.loading_s,
            **({"outcome": _became(self.outcome)} if self.outcome else {}),
        }

    def _cost(self) -> dict[str, Any] | None:
        if self.machine is None or (price := self._price) is None:
            return None
        return schema.Cost(
            machine=self.machine.name,
            spot=self.spot,
            hourly_usd=self._hourly_usd(),
            region=price.region,
            date=price.date,
            listed=price.listed,
        ).dumped()

    def _listed(self, one: Timeline) -> list[dict[str, Any]]:
        return [self._recorded(phase, priced=self._price is not None) for phase in one.phases]

    def _recorded(self, phase: Phase, *, priced: bool) -> dict[str, Any]:
        cost = {"usd": round(phase.cost_usd(self._hourly_usd()), 6)} if priced else {}
        return schema.RecordedPhase(
            name=phase.name,
            start=round(phase.start_s, 3),
            seconds=round(phase.elapsed_s, 3),
            source=phase.source,
            **cost,
        ).dumped()

    def plot(self) -> Picture:
        """Return the phases as a picture that reads on light and dark paper.

        Of several Pods each is a row, its phases side by side.
        """
        if len(self.timelines) == 1:
            bars = _bars(self.first)
            words = (f"{b.name} {duration(b.elapsed_s)}" for b in bars if b.elapsed_s >= 0.05)
            return waterfall(bars, f"{self.title()}: {', '.join(words)}", self.title())
        rows = [(one.pod, _bars(one)) for one in self.timelines]
        slowest = max(one.total_s for one in self.timelines)
        told = say(
            "Cold starts of {count} Pods, the slowest {time}",
            count=len(rows),
            time=duration(slowest),
        )
        return lanes(rows, told)


def _streamed(witness: Witness) -> dict[str, Any]:
    return {
        "bytes": witness.size_bytes,
        "seconds": round(witness.elapsed_s, 3),
        "gib_s": round(witness.gib_s, 3),
        "source": witness.source,
        "whole": witness.whole,
    }


def _least(seconds: float) -> str:
    return duration(seconds) if seconds >= 1 else f"{seconds:.2f} s"


def _bars(start: Timeline) -> list[Bar]:
    return [
        Bar(phase_name(p.name), p.start_s, p.elapsed_s, phase_kind(p.name)) for p in start.phases
    ]


def _became(outcome: Outcome) -> dict[str, Any]:
    found = [{"pitfall": one.pitfall, "quote": one.quote} for one in outcome.causes]
    return {"state": outcome.state, "found": found, "exception": outcome.exception}


def _witness_row(witness: Witness, well: bool) -> Row:
    detail = duration(witness.elapsed_s)
    if witness.size_bytes:
        detail = f"{size(witness.size_bytes)}, {detail}, {witness.gib_s:.2f} GiB/s"
    quote = _STAMP.sub("", witness.line)
    quote = quote if len(quote) < 200 else f"{quote[:199]}…"
    severity: Severity = "error" if witness.whole is False else "ok" if well else "info"
    return Row(say("source"), f"{detail}: {quote}", severity)


def _ranks(witness: Witness) -> Iterator[Row]:
    """Yield what each GPU's process read, where there are several."""
    if len(witness.ranks) > 1:
        for place, (rank, size_bytes, elapsed_s) in enumerate(witness.ranks):
            name = say("rank {number}", number=place if rank is None else rank)
            yield Row(name, f"{size(size_bytes)}, {duration(elapsed_s)}")
