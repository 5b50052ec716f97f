"""The last lines of `warmbook run`: what the run measured and what it left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...texts import say
from ..run import CLEANUP_FAILED

if TYPE_CHECKING:
    from ...measure.runs.schema import Record
    from ..run import Run


def summary(result: Run) -> str:
    """Return a run's figures, what it left behind and where its files are, on indented lines."""
    from ...units import duration, size

    record = result.record()
    lines = [""]
    for load in record.streams:
        told = f"{size(load.bytes)}, {duration(load.seconds)}, {load.gib_s:.2f} GiB/s"
        lines.append(f"  {say('Stream')}: {told} ({load.source})")
    if record.streams and result.network:
        lines.append(f"  {result.network.label}")
    lines += _cold_start(record)
    if record.answer or record.declined:
        lines.append(f"  {record.question}\n  → {record.answer or record.declined}")
    if record.comparison:
        lines.append(f"  {record.comparison.sentence}")
    if parity := record.parity:
        told = say("{equal} of {count} answers equal", equal=parity.equal, count=parity.prompts)
        lines.append(f"  {say('Parity')}: {told}")
    if (served := record.served) and served.equal is not None:
        told = say("{equal} of {count} answers equal", equal=served.equal, count=served.prompts)
        lines.append(f"  {say('Parity of the server')}: {told}")
    lines += _left_behind(record)
    if not result.passed:
        lines.append(f"  {_not_passed(result)}")
    return "\n".join([*lines, place(result)])


def place(result: Run) -> str:
    """Return the line that names the run's folder."""
    return f"  {say('Executed notebooks and run.json')}: {result.folder}"


def _not_passed(result: Run) -> str:
    if result.outcome == CLEANUP_FAILED:
        return say("Only the cleanup failed. Some of the created resources may still exist.")
    if result.cleaned_up:
        return say("Not every notebook passed. Notebook 10 deleted the created resources.")
    return say(
        "Not every notebook passed. The created resources still exist. `{command}` with the same "
        "parameters deletes them.",
        command="python -m warmbook run --only 10",
    )


def _left_behind(record: Record) -> Iterator[str]:
    """Yield what cleanup left: "nothing" only where nothing may be the reader's either."""
    if record.left is not None and (record.left or not record.perhaps):
        yield f"  {say('Left behind')}: {', '.join(record.left) or say('nothing')}"
    if record.perhaps:
        yield f"  {say('May be yours')}: {', '.join(record.perhaps)}"


def _cold_start(record: Record) -> Iterator[str]:
    """Yield how long the cold start took, and how much of it nobody explains."""
    from ...measure.coldstart.timeline import UNEXPLAINED
    from ...units import duration

    if (total_s := record.cold_start_s) is None:
        return
    gaps_s = sum(phase.seconds for phase in record.phases if phase.name == UNEXPLAINED)
    told = say(
        "{time} in {count} phases, {share:.0%} unexplained",
        time=duration(total_s),
        count=len(record.phases),
        share=gaps_s / total_s if total_s else 0,
    )
    yield f"  {say('Cold start')}: {told}"
