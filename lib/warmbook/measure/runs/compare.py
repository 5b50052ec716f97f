"""Runs side by side: their figures, what changed between them, and what chance may explain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal

from ...display.picture import Picture
from ...display.plots import Bar, lanes
from ...terminal import one_line
from ...texts import say
from ...units import duration, size
from ..coldstart.startlog import is_whole
from ..coldstart.timeline import phase_kind
from .record import flat
from .schema import QUICK_ENGINE, Record, RecordedPhase

GRAIN_S = 0.1
"""The least difference that a shown time tells, in seconds."""
CLOCK_S = 1.0
"""Kubernetes' times, between which a cold start lies, are whole seconds."""
_BY_CLOCK = ("Kubernetes", "event")


Unit = Literal["seconds", "bytes", "GiB/s", "share"]


@dataclass(frozen=True)
class Measure:
    """A unit, and how a value in it is shown."""

    unit: Unit
    shown: Callable[[float], str]


TIME = Measure("seconds", duration)
SIZE = Measure("bytes", size)
RATE = Measure("GiB/s", lambda gib_s: f"{gib_s:.2f} GiB/s")
SHARE = Measure("share", lambda share: f"{share:.0%}")


@dataclass(frozen=True)
class Change:
    """A setting or a version that differs from the base's; "" where one of both has none."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name} {self.before or '-'} → {self.after or '-'}"


@dataclass(frozen=True)
class Figure:
    """One figure of each run, None where a run lacks it; less than `grain` apart is the same.

    `key` names it for programs; `values` and `grain` are in the unit of its `measure`.
    """

    key: str
    name: str
    values: tuple[float | None, ...]
    measure: Measure
    grain: float

    def cells(self) -> Iterator[str]:
        """Yield the figure of each run, with its difference from the first in percent."""
        base = self.values[0]
        for place, value in enumerate(self.values):
            if value is None:
                yield "-"
            else:
                told = self._difference(base, value) if place else ""
                yield f"{self.measure.shown(value)}{told}"

    def record(self) -> dict[str, Any]:
        """Return the figure as JSON has it."""
        told = {
            "key": self.key,
            "name": self.name.strip(),
            "unit": self.measure.unit,
            "grain": self.grain,
        }
        return {**told, "values": list(self.values)}

    def _difference(self, base: float | None, value: float) -> str:
        if base is None:
            return ""
        if abs(value - base) <= self.grain:
            return " (≈)"
        return f" ({(value - base) / base:+.0%})" if base else ""


@dataclass(frozen=True)
class Comparison:
    """Two runs or more by name; the first is the base."""

    runs: tuple[tuple[str, Record], ...]

    def __str__(self) -> str:
        parts = (self.table(), self.changes(), *self.warnings())
        return "\n\n".join(parts)

    def figures(self) -> list[Figure]:
        """Return what the runs are compared by."""
        return [
            *self._cold_starts(),
            *self._phases(),
            *self._streams(),
            *self._notebooks(),
            *self._parity(),
        ]

    def record(self) -> dict[str, Any]:
        """Return the comparison as JSON has it; `changes` are those of each run but the base."""
        return {
            "runs": [name for name, _ in self.runs],
            "figures": [figure.record() for figure in self.figures()],
            "changes": [{"run": name, "changed": _listed(c)} for name, c in self._changes()],
            "warnings": list(self.warnings()),
        }

    def table(self) -> str:
        """Return the figures as lines of text, a column for each run."""
        rows = [["", *(one_line(name) for name, _ in self.runs)]]
        rows += [[one_line(figure.name), *figure.cells()] for figure in self.figures()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def changes(self) -> str:
        """Return which settings and versions differ from the base's."""
        lines = [say("What changed since {base}:", base=one_line(self.runs[0][0]))]
        for name, changed in self._changes():
            told = "; ".join(map(str, changed)) or say("nothing")
            lines.append(one_line(f"  {name}: {told}"))
        return "\n".join(lines)

    def _changes(self) -> Iterator[tuple[str, list[Change]]]:
        """Yield each run but the base with what differs."""
        for name, record in self.runs[1:]:
            yield name, list(_changed(_conditions(self.runs[0][1]), _conditions(record)))

    def warnings(self) -> Iterator[str]:
        """Yield what a reader must know before believing a difference."""
        if self._differ(lambda record: record.target):
            yield say("Different targets: a rehearsal's rate says nothing about Cloud Storage.")
        if self._differ(lambda record: record.engine):
            yield self._engines()
        yield from self._unlike()
        yield from self._repeats()
        yield say(
            "Each run is one sample: a difference may be chance. ≈ means below the resolution "
            "of the clocks."
        )

    def plot(self) -> Picture:
        """Return the phases of each run as a picture."""
        rows = [(_drawable(name), _bars(record)) for name, record in self.runs]
        return lanes(rows, self.table())

    def _differ(self, value: Callable[[Record], object]) -> bool:
        return len({flat(value(record)) for _, record in self.runs}) > 1

    def _engines(self) -> str:
        quick = [one_line(name) for name, record in self.runs if record.engine == QUICK_ENGINE]
        if not quick:
            return say("Different engines, or not every run records its engine.")
        return say(
            "Different engines: {runs} used the rehearsal's quick engine, which does not "
            "compile, keep weights or answer. Compare only the streams.",
            runs=", ".join(quick),
        )

    def _unlike(self) -> Iterator[str]:
        """Yield what else makes the figures of one run no measure for another's."""
        if self._differ(lambda record: record.shaped):
            yield say(
                "Different networks: one rehearsal's network was shaped, or shaped differently."
            )
        streams = [record.slowest_stream for _, record in self.runs if record.slowest_stream]
        if len({stream.source for stream in streams}) > 1:
            yield say(
                "Different sources: vLLM's load time includes more than the stream that the "
                "streamer's line reports."
            )
        sizes = [stream.bytes for stream in streams]
        if sizes and not is_whole(min(sizes), max(sizes)):
            yield say("Different weights: the byte counts differ, so compare rates, not seconds.")
        if self._differ(lambda record: record.interactive):
            yield say(
                "Not the same way of running: where a person ran the cells, a notebook's time adds "
                "up its cells, repeated ones too."
            )
        yield from self._starts()

    def _starts(self) -> Iterator[str]:
        """Yield what only some of the cold starts had to go through."""
        told = {
            "node ready": say("Some runs waited for a node, others used an existing one."),
            "earlier attempts": say("In some runs, the container started more than once."),
        }
        for name, warning in told.items():
            seen = {_seconds_of(name)(record) is None for _, record in self.runs if record.phases}
            if len(seen) > 1:
                yield warning

    def _repeats(self) -> Iterator[str]:
        for (one, a), (other, b) in combinations(self.runs, 2):
            if _conditions(a) == _conditions(b) and a.ready_s and b.ready_s:
                apart = abs(a.ready_s - b.ready_s) / min(a.ready_s, b.ready_s)
                yield say(
                    "{one} and {other} have the same settings and versions, and their cold "
                    "starts differ by {apart}: treat a smaller difference as chance.",
                    one=one_line(one),
                    other=one_line(other),
                    apart=f"{apart:.0%}",
                )

    def _figure(
        self,
        key: str,
        name: str,
        value: Callable[[Record], float | None],
        measure: Measure,
        grain: float,
    ) -> Figure:
        values = tuple(value(record) for _, record in self.runs)
        return Figure(key, name, values, measure, grain)

    def _cold_starts(self) -> Iterator[Figure]:
        """Yield both ends of the cold start: what one run lacks must not look like a gain."""
        name = say("cold start, until ready")
        yield self._figure("ready", name, lambda r: r.ready_s, TIME, CLOCK_S)
        if any(record.first_answer_s is not None for _, record in self.runs):
            name = say("cold start, until first response")
            yield self._figure("first_answer", name, lambda r: r.first_answer_s, TIME, CLOCK_S)

    def _phases(self) -> Iterator[Figure]:
        named = {phase.name: phase for _, record in self.runs for phase in record.phases}
        for name, phase in named.items():
            grain = CLOCK_S if phase.source in _BY_CLOCK else GRAIN_S
            seconds = _seconds_of(name)
            yield self._figure(f"phase.{name}", f"  {phase.title}", seconds, TIME, grain)

    def _streams(self) -> Iterator[Figure]:
        for key, name, value, measure, grain in (
            ("bytes", say("slowest stream: bytes"), lambda s: s.bytes, SIZE, 0),
            ("seconds", say("slowest stream: seconds"), lambda s: s.seconds, TIME, GRAIN_S),
            ("gib_s", say("slowest stream: rate"), lambda s: s.gib_s, RATE, 0.005),
        ):
            yield self._figure(f"stream.{key}", name, _of_stream(value), measure, grain)

    def _notebooks(self) -> Iterator[Figure]:
        names = dict.fromkeys(book.name for _, record in self.runs for book in record.notebooks)
        for name in names:
            yield self._figure(f"notebook.{name}", name, _of_notebook(name), TIME, GRAIN_S)

    def _parity(self) -> Iterator[Figure]:
        if any(record.parity for _, record in self.runs):
            yield self._figure("equal_answers", say("equal answers"), _equal, SHARE, 0)


def comparable(record: Record) -> str:
    """Return why a record has nothing to compare, or nothing."""
    if record.phases or record.streams:
        return ""
    if stopped := record.stopped_in:
        name = one_line(stopped.name)
        return say("it stopped in {name}, before the cold start was measured", name=name)
    return say("no cold start was measured")


def _bars(record: Record) -> list[Bar]:
    return [
        Bar(_drawable(phase.title), start, phase.seconds, phase_kind(phase.name))
        for start, phase in record.timeline()
    ]


def _drawable(text: str) -> str:
    return one_line(text).replace("$", r"\$")  # matplotlib would set a formula


def _seconds_of(name: str) -> Callable[[Record], float | None]:
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


def _conditions(record: Record) -> dict[str, str]:
    ran = {"target": record.target, "engine": record.engine, "shaped": record.shaped or ""}
    given = {**ran, **record.choices, **record.versions, "commit": record.commit}
    told = {name: flat(value) for name, value in given.items()}
    return {name: value for name, value in told.items() if name != "language"}


def _changed(base: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*base, *other)):
        change = Change(name, base.get(name, ""), other.get(name, ""))
        if change.before != change.after:
            yield change


def _listed(changed: Iterable[Change]) -> list[dict[str, str]]:
    return [asdict(one) for one in changed]
