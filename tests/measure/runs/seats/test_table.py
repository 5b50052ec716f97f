import csv
import io

import pytest

from warmbook.measure.runs.seats.search import seats
from warmbook.measure.runs.seats.table import table

from ....documents import page
from ..test_html import ANSWER, ROUND
from .test_seat_records import put


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_there_is_a_row_for_each_seat_and_every_column_is_described(tmp_path):
    put(
        tmp_path / "ana", id="1", answers=[{**ANSWER, "right": True}], gym=[{**ROUND, "done": True}]
    )
    put(tmp_path / "bo", id="2")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_bytes(b"{")
    content = table(seats([tmp_path]))
    ana, bo, broken = rows(content)
    assert content.startswith(b"\xef\xbb\xbfseat,account,")
    assert (ana["seat"], ana["ready_s"], ana["stream_gib_s"]) == ("ana", "3", "0.5")
    assert (ana["gym_points"], ana["answer.03-load-time"]) == ("0.5", "9 s")
    assert (ana["right.03-load-time"], ana["status.07_streaming"]) == ("yes", "passed")
    assert (bo["gym_points"], bo["answers"], bo["right.03-load-time"]) == ("", "0", "")
    assert broken["problems"] and not broken["ready_s"]
    described = page("docs/class-report.md")
    for column in ana:
        name = column.split(".")[0] + "." if "." in column else column
        assert f"`{name}" in described, column


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_would_be_a_formula_becomes_text(tmp_path, text):
    put(tmp_path / "a", account=text, answers=[{**ANSWER, "exercise": text, "answer": text}])
    (row,) = rows(table(seats([tmp_path])))
    assert row["account"] == f"'{text}"
    (column,) = (name for name in row if name.startswith("answer."))
    assert row[column] == f"'{text}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a;=1", "a;'=1"),
        ('a; "@b', "a;' \"@b"),
        ("two\n+1", "two\n'+1"),
        ("a;\t=1", "a;\t'=1"),
    ],
)
def test_a_formula_behind_a_semicolon_or_a_line_becomes_text(tmp_path, text, written):
    put(tmp_path / "a", account=text)
    (row,) = rows(table(seats([tmp_path])))
    assert row["account"] == written


@pytest.mark.parametrize("text", ['say "9 s", or', "two\nlines", "así;", "a'b", "5 - 3"])
def test_any_other_text_is_read_back_as_it_was(tmp_path, text):
    put(tmp_path / "a", account=text)
    (row,) = rows(table(seats([tmp_path])))
    assert row["account"] == text
