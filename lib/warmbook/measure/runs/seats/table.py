"""A class as CSV: a row for each seat; docs/class-report.md describes the columns.

The file begins with a byte order mark: without one, Excel reads UTF-8 as the code page of its
Windows and breaks every accent. LibreOffice, Google Sheets and pandas read it either way; Python's
csv wants `encoding="utf-8-sig"`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from ..headline import model
from .seat_records import SeatRecords

Value = str | int | float | bool | None

_FORMULA = re.compile(
    r'(?:^\s*|(?<=[;\t\r\n])[ "]*)[=+\-@\uff1d\uff0b\uff0d\uff20]|^ *(?=[\t\r\n])'
)
"""Where a spreadsheet could take a text for a formula; also in full width.

Where the decimal mark is a comma, as in Spanish, Excel ends a cell at a semicolon.
Source: OWASP, "CSV Injection".
"""


def table(seats: Sequence[SeatRecords]) -> bytes:
    """Return the CSV: quoted as RFC 4180 says, in UTF-8 with a byte order mark."""
    rows = [_row(seat) for seat in seats]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    columns.sort(key=lambda column: "." in column)  # those of each class behind those of all
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(map(_harmless, columns))
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def _row(seat: SeatRecords) -> dict[str, Value]:
    return {**_who(seat), **_work(seat), **_cold_start(seat), **_practice(seat), **_each(seat)}


def _who(seat: SeatRecords) -> dict[str, Value]:
    return {
        "seat": seat.name,
        "account": seat.account,
        "folder": str(seat.folder),
        "began": seat.began,
        "ended": seat.ended,
        "records": len(seat.records),
        "problems": "; ".join(f"{file}: {why}" for file, why in seat.problems.items()),
    }


def _work(seat: SeatRecords) -> dict[str, Value]:
    return {
        "notebooks_passed": seat.passed,
        "notebooks_failed": " ".join(seat.failed),
        "checks_passed": sum(seat.checks.values()),
        "checks": len(seat.checks),
        "seconds": round(seat.seconds, 1),
    }


def _cold_start(seat: SeatRecords) -> dict[str, Value]:
    record = seat.measured
    return {
        "target": record.target if record else "",
        "engine": record.engine if record else "",
        "model": model(record) if record else "",
        "ready_s": seat.cold_start_s,
        "first_answer_s": record.first_answer_s if record else None,
        "stream_gib_s": seat.gib_s,
    }


def _practice(seat: SeatRecords) -> dict[str, Value]:
    return {
        "answers": len(seat.answers),
        "answers_right": sum(seat.judged),
        "answers_wrong": len(seat.judged) - sum(seat.judged),
        "gym_rounds": sum(one.done for one in seat.rounds),
        "gym_points": seat.gym_points,
        "gym_mended": sum(one.mended for one in seat.rounds),
        "gym_attempts": sum(one.attempts for one in seat.rounds),
        "gym_hints": sum(one.hints for one in seat.rounds),
        "gym_seconds": round(sum(one.seconds for one in seat.rounds), 1),
    }


def _each(seat: SeatRecords) -> dict[str, Value]:
    """Return the columns that depend on the class: one for each notebook and each exercise."""
    books = seat.notebooks.values()
    return {
        **{f"status.{book.name}": book.status for book in books},
        **{f"seconds.{book.name}": round(book.seconds, 1) for book in books},
        **{f"answer.{name}": one.answer for name, one in seat.answers.items()},
        **{f"right.{name}": one.right for name, one in seat.answers.items()},
    }


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return _harmless(value) if isinstance(value, str) else str(value)


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe makes it text."""
    return _FORMULA.sub(r"'\g<0>", text)
