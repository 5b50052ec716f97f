"""Records that a reader names: read, named, each run once; why others are left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import RecordError
from ...terminal import one_line
from ...texts import say

if TYPE_CHECKING:
    from ...measure.runs.schema import Record

Named = tuple[str, "Record"]

_MAY_DIFFER = ("commit", "warmbook")
"""In what runs of the base may differ: of a nightly job, each has another commit."""


def comparable_runs(
    runs: Sequence[Path], more_bases: Sequence[Path]
) -> tuple[tuple[Named, ...], tuple[Record, ...], dict[str, str]]:
    """Return the runs by name, further runs of the base, and why others can't be compared."""
    found: list[Named] = []
    bases: list[Named] = []
    left_out: dict[str, str] = {}
    for place, path in enumerate((*runs, *more_bases)):
        of_base = place >= len(runs)
        record, reason = _read(path, [*found, *bases], found[:1] if of_base else [])
        if record is None or reason:
            left_out[str(path)] = reason
        else:
            (bases if of_base else found).append((_free_name(path, found), record))
    return tuple(found), tuple(record for _, record in bases), left_out


def _read(path: Path, others: Sequence[Named], base: Sequence[Named]) -> tuple[Record | None, str]:
    """Return the record, and why it can't be compared with the others; a base must be equal."""
    from ...measure.runs.compare import comparable
    from ...measure.runs.conditions import changes
    from ...measure.runs.record import read, same_run

    try:
        record = read(path)
    except RecordError as error:
        return None, error.what
    reason = comparable(record)
    for name in (name for name, other in others if same_run(record, other)):
        reason = say("it is the same run as {name}", name=name)
    for name, first in base:
        changed = [one for one in changes(first, record) if one.name not in _MAY_DIFFER]
        if changed:
            told = one_line("; ".join(map(str, changed)))
            reason = say("it does not match the base {name}: {changes}", name=name, changes=told)
    return record, reason


def _free_name(path: Path, found: Sequence[Named]) -> str:
    """Return the name of a run's folder or, where another run has it, the path as typed."""
    name = run_name(path)
    return str(path) if name in dict(found) else name


def run_name(run: Path) -> str:
    """Return the name of a run's folder."""
    path = run.resolve()
    return path.name if path.is_dir() else path.parent.name


def own_work() -> Path | None:
    """Return the folder of the reader's last work in JupyterLab, None where there is none."""
    from ...workbook import Workbook
    from .. import session, shipped

    beside = Workbook.open(default=shipped.workbook_file()).path.parent
    return session.last(dict.fromkeys((beside, *shipped.workplaces())))
