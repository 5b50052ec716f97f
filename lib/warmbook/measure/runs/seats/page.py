"""A class as one HTML page: who is how far, what was measured, the medians in a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import median

from ....display.strips import Panel, strips
from ....terminal import one_line
from ....texts import say, spoken
from ....units import duration
from .. import headline, practice
from ..headline import Fact
from ..page_template import EDGES, template
from ..parts import Drawing, Folded, Grid, Paragraph, Part, Section
from ..schema import Notebook
from .seat_records import SeatRecords

_MARKS = {"passed": "✔", "failed": "✗", "interrupted": "✗", "begun": "…", "not-run": "-"}


def page(seats: Sequence[SeatRecords]) -> str:
    """Return the page; every value of the records stands in it as text."""
    sections = _sections(seats)
    return template().render(
        language=spoken(),
        title=say("Class of {count} seats", count=len(seats)),
        edges=EDGES,
        broad=True,
        about=_when(seats),
        facts=tuple(_facts(seats)),
        banner=tuple(_banner(seats)),
        sections=[section for section in sections if section.parts],
        absent=Paragraph("", "soft"),
    )


def _when(seats: Sequence[SeatRecords]) -> str:
    began = min((seat.began for seat in seats if seat.began), default="")
    ended = max((seat.ended for seat in seats if seat.ended), default="")
    return " - ".join(headline.minute(one) for one in (began, ended) if one) + " UTC" * bool(began)


def _facts(seats: Sequence[SeatRecords]) -> Iterator[Fact]:
    """Yield how far the class is, and its medians."""
    count = len(_names(seats))
    done = sum(bool(count) and seat.passed == count for seat in seats)
    told = say("{done} of {count} seats", done=done, count=len(seats))
    yield Fact(say("Passed every notebook"), told)
    yield Fact(say("Cold start (median)"), _median(seats, lambda s: s.cold_start_s, duration))
    yield Fact(say("Rate (median)"), _median(seats, lambda s: s.gib_s, _rate))
    yield Fact(say("Gym (median)"), _median(seats, lambda s: s.gym_points, _percent))


def _median(
    seats: Iterable[SeatRecords],
    value: Callable[[SeatRecords], float | None],
    shown: Callable[[float], str],
) -> str:
    known = [found for found in map(value, seats) if found is not None]
    return shown(median(known)) if known else say("not measured")


def _rate(gib_s: float) -> str:
    return f"{gib_s:.2f} GiB/s"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _banner(seats: Sequence[SeatRecords]) -> Iterator[Paragraph]:
    measured = [seat.measured for seat in seats if seat.measured]
    if any(record.rehearsal for record in measured):
        told = say("Rehearsal: its rates say nothing about Cloud Storage, and nothing was billed.")
        yield Paragraph(told, "banner")
    if count := sum(len(seat.problems) for seat in seats):
        told = say("Records that could not be read: {count}; see below.", count=count)
        yield Paragraph(told, "banner bad")


def _sections(seats: Sequence[SeatRecords]) -> Sequence[Section]:
    return (
        Section(say("Seats"), (_overview(seats),)),
        Section(say("Medians of the class"), tuple(_picture(seats))),
        Section(say("Notebooks"), tuple(_notebooks(seats))),
        Section(say("Exercises"), tuple(_exercises(seats))),
        Section(say("Gym"), tuple(_gym(seats))),
        Section(say("Records that could not be read"), tuple(_problems(seats))),
    )


def _overview(seats: Sequence[SeatRecords]) -> Grid:
    heads = (
        *(say("Seat"), say("Account"), say("When (UTC)"), say("Notebooks"), say("Checks")),
        *(say("Time"), say("Cold start"), say("Rate"), say("Exercises"), say("Gym"), say("Failed")),
    )
    medians = (
        *(say("Median"), "", ""),
        _median(seats, lambda seat: seat.passed, lambda passed: f"{passed:g}"),
        _median(seats, lambda seat: sum(seat.checks.values()), lambda passed: f"{passed:g}"),
        _median(seats, lambda seat: seat.seconds, duration),
        _median(seats, lambda seat: seat.cold_start_s, duration),
        _median(seats, lambda seat: seat.gib_s, _rate),
        _median(seats, _share_right, _percent),
        _median(seats, lambda seat: seat.gym_points, _percent),
        "",
    )
    count = len(_names(seats))
    return Grid(heads, tuple(_row(seat, count) for seat in seats), medians, texts=(1, 10))


def _row(seat: SeatRecords, notebooks: int) -> tuple[str, ...]:
    cold, rate, points, right = seat.cold_start_s, seat.gib_s, seat.gym_points, _share_right(seat)
    return (
        seat.name,
        seat.account or "-",
        headline.minute(seat.began) or "-",
        f"{seat.passed}/{notebooks}",
        f"{sum(seat.checks.values())}/{len(seat.checks)}" if seat.checks else "-",
        duration(seat.seconds) if seat.notebooks else "-",
        "-" if cold is None else duration(cold),
        "-" if rate is None else _rate(rate),
        "-" if right is None else _percent(right),
        "-" if points is None else _percent(points),
        ", ".join(seat.failed) or "-",
    )


def _share_right(seat: SeatRecords) -> float | None:
    return sum(seat.judged) / len(seat.judged) if seat.judged else None


def _picture(seats: Sequence[SeatRecords]) -> Iterator[Part]:
    panels = [panel for panel in _panels(seats) if panel.rows]
    if panels:
        told = "; ".join(_told(panel) for panel in panels)
        caption = say("Medians of the class: {medians}", medians=told)
        yield Drawing(strips(panels, caption, say("Each dot is a seat")).page)


def _told(panel: Panel) -> str:
    return ", ".join(f"{name} {median(values):.3g} {panel.unit}" for name, values in panel.rows)


def _panels(seats: Sequence[SeatRecords]) -> Iterator[Panel]:
    books = {
        name: [seat.notebooks[name].seconds for seat in seats if _ran(seat, name)]
        for name in _names(seats)
    }
    yield _panel(say("seconds"), books)
    yield _panel(say("seconds"), {say("Cold start"): [seat.cold_start_s for seat in seats]})
    yield _panel("GiB/s", {say("Rate"): [seat.gib_s for seat in seats]})
    shares = {
        say("Exercises"): [_share_right(seat) for seat in seats],
        say("Gym"): [seat.gym_points for seat in seats],
    }
    yield _panel(say("share"), shares)


def _panel(unit: str, rows: Mapping[str, Sequence[float | None]]) -> Panel:
    """Return a panel of the values that are known; a row without one is left out."""
    known = {
        one_line(name): tuple(one for one in values if one is not None)
        for name, values in rows.items()
    }
    return Panel(unit, tuple((name, values) for name, values in known.items() if values))


def _ran(seat: SeatRecords, name: str) -> bool:
    return name in seat.notebooks and seat.notebooks[name].status != "not-run"


def _names(seats: Sequence[SeatRecords]) -> list[str]:
    return sorted({name for seat in seats for name in seat.notebooks})


def _notebooks(seats: Sequence[SeatRecords]) -> Iterator[Part]:
    """Yield a row for each seat and a column for each notebook."""
    names = _names(seats)
    if names:
        yield Paragraph(say("✔ passed, ✗ failed or interrupted, … begun, - not run"), "soft")
        rows = (
            (seat.name, *(_state(seat.notebooks.get(name)) for name in names)) for seat in seats
        )
        yield Grid((say("Seat"), *names), tuple(rows))


def _state(book: Notebook | None) -> str:
    if book is None or book.status == "not-run":
        return "-"
    return f"{_MARKS.get(book.status, book.status)} {duration(book.seconds)}"


def _exercises(seats: Sequence[SeatRecords]) -> Iterator[Part]:
    """Yield how many were right in each exercise, then every answer, folded by exercise."""
    names = sorted({name for seat in seats for name in seat.answers})
    for name in names:
        given = [(seat.name, seat.answers[name]) for seat in seats if name in seat.answers]
        judged = [one.right for _, one in given if one.right is not None]
        head = say(
            "{exercise}: {count} answers, {right} of {judged} right",
            exercise=name,
            count=len(given),
            right=sum(judged),
            judged=len(judged),
        )
        rows = ((seat, one.answer, one.measured, practice.right(one)) for seat, one in given)
        yield Folded(head, tuple(rows))


def _gym(seats: Sequence[SeatRecords]) -> Iterator[Part]:
    """Yield every round of every seat."""
    rows = tuple((seat.name, *practice.round_row(one)) for seat in seats for one in seat.rounds)
    if rows:
        yield Grid((say("Seat"), *practice.round_heads()), rows, texts=(2,))


def _problems(seats: Sequence[SeatRecords]) -> Iterator[Part]:
    rows = tuple((file, why) for seat in seats for file, why in seat.problems.items())
    if rows:
        yield Grid((say("File"), say("Reason")), rows, texts=(1,))
