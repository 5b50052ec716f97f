"""The conditions of runs, settings and versions, and what changed in them since the base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...texts import say
from .record import flat
from .schema import Record

MOST_NAMES = 5
"""So many names are listed, more are counted."""


@dataclass(frozen=True)
class Change:
    """A setting or a version that differs from the base's; "" where one of both has none."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name} {self.before or '-'} → {self.after or '-'}"


def conditions(record: Record) -> dict[str, str]:
    """Return what may explain a run's figures, by name; the reader's language does not."""
    ran = {"target": record.target, "engine": record.engine, "shaped": record.shaped or ""}
    given = {**ran, **record.choices, **record.versions, "commit": record.commit}
    told = {name: flat(value) for name, value in given.items()}
    return {name: value for name, value in told.items() if name != "language"}


def changes(base: Record, other: Record) -> list[Change]:
    """Return what differs from the base's conditions."""
    before, after = conditions(base), conditions(other)
    found = (
        Change(n, before.get(n, ""), after.get(n, "")) for n in dict.fromkeys((*before, *after))
    )
    return [change for change in found if change.before != change.after]


def grouped(changed: Sequence[tuple[str, Sequence[Change]]]) -> Iterator[str]:
    """Yield a line for each condition that differs in some of many runs, and in which runs."""
    seen: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for run, differing in changed:
        for one in differing:
            seen[one.name][str(one)].append(run)
    for name, values in seen.items():
        runs = [run for named in values.values() for run in named]
        (first, *more) = values
        told = say("{name}: {count} other values", name=name, count=len(values)) if more else first
        yield say("{change} in {runs}", change=told, runs=counted(runs))
    if same := [run for run, differing in changed if not differing]:
        yield say("nothing in {runs}", runs=counted(same))


def counted(runs: Sequence[str]) -> str:
    """Return how many runs there are, and their names as far as they are few."""
    names = ", ".join(runs[:MOST_NAMES])
    if len(runs) > MOST_NAMES:
        names = say("{names} and {count} more", names=names, count=len(runs) - MOST_NAMES)
    return say("{count} runs ({names})", count=len(runs), names=names) if runs[1:] else names
