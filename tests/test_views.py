from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.display.card import Card, Row
from warmbook.units import duration, size


@dataclass(frozen=True, repr=False)
class Example(Card):
    text: str

    def title(self):
        return self.text

    def rows(self):
        return (Row(self.text, self.text, "ok"), Row("b", "c", "bad"))


def test_a_card_reads_as_text():
    assert repr(Example("a")) == "✗ a\n  ✔ a: a\n  ✗ b: c"


@given(st.text())
def test_no_text_becomes_markup(text):
    html = Example(f"<script>{text}", command=f"echo <b>{text}")._repr_html_()
    assert "<script>" not in html
    assert "<b>" + text not in html or not text


def test_the_command_is_folded_letter_by_letter():
    html = Example("a", command="gcloud x \\\n  --y='1 & 2'")._repr_html_()
    assert "gcloud x \\\n  --y=&#x27;1 &amp; 2&#x27;</pre>" in html


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (269_000_000, "256.5 MiB"), (15 * 2**30, "15.0 GiB")],
)
def test_sizes_read_in_binary_units(size_bytes, text):
    assert size(size_bytes) == text


@pytest.mark.parametrize(("seconds", "text"), [(4.24, "4.2 s"), (48, "48 s"), (303, "5 min 03 s")])
def test_times_read_as_people_say_them(seconds, text):
    assert duration(seconds) == text
