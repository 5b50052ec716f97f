"""The figures by which runs are compared, each by its key; docs/commands.md lists the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import Any, Literal

from ....texts import say
from ....units import duration, size
from ..schema import Record, RecordedPhase
from . import noise

GRAIN_S = 0.1
"""The least difference that a shown time tells, in seconds."""
CLOCK_S = 1.0
"""Kubernetes' times, between which a cold start lies, are whole seconds."""
RATE_GRAIN = 0.005
"""Half of the last digit of a shown rate, in GiB/s."""
_BY_CLOCK = ("Kubernetes", "event")

Unit = Literal["seconds", "bytes", "GiB/s", "share", "USD"]


@dataclass(frozen=True)
class Measure:
    """A unit, and how a value in it is shown."""

    unit: Unit
    shown: Callable[[float], str]


TIME = Measure("seconds", duration)
SIZE = Measure("bytes", size)
RATE = Measure("GiB/s", lambda gib_s: f"{gib_s:.2f} GiB/s")
SHARE = Measure("share", lambda share: f"{share:.0%}")
MONEY = Measure("USD", lambda usd: f"${usd:.4f}")


@dataclass(frozen=True)
class Figure:
    """One figure of each run, None where a run lacks it; the first value is the base's.

    `key` names it for programs; values, `grain` and `noise` are in the unit of its `measure`.
    """

    key: str
    name: str
    values: tuple[float | None, ...]
    measure: Measure
    grain: float
    """What the clocks or the shown digits cannot tell apart."""
    bases: tuple[float, ...] = ()
    """What each run of the base has, where the base is several; its value is their median."""
    quiet: bool = False
    """Whether every run is known to be from a quiet machine."""

    @property
    def base(self) -> float | None:
        """The base's value, None where it has none."""
        return self.values[0]

    @cached_property
    def noise(self) -> float:
        """Up to which difference from the base chance explains a value; see `noise.explained`."""
        if self.base is None:
            return self.grain
        return noise.explained(self.key, self.bases or (self.base,), self.grain, quiet=self.quiet)

    def difference(self, value: float) -> float:
        """Return by how much a value differs from the base's; 0 where chance explains it."""
        apart = value - (self.base or 0.0)
        return 0.0 if abs(apart) <= self.noise else apart

    @property
    def changed(self) -> bool:
        """Whether a run differs from the base by more than chance explains."""
        known = [value for value in self.values[1:] if value is not None]
        return self.base is not None and any(map(self.difference, known))

    def cells(self) -> Iterator[str]:
        """Yield the figure of each run, with its difference from the first in percent."""
        for place, value in enumerate(self.values):
            if value is None:
                yield "-"
            else:
                told = self.told_difference(value) if place else ""
                yield f"{self.measure.shown(value)}{told and f' ({told})'}"

    def told_difference(self, value: float) -> str:
        """Return the difference from the base in percent, `≈` before what chance explains."""
        if self.base is None:
            return ""
        if abs(value - self.base) <= self.grain:
            return "≈"
        if not self.base:
            return "" if self.difference(value) else "≈"
        percent = f"{(value - self.base) / self.base:+.0%}"
        return percent if self.difference(value) else f"≈ {percent}"

    def record(self) -> dict[str, Any]:
        """Return the figure as JSON has it."""
        told = {
            "key": self.key,
            "name": self.name.strip(),
            "unit": self.measure.unit,
            "grain": self.grain,
            "noise": self.noise,
        }
        more = {"bases": list(self.bases)} if self.bases else {}
        return {**told, **more, "values": list(self.values)}


Runs = Sequence[tuple[str, Record]]


@dataclass(frozen=True)
class Figures:
    """The figures of runs by name, the first of which is the base, and of more runs of the base."""

    runs: Runs
    more_bases: tuple[Record, ...] = ()

    def __iter__(self) -> Iterator[Figure]:
        yield from self._cold_starts()
        yield from self._phases()
        yield from self._cost()
        yield from self._streams()
        yield from self._notebooks()
        yield from self._parity()

    def _figure(
        self,
        key: str,
        name: str,
        value: Callable[[Record], float | None],
        measure: Measure,
        grain: float,
    ) -> Figure:
        first, *others = (value(record) for _, record in self.runs)
        if not self.more_bases:
            return Figure(key, name, (first, *others), measure, grain, quiet=self.quiet)
        found = (first, *map(value, self.more_bases))
        bases = tuple(one for one in found if one is not None)
        base = median(bases) if bases else None
        return Figure(key, name, (base, *others), measure, grain, bases, self.quiet)

    @cached_property
    def quiet(self) -> bool:
        """Whether every run is a rehearsal on a machine that is known to have been quiet.

        On Google Cloud this machine's load says nothing about a node's.
        """
        loads = [record.cpu_load if record.rehearsal else None for record in self._records()]
        return all(load is not None and load < noise.BUSY for load in loads)

    @cached_property
    def _limited(self) -> bool:
        """Whether each network has a limit per connection: without, a rate differs more."""
        networks = [record.shaped for record in self._records()]
        return all(isinstance(one, dict) and bool(one.get("stream_mib_s")) for one in networks)

    def _any(self, has: Callable[[Record], object]) -> bool:
        return any(has(record) for record in self._records())

    def _records(self) -> Iterator[Record]:
        yield from (record for _, record in self.runs)
        yield from self.more_bases

    def _cold_starts(self) -> Iterator[Figure]:
        """Yield both ends of the cold start: what one run lacks must not look like a gain."""
        name = say("cold start, until ready")
        yield self._figure("ready", name, lambda r: r.ready_s, TIME, CLOCK_S)
        if self._any(lambda record: record.first_answer_s is not None):
            name = say("cold start, until first response")
            yield self._figure("first_answer", name, lambda r: r.first_answer_s, TIME, CLOCK_S)

    def _phases(self) -> Iterator[Figure]:
        named = {phase.name: phase for record in self._records() for phase in record.phases}
        for name, phase in named.items():
            grain = CLOCK_S if phase.source in _BY_CLOCK else GRAIN_S
            seconds = seconds_of(name)
            yield self._figure(f"phase.{name}", f"  {phase.title}", seconds, TIME, grain)

    def _cost(self) -> Iterator[Figure]:
        if self._any(lambda record: record.usd is not None):
            yield self._figure("usd", say("cost of the cold start"), lambda r: r.usd, MONEY, 0.0001)

    def _streams(self) -> Iterator[Figure]:
        for key, name, value, measure, grain in (
            ("bytes", say("slowest stream: bytes"), lambda s: s.bytes, SIZE, 0),
            ("seconds", say("slowest stream: seconds"), lambda s: s.seconds, TIME, GRAIN_S),
            ("gib_s", say("slowest stream: rate"), lambda s: s.gib_s, RATE, RATE_GRAIN),
        ):
            figure = self._figure(f"stream.{key}", name, _of_stream(value), measure, grain)
            yield figure if self._limited else replace(figure, quiet=False)

    def _notebooks(self) -> Iterator[Figure]:
        names = dict.fromkeys(book.name for record in self._records() for book in record.notebooks)
        for name in names:
            yield self._figure(f"notebook.{name}", name, _of_notebook(name), TIME, GRAIN_S)

    def _parity(self) -> Iterator[Figure]:
        if self._any(lambda record: record.parity):
            yield self._figure("equal_answers", say("equal answers"), _equal, SHARE, 0)


def seconds_of(name: str) -> Callable[[Record], float | None]:
    """Return what tells a record's seconds in a phase, None where it has no such phase."""

    def value(record: Record) -> float | None:
        found: Sequence[RecordedPhase] = [phase for phase in record.phases if phase.name == name]
        return sum(phase.seconds for phase in found) if found else None

    return value


def _of_stream(value: Callable[..., float]) -> Callable[[Record], float | None]:
    return lambda record: value(record.slowest_stream) if record.slowest_stream else None


def _of_notebook(name: str) -> Callable[[Record], float | None]:
    def value(record: Record) -> float | None:
        ran = (book for book in record.notebooks if book.status != "not-run")
        return next((book.seconds for book in ran if book.name == name), None)

    return value


def _equal(record: Record) -> float | None:
    found = record.parity
    return found.equal / found.prompts if found and found.prompts else None
