"""Runs side by side: their figures, what changed between them, and what chance may explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ...display.picture import Picture
from ...display.plots import Bar, lanes
from ...terminal import one_line
from ...texts import say
from ..coldstart.timeline import phase_kind
from . import unlike
from .conditions import Change, changes, conditions, counted, grouped
from .figures import Figure, Figures
from .many import overview
from .schema import Record
from .text_table import laid_out

FEW = 5
"""So many runs have a column each; of more, the text has their spread and a row each."""


@dataclass(frozen=True)
class Comparison:
    """Two runs or more by name; the first is the base, of which there may be `more_bases`."""

    runs: tuple[tuple[str, Record], ...]
    more_bases: tuple[Record, ...] = ()

    def __str__(self) -> str:
        parts = (self.table(), self.changes(), *self.warnings())
        return "\n\n".join(parts)

    @property
    def base(self) -> str:
        """What the base is called: the name of its run, with how many more there are."""
        name = one_line(self.runs[0][0])
        if not self.more_bases:
            return name
        return say("median of {name} and {count} more", name=name, count=len(self.more_bases))

    def figures(self) -> list[Figure]:
        """Return what the runs are compared by."""
        return list(Figures(self.runs, self.more_bases))

    def record(self) -> dict[str, Any]:
        """Return the comparison as JSON has it; `changes` are those of each run but the base."""
        return {
            "runs": [name for name, _ in self.runs],
            "figures": [figure.record() for figure in self.figures()] if self.runs else [],
            "changes": [
                {"run": name, "changed": [asdict(one) for one in changed]}
                for name, changed in self.changed()
            ],
            "warnings": list(self.warnings()),
        }

    def table(self) -> str:
        """Return the figures as lines of text: a column for each of a few runs, else a row."""
        if len(self.runs) > FEW:
            return overview(self.figures(), [one_line(name) for name, _ in self.runs])
        rows = [["", self.base, *(one_line(name) for name, _ in self.runs[1:])]]
        rows += [[one_line(figure.name), *figure.cells()] for figure in self.figures()]
        return laid_out(rows)

    def changes(self) -> str:
        """Return which settings and versions differ from the base's."""
        lines = [say("What changed since {base}:", base=one_line(self.runs[0][0]))]
        if len(self.runs) > FEW:
            return "\n".join((*lines, *(one_line(f"  {line}") for line in grouped(self.changed()))))
        for name, changed in self.changed():
            told = "; ".join(map(str, changed)) or say("nothing")
            lines.append(one_line(f"  {name}: {told}"))
        return "\n".join(lines)

    def changed(self) -> list[tuple[str, list[Change]]]:
        """Return each run but the base with what differs."""
        return [(name, changes(self.runs[0][1], record)) for name, record in self.runs[1:]]

    def warnings(self) -> Iterator[str]:
        """Yield what a reader must know before believing a difference."""
        yield from unlike.warnings(self.runs)
        yield from self._repeats()
        yield say(
            "Each run is one sample: a difference may be chance. ≈ means that chance explains it."
        )

    def plot(self) -> Picture:
        """Return the phases of each run as a picture."""
        rows = [(_drawable(name), _bars(record)) for name, record in self.runs]
        return lanes(rows, self.table())

    def _repeats(self) -> Iterator[str]:
        """Yield for each group of equal runs how far their cold starts lie apart."""
        groups: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
        for name, record in self.runs:
            if record.ready_s:
                groups[repr(conditions(record))].append((one_line(name), record.ready_s))
        for group in groups.values():
            if len(group) > 1:
                times = [ready_s for _, ready_s in group]
                yield say(
                    "{runs} have the same settings and versions, and their cold starts differ by "
                    "up to {apart}: treat a smaller difference as chance.",
                    runs=counted([name for name, _ in group]),
                    apart=f"{(max(times) - min(times)) / min(times):.0%}",
                )


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
