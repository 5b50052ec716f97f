import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.terminal import INSTEAD, one_line, printable, show


@pytest.mark.parametrize(
    "steering",
    [
        *("\x1b", "\x07", "\x08", "\r", "\0", "\x7f", "\x9b", "\x9d", "\x85"),
        *("\u202e", "\u2066", "\u200f", "\u061c", "\ufeff", "\u2028", "\u2029", "\ud800"),
    ],
)
def test_what_steers_a_terminal_is_replaced(steering):
    assert printable(f"a{steering}b") == f"a{INSTEAD}b"


@pytest.mark.parametrize(
    "text", ["añil 模型 🙂", "a\n\tb", "👩\u200d🔧", "क\u200dष", "e\u0301", "a\u00a0b"]
)
def test_what_people_write_stays(text):
    assert printable(text) == text


@given(st.text() | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]))
def test_what_is_shown_can_be_written_and_stays_where_it_is(text):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    show(text, stream)
    written = stream.buffer.getvalue().decode()
    assert not set(written) & set("\x1b\r\x9b\u202e")
    assert len(one_line(text).splitlines()) <= 1
    assert printable(written) == written
