"""The table that `kubectl get events` prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.doctor.saved.table import events, is_one, moment

WORD = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20)
MESSAGE = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
ROWS = st.lists(st.tuples(st.integers(1, 999), WORD, WORD, MESSAGE), max_size=6)


def table(rows):
    """Return rows of age in seconds, reason, Pod and message as kubectl aligns them."""
    cells = [("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE")]
    cells += [(f"{age}s", "Normal", reason, f"pod/{pod}", told) for age, reason, pod, told in rows]
    widths = [max(len(row[n]) for row in cells) + 3 for n in range(4)] + [0]
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
    )


@given(ROWS)
def test_each_row_is_an_event(rows):
    content = table(rows)
    assert is_one(content)
    assert [
        (one["reason"], one["involvedObject"]["name"], one["message"]) for one in events(content)
    ] == [(reason, pod, told) for _, reason, pod, told in rows]


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_what_is_older_was_earlier(one, other):
    assert (moment(f"{one}s") < moment(f"{other}s")) == (one > other)


@pytest.mark.parametrize(
    ("age", "same"), [("2m", "120s"), ("1h1s", "3601s"), ("2d (x9 over 3d)", "2d")]
)
def test_ages_are_read_as_kubectl_writes_them(age, same):
    assert moment(age) == moment(same)


@given(st.text(max_size=200))
def test_any_text_is_read_or_left(content):
    assert list(events(content)) == [] or is_one(content)
    for one in events(f"LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n{content}"):
        assert isinstance(one["message"], str)
    assert isinstance(moment(content), str)
